import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { ago } from "../format.ts"
import { cursor, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { shellWord } from "../shellWord.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"
import { collection } from "./place.ts"

const query = Options.text("query").pipe(
  Options.withPseudoName("json"),
  Options.withDescription("Only documents that match, in the language of ds.find."),
  Options.optional,
)

const columns = [{ title: "ID" }, { title: "VERSION", align: "right" }, { title: "UPDATED" }, { title: "DATA" }] as const

export const list = verb(
  "list",
  {
    summary: "List the documents of a collection, newest first.",
    examples: ["fazt documents list hello posts", `fazt documents list hello posts --query '{"author":"Ann"}' --json`],
  },
  { site, collection, query, limit: limit(100, 1000), cursor: cursor("cursor"), json, ...serverOptions },
  ({ site, collection, query, limit, cursor, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.documents.list({
          path: { site: segment(site) },
          urlParams: { collection, limit, ...given("query", query), ...given("cursor", cursor) },
        }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            const more = meta.next === null ? "" : look.paint.dim(`more: --cursor ${shellWord(meta.next)}`)
            // One answer looks at so much only: there may be more although nothing was found.
            if (data.length === 0) return more === "" ? `${collection} of ${site} has no such documents.` : `nothing so far\n${more}`
            const rows = data.map(({ id, version, updated_at, data }) => [
              { text: id, paint: look.paint.bold },
              String(version),
              ago(Date.parse(updated_at), now),
              JSON.stringify(data),
            ])
            return [table(columns, rows, look), more].filter((part) => part !== "").join("\n")
          }),
      ),
    ),
)
