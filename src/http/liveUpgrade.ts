import { type IncomingMessage, STATUS_CODES } from "node:http"
import { isIPv6 } from "node:net"
import type { Duplex } from "node:stream"

/** Whether a request asks for a WebSocket, at one of the two addresses where there are any: `/_ws` and, as in Fazt 0.8, `/ws`. */
export const wantsSocket = ({ url = "", headers }: IncomingMessage): boolean => {
  if (headers.upgrade?.toLowerCase() !== "websocket") return false
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "")
  return /^\/_?ws(\?|$)/.test(path)
}

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

/** Whom a limit on sockets counts for: an IPv4 address, or an IPv6 network of 64 bits. Nobody for this machine, as proxies are. */
export const addressKey = (address: string | undefined): string | undefined => {
  if (address === undefined) return undefined
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4.startsWith("127.") ? undefined : v4
  if (!isIPv6(address) || address === "::1") return undefined
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::")
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right]
  return groups.slice(0, 4).join(":")
}

/** Answers a request for a WebSocket with an ordinary response, and ends the connection. */
export const refuseUpgrade = (socket: Duplex, status: number, reason: string): void => {
  const body = `${status} ${reason}\n`
  socket.on("error", () => {})
  const retry = status === 503 || status === 429 ? "Retry-After: 5\r\n" : ""
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n${retry}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
