import * as Effect from "effect/Effect"
import { confirmed } from "./confirmed.ts"
import { segment, withServer } from "./connection.ts"
import { json, serverOptions, site, yes } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

export const deleteSite = verb(
  "delete",
  {
    summary: "Stop serving a site.",
    details: ["Its history stays: `fazt undelete` brings it back."],
    examples: ["fazt delete hello", "fazt delete hello --yes"],
  },
  { site, yes, json, ...serverOptions },
  ({ site, yes, json, ...options }) =>
    Effect.gen(function* () {
      if (!yes) yield* confirmed(`Stop serving ${site}?`)
      yield* withServer(options, ({ api }) =>
        Effect.flatMap(api.sites.delete({ path: { site: segment(site) } }), ({ data }) =>
          answer(
            json,
            { site, ...data },
            ({ paint }) => `${paint.green("✓")} ${site} is deleted. Bring it back with: fazt undelete ${site}`,
          ),
        ),
      )
    }),
)
