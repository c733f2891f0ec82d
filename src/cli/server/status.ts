import * as Effect from "effect/Effect"
import type { Status } from "../../http/api/contract/server.ts"
import { withServer } from "../connection.ts"
import { bytes, counted, duration, grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, pairs } from "../table.ts"
import { verb } from "../verb.ts"

export const status = verb(
  "status",
  { summary: "Show how a server is.", examples: ["fazt server status", "fazt server status --to prod --json"] },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.server.status({}), ({ data }) => answer(json, data, (look) => renderStatus(data, look))),
    ),
)

const renderStatus = (status: Status, look: Look): string => {
  const { paint } = look
  const health = status.status === "healthy" ? paint.green : paint.red
  return pairs(
    [
      ["Status", { text: status.read_only === null ? status.status : `read-only: ${status.read_only}`, paint: health }],
      ["Version", status.version],
      ["Domain", status.domain],
      ["Port", status.port === null ? "none: no server runs, this command opened the cartridge" : String(status.port)],
      ["Uptime", duration(status.uptime_seconds * 1000)],
      ["Sites", grouped(status.sites)],
      ["Events", grouped(status.head.seq)],
      ["Head", `${status.head.seq}:${status.head.hash}`],
      ["Cartridge", `${status.database.path} (${bytes(status.database.size_bytes)})`],
      ["Memory", bytes(status.memory_bytes)],
      ["Server code", codeLine(status.functions)],
      ["WebSockets", grouped(status.sockets)],
    ],
    look,
  )
}

const codeLine = ({ runs, killed, conflicts }: Status["functions"]): string =>
  `${counted(runs, "run")}, ${grouped(conflicts)} begun again after a conflict, ${counted(killed, "hung thread")} replaced`
