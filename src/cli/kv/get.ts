import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { printableLines } from "../format.ts"
import { atVersion, given, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { key } from "./key.ts"
import { textOfValue } from "./value.ts"

export const get = verb(
  "get",
  {
    summary: "Show the value of a key.",
    details: ["Text is printed as it is, anything else as JSON. With --json, the value with its size, version and expiry."],
    examples: ["fazt kv get hello visits", "fazt kv get hello user/7 --at 3", "fazt kv get hello settings > settings.json"],
  },
  { site, key, version: atVersion("kv history"), json, ...serverOptions },
  ({ site, key, version, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.kv.get({ path: { site: segment(site) }, urlParams: { key, ...given("version", version) } }), ({ data }) =>
        answer(json, data, ({ columns }) => {
          const text = textOfValue(data.value, columns === undefined ? 0 : 2)
          return columns === undefined ? text : printableLines(text)
        }),
      ),
    ),
)
