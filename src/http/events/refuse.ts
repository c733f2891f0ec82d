import { STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { type Failure, statusOf } from "../api/envelope.ts"
import { refusalBody, refusalFields } from "../api/refuseRequest.ts"

/** Answers a request for a WebSocket with a refusal, in the envelope, and ends the connection. `headers`: what the answer is to say besides. */
export const refuseSocket = (socket: Duplex, failure: Failure, headers: Readonly<Record<string, string>>): void => {
  const body = refusalBody(failure)
  const status = statusOf(failure)
  const fields = { ...headers, ...refusalFields(failure, body), Connection: "close" }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy())
}
