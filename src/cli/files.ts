import * as Effect from "effect/Effect"
import { segment, withServer } from "./connection.ts"
import { ago, bytes } from "./format.ts"
import { json, serverOptions, site } from "./options.ts"
import { answer } from "./output.ts"
import { table } from "./table.ts"
import { verb } from "./verb.ts"

const columns = [
  { title: "PATH" },
  { title: "SIZE", align: "right" },
  { title: "TYPE" },
  { title: "SHA-256" },
  { title: "UPDATED" },
] as const

export const files = verb(
  "files",
  { summary: "List the files of a site's live deploy.", examples: ["fazt files hello", "fazt files hello --json"] },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.files.list({ path: { site: segment(site) }, urlParams: { prefix: "", limit: 10_000, offset: 0 } }), ({ data }) =>
        answer(json, data, (look, now) => {
          if (data.length === 0) return `${site} has no files.`
          const rows = data.map(({ path, size, type, hash, updated_at }) => [
            path,
            bytes(size),
            type,
            { text: hash.slice(0, 12), paint: look.paint.dim },
            ago(Date.parse(updated_at), now),
          ])
          return table(columns, rows, look)
        }),
      ),
    ),
)
