import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"

/** Whether a request asks for a WebSocket. */
export const asksForSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === "websocket"

/** Whether it asks for one at one of the two addresses of a site where there are any: `/_ws` and, as in Fazt 0.8, `/ws`. */
export const wantsSocket = (req: IncomingMessage): boolean =>
  asksForSocket(req) && /^\/_?ws(\?|$)/.test((req.url ?? "").replace(/^https?:\/\/[^/?#]*/i, ""))

/**
 * Whether the page that opens the socket is of the site itself. Browsers send `Origin` with every WebSocket and let any page open
 * one anywhere; programs that are no browser need not send it.
 */
export const isOwnOrigin = ({ headers }: IncomingMessage): boolean => {
  const { origin, host } = headers
  if (origin === undefined) return true
  const from = URL.parse(origin)
  if (from === null || host === undefined) return false
  // Read as a URL of the same scheme, so that a default port and a dot at the end make no difference.
  const to = URL.parse(`${from.protocol}//${host}`)
  return to !== null && from.host !== "" && withoutDot(from) === withoutDot(to)
}

const withoutDot = ({ hostname, port }: URL): string => `${hostname.replace(/\.$/, "")}:${port}`

/** Answers a request for a WebSocket with an ordinary response, and ends the connection. */
export const refuseUpgrade = (socket: Duplex, status: number, reason: string, more: Readonly<Record<string, string>> = {}): void => {
  const body = `${status} ${reason}\n`
  socket.on("error", () => {})
  const retry = status === 503 || status === 429 ? "Retry-After: 5\r\n" : ""
  const fields = Object.entries(more).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n${fields.join("")}${retry}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
