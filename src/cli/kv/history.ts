import * as Effect from "effect/Effect"
import type { KvVersion } from "../../http/api/contract/kv.ts"
import { segment, withServer } from "../connection.ts"
import { bytes } from "../format.ts"
import { beforeVersion, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import type { Cell, Look } from "../table.ts"
import { verb } from "../verb.ts"
import { versionTable } from "../versions.ts"
import { key } from "./key.ts"
import { textOfValue } from "./value.ts"

export const history = verb(
  "history",
  {
    summary: "Show every value that a key has had, with who set it and when, newest first.",
    examples: ["fazt kv history hello visits", "fazt kv history hello visits -n 5 --json"],
  },
  { site, key, limit: limit(20, 1000), before: beforeVersion, json, ...serverOptions },
  ({ site, key, limit, before, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.kv.history({ path: { site: segment(site) }, urlParams: { key, limit, ...given("before", before) } }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `Nothing has happened to that key of ${site}${before._tag === "Some" ? " before that" : ""}.`
            return versionTable(data, "VALUE", (version) => valueCell(version, look), meta.next, look, now)
          }),
      ),
    ),
)

const valueCell = ({ kind, value, large, size_bytes }: KvVersion, { paint }: Look): Cell => {
  if (kind !== "set") return { text: kind, paint: paint.dim }
  if (large) return { text: `${bytes(size_bytes!)}: see it with fazt kv get --at`, paint: paint.dim }
  return textOfValue(value)
}
