import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { bytes, grouped } from "../format.ts"
import { cursor, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { shellWord } from "../shellWord.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"

const columns = [
  { title: "COLLECTION" },
  { title: "DOCUMENTS", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "INDEXES" },
] as const

export const collections = verb(
  "collections",
  { summary: "List the collections of a site.", examples: ["fazt documents collections hello"] },
  { site, limit: limit(100, 1000), cursor: cursor("collection"), json, ...serverOptions },
  ({ site, limit, cursor, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.documents.collections({ path: { site: segment(site) }, urlParams: { limit, ...given("cursor", cursor) } }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look) => {
            if (data.length === 0) return `${site} has no documents${cursor._tag === "Some" ? " after that" : ""}.`
            const rows = data.map(({ collection, documents, size_bytes, indexes }) => [
              { text: collection, paint: look.paint.bold },
              grouped(documents),
              bytes(size_bytes),
              indexes.join(", "),
            ])
            const more = meta.next === null ? "" : `\n${look.paint.dim(`more: --cursor ${shellWord(meta.next)}`)}`
            return table(columns, rows, look) + more
          }),
      ),
    ),
)
