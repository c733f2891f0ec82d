import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "../connection.ts"
import { ago, bytes } from "../format.ts"
import { cursor, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { shellWord } from "../shellWord.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"

const prefix = Args.text({ name: "prefix" }).pipe(Args.withDescription("Only objects whose paths begin so."), Args.optional)

const columns = [
  { title: "PATH" },
  { title: "SIZE", align: "right" },
  { title: "TYPE" },
  { title: "SHA-256" },
  { title: "VERSION", align: "right" },
  { title: "UPDATED" },
] as const

export const list = verb(
  "list",
  {
    summary: "List the objects of a site.",
    examples: ["fazt objects list hello", "fazt objects list hello img/ --json | jq -r '.data[].path'"],
  },
  { site, prefix, limit: limit(100, 1000), cursor: cursor("path"), json, ...serverOptions },
  ({ site, prefix, limit, cursor, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.objects.list({
          path: { site: segment(site) },
          urlParams: { prefix: Option.getOrElse(prefix, () => ""), limit, ...given("cursor", cursor) },
        }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `${site} has no such objects.`
            const rows = data.map(({ path, size_bytes, type, hash, version, updated_at }) => [
              { text: path, paint: look.paint.bold },
              bytes(size_bytes),
              type,
              { text: hash.slice(0, 12), paint: look.paint.dim },
              String(version),
              ago(Date.parse(updated_at), now),
            ])
            const more = meta.next === null ? "" : `\n${look.paint.dim(`more: --cursor ${shellWord(meta.next)}`)}`
            return table(columns, rows, look) + more
          }),
      ),
    ),
)
