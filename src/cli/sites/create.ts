import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"

export const create = verb(
  "create",
  {
    summary: "Make a site that has no deploy yet.",
    details: ["`fazt deploy` makes the site too. Beforehand it can be given variables and data that its code needs."],
    examples: ["fazt sites create shop"],
  },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.sites.create({ payload: { site } }), ({ data }) =>
        answer(
          json,
          data,
          ({ paint }) => `${paint.green("✓")} ${data.site} is there: publish it with fazt deploy <folder> --name ${data.site}`,
        ),
      ),
    ),
)
