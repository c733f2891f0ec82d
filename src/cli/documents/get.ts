import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { jsonText } from "../format.ts"
import { atVersion, given, json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { collection, id } from "./place.ts"

export const get = verb(
  "get",
  {
    summary: "Show a document.",
    details: ["Its data as JSON. With --json, the data with its size, version and times."],
    examples: ["fazt documents get hello posts p1", "fazt documents get hello posts p1 --at 3"],
  },
  { site, collection, id, version: atVersion("documents history"), json, ...serverOptions },
  ({ site, collection, id, version, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        api.documents.get({ path: { site: segment(site) }, urlParams: { collection, id, ...given("version", version) } }),
        ({ data }) => answer(json, data, ({ columns }) => jsonText(data.data, columns === undefined ? 0 : 2)),
      ),
    ),
)
