import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "../connection.ts"
import { bytes, printable } from "../format.ts"
import { parseTime } from "../lifetime.ts"
import { given, ifVersion, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { key } from "./key.ts"
import { ttl } from "./ttl.ts"
import { valueOfText } from "./value.ts"

const value = Args.text({ name: "value" }).pipe(Args.withDescription("The value: JSON, or else the text itself."))

export const set = verb(
  "set",
  {
    summary: "Set a key.",
    details: ["What is JSON is taken as JSON: `7` is a number, `'\"7\"'` a text. Earlier values stay in the key's history."],
    examples: [
      "fazt kv set hello visits 0",
      "fazt kv set hello settings '{\"open\":true}'",
      "fazt kv set hello banner 'Back soon' --ttl 2h",
    ],
  },
  { site, key, value, ttl, ifVersion, json, ...serverOptions },
  ({ site, key, value, ttl, ifVersion, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.kv.set({
          path: { site: segment(site) },
          urlParams: { key, ...given("if_version", ifVersion) },
          payload: {
            value: valueOfText(value),
            ...given(
              "ttl_ms",
              Option.map(ttl, (text) => parseTime(text)!),
            ),
          },
        }),
        ({ data }) =>
          answer(
            json,
            data,
            ({ paint }) => `${paint.green("✓")} ${printable(key)} of ${site} is set (${bytes(data.size_bytes)}, version ${data.version})`,
          ),
      ),
    ),
)
