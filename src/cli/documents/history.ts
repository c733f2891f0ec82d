import * as Effect from "effect/Effect"
import type { DocumentVersion } from "../../http/api/contract/documents.ts"
import { segment, withServer } from "../connection.ts"
import { beforeVersion, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import type { Cell, Look } from "../table.ts"
import { verb } from "../verb.ts"
import { versionTable } from "../versions.ts"
import { collection, id } from "./place.ts"

export const history = verb(
  "history",
  {
    summary: "Show everything that happened to a document, with who did it and when, newest first.",
    examples: ["fazt documents history hello posts p1", "fazt documents history hello posts p1 -n 5 --json"],
  },
  { site, collection, id, limit: limit(20, 1000), before: beforeVersion, json, ...serverOptions },
  ({ site, collection, id, limit, before, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.documents.history({ path: { site: segment(site) }, urlParams: { collection, id, limit, ...given("before", before) } }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `Nothing has happened to that document of ${site}${before._tag === "Some" ? " before that" : ""}.`
            return versionTable(data, "DATA", (version) => dataCell(version, look), meta.next, look, now)
          }),
      ),
    ),
)

const dataCell = ({ kind, data }: DocumentVersion, { paint }: Look): Cell =>
  kind === "set" ? JSON.stringify(data) : { text: kind, paint: paint.dim }
