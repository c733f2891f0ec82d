import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { counted, duration, grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"

export const health = verb(
  "health",
  {
    summary: "Show what a server is busy with.",
    details: ["`fazt server status` shows what it is and what it has."],
    examples: ["fazt server health", "fazt server health --to prod --json"],
  },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.system.health({}), ({ data }) =>
        answer(json, data, (look) => {
          const { paint } = look
          const { memory, database, runtime } = data
          return pairs(
            [
              ["Status", { text: data.status.replaceAll("_", " "), paint: data.status === "healthy" ? paint.green : paint.red }],
              ["Version", data.version],
              ["Uptime", duration(data.uptime_seconds * 1000)],
              [
                "Memory",
                `${grouped(memory.used_mb)} of ${grouped(memory.limit_mb)} MiB, ${grouped(memory.vfs_cache_mb)} MiB of them files`,
              ],
              ["Requests", `${grouped(runtime.requests_in_flight)} in flight`],
              ["Writer", `${counted(runtime.queued_events, "request")} waiting`],
              ["Reader", `${counted(runtime.queries_waiting, "query").replace(/querys$/, "queries")} waiting`],
              ["Server code", `${counted(runtime.functions_waiting, "request")} waiting, ${counted(runtime.sandbox_threads, "thread")}`],
              ["WebSockets", grouped(runtime.sockets)],
              ["Cartridge", `${database.path}, open ${grouped(database.open_connections)} times, ${grouped(database.in_use)} in use`],
              ["Head", `${data.head.seq}:${data.head.hash}`],
            ],
            look,
          )
        }),
      ),
    ),
)
