import * as Effect from "effect/Effect"
import { segment, withServer } from "./connection.ts"
import { json, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

export const undelete = verb(
  "undelete",
  { summary: "Serve a deleted site again, as it was.", examples: ["fazt undelete hello"] },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.sites.undelete({ path: { site: segment(site) } }), ({ data }) =>
        answer(json, data, ({ paint }) => `${paint.green("✓")} ${data.site} is back: ${data.url}`),
      ),
    ),
)
