import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KvKey } from "../../http/api/contract/kv.ts"
import { segment, withServer } from "../connection.ts"
import { ago, bytes, minute } from "../format.ts"
import { cursor, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { shellWord } from "../shellWord.ts"
import { type Look, table } from "../table.ts"
import { verb } from "../verb.ts"

const prefix = Args.text({ name: "prefix" }).pipe(Args.withDescription("Only keys that begin so."), Args.optional)

export const list = verb(
  "list",
  {
    summary: "List the keys of a site.",
    examples: ["fazt kv list hello", "fazt kv list hello user/", "fazt kv list hello --json | jq -r '.data[].key'"],
  },
  { site, prefix, limit: limit(100, 1000), cursor: cursor("key"), json, ...serverOptions },
  ({ site, prefix, limit, cursor, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.kv.list({
          path: { site: segment(site) },
          urlParams: { prefix: Option.getOrElse(prefix, () => ""), limit, ...given("cursor", cursor) },
        }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `${site} has no such keys.`
            const more = meta.next === null ? "" : `\n${look.paint.dim(`more: --cursor ${shellWord(meta.next)}`)}`
            return keyTable(data, look, now) + more
          }),
      ),
    ),
)

const columns = [
  { title: "KEY" },
  { title: "SIZE", align: "right" },
  { title: "VERSION", align: "right" },
  { title: "SET" },
  { title: "EXPIRES" },
] as const

const keyTable = (keys: ReadonlyArray<KvKey>, look: Look, now: number): string =>
  table(
    columns,
    keys.map(({ key, size_bytes, version, updated_at, expires_at }) => [
      { text: key, paint: look.paint.bold },
      bytes(size_bytes),
      String(version),
      ago(Date.parse(updated_at), now),
      expires_at === null ? "" : minute(Date.parse(expires_at)),
    ]),
    look,
  )
