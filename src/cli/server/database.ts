import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { bytes, grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"

export const database = verb(
  "db",
  { summary: "Show a server's cartridge: the file and what is in it.", examples: ["fazt server db", "fazt server db --json | jq .events"] },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.system.db({}), ({ data }) =>
        answer(json, data, (look) =>
          pairs(
            [
              ["Cartridge", data.path],
              ["Size", `${bytes(data.size_bytes)}, ${bytes(data.wal_bytes)} in its write-ahead log`],
              ["Pages", `${grouped(data.page_count)} of ${bytes(data.page_size)}, ${grouped(data.free_pages)} free`],
              ["Events", grouped(data.events)],
              ["Head", `${data.head.seq}:${data.head.hash}`],
              ["Blobs", `${grouped(data.blobs)}, ${bytes(data.blob_bytes)}`],
              ["SQLite", `${data.sqlite_version}, schema ${data.schema_version}`],
              ["Open", `${grouped(data.OpenConnections)} times, ${grouped(data.InUse)} in use`],
            ],
            look,
          ),
        ),
      ),
    ),
)
