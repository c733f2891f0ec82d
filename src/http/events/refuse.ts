import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import * as Schema from "effect/Schema"
import { adminHeaderFields } from "../adminHeaders.ts"
import { Failure, retryAfter, statusOf } from "../api/envelope.ts"

const encode = Schema.encodeSync(Failure)

/** A refusal as text, for a client that has its status already: `{"status", "error": {"code", "message", "details"?}}`. */
export const refusalText = (failure: Failure): string => JSON.stringify({ status: statusOf(failure), ...encode(failure) })

const fieldsOf = (failure: Failure, body: string): Record<string, string> => {
  const wait = retryAfter(failure)
  return {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Cache-Control": "no-store",
    ...(wait === undefined ? {} : { "Retry-After": String(wait) }),
    ...(failure.code === "METHOD_NOT_ALLOWED" ? { Allow: "GET" } : {}),
  }
}

/** Answers a request with a refusal, in the envelope. */
export const refuseRequest = (req: IncomingMessage, res: ServerResponse, failure: Failure): void => {
  const body = JSON.stringify(encode(failure))
  res.writeHead(statusOf(failure), fieldsOf(failure, body))
  res.end(req.method === "HEAD" ? undefined : body)
}

/** Answers a request for a WebSocket in the same way, and ends the connection. `headers`: what the answer is to say besides. */
export const refuseSocket = (socket: Duplex, failure: Failure, headers: Readonly<Record<string, string>>): void => {
  const body = JSON.stringify(encode(failure))
  const status = statusOf(failure)
  const fields = { ...adminHeaderFields("http"), ...headers, ...fieldsOf(failure, body), Connection: "close" }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy())
}
