import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { bytes, grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"

export const cache = verb(
  "cache",
  { summary: "Show the files that a server has in memory.", examples: ["fazt server cache"] },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.system.cache({}), ({ data }) =>
        answer(json, data, (look) =>
          pairs(
            [
              ["Files", grouped(data.CachedFiles)],
              ["Size", `${bytes(data.CacheSizeBytes)} of ${bytes(data.max_bytes)}`],
              ["Found there", grouped(data.hits)],
              ["Not there", grouped(data.misses)],
            ],
            look,
          ),
        ),
      ),
    ),
)
