import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { printable } from "../format.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { key } from "./key.ts"

export const deleteKey = verb(
  "delete",
  { summary: "Delete a key.", details: ["Its values stay in its history."], examples: ["fazt kv delete hello visits"] },
  { site, key, ifVersion, json, ...serverOptions },
  ({ site, key, ifVersion, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.kv.delete({ path: { site: segment(site) }, urlParams: { key, ...given("if_version", ifVersion) } }), ({ data }) =>
        answer(json, { site, key, ...data }, ({ paint }) => `${paint.green("✓")} ${printable(key)} of ${site} is deleted`),
      ),
    ),
)
