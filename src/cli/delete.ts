import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "./connection.ts"
import { failed, usageError } from "./errors.ts"
import { json, serverOptions, site, yes } from "./options.ts"
import { answer, Output } from "./output.ts"
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

const confirmed = (question: string) =>
  Effect.flatMap(Output, ({ confirm }) =>
    Option.match(confirm, {
      onNone: () => usageError("there is nobody to ask here: say --yes"),
      onSome: (ask) => Effect.flatMap(ask(question), (sure) => (sure ? Effect.void : failed("DECLINED", "nothing was done"))),
    }),
  )
