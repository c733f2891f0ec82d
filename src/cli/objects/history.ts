import * as Effect from "effect/Effect"
import type { ObjectVersion } from "../../http/api/contract/objects.ts"
import { segment, withServer } from "../connection.ts"
import { bytes } from "../format.ts"
import { beforeVersion, given, json, limit, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import type { Cell, Look } from "../table.ts"
import { verb } from "../verb.ts"
import { versionTable } from "../versions.ts"
import { path } from "./path.ts"

export const history = verb(
  "history",
  {
    summary: "Show everything that happened to an object, with who did it and when, newest first.",
    examples: ["fazt objects history hello img/cat.jpg", "fazt objects history hello img/cat.jpg -n 5 --json"],
  },
  { site, path, limit: limit(20, 1000), before: beforeVersion, json, ...serverOptions },
  ({ site, path, limit, before, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.objects.history({ path: { site: segment(site) }, urlParams: { path, limit, ...given("before", before) } }),
        ({ data, meta }) =>
          answer(json, { data, meta }, (look, now) => {
            if (data.length === 0) return `Nothing has happened to that object of ${site}${before._tag === "Some" ? " before that" : ""}.`
            return versionTable(data, "CONTENT", (version) => contentCell(version, look), meta.next, look, now)
          }),
      ),
    ),
)

const contentCell = ({ kind, size_bytes, type, hash }: ObjectVersion, { paint }: Look): Cell =>
  kind === "set" ? `${bytes(size_bytes ?? 0)} ${type} ${hash?.slice(0, 12)}` : { text: kind, paint: paint.dim }
