import { isUtf8 } from "node:buffer"
import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { FunctionCall } from "../runtime/functions.ts"
import type { Client } from "./clientOf.ts"
import { encodeUrlPath, type UrlPath } from "./urlPath.ts"

/** Headers that belong to the connection, or that only the server itself may claim. */
const notPassedOn: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-real-ip",
])

const prefix = randomBytes(6).toString("base64url")
let count = 0

/** Names a request in logs and events. Short, since it is made for every request; unique for this run of the server. */
const newRequestId = (): string => `${prefix}-${(count++).toString(36)}`

/** The request as a URL and a list of headers, in the form that the sandbox takes. */
export const functionCall = (
  req: IncomingMessage,
  url: UrlPath & { readonly ok: true },
  host: string,
  body: Buffer | undefined,
  { address, scheme }: Client,
): FunctionCall => {
  const { rawHeaders } = req
  const headers: Array<string> = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!notPassedOn.has(name)) headers.push(name, rawHeaders[i + 1]!)
  }
  headers.push("x-forwarded-for", address, "x-forwarded-proto", scheme, "x-real-ip", address)
  const meta = `${req.method}\n${scheme}://${host}${pathAndQuery(req.url ?? "/", url)}\n${headers.join("\n")}`
  return {
    request: newRequestId(),
    meta,
    body: body === undefined || body.length === 0 ? undefined : asText(body),
    isGone: () => req.socket.destroyed,
  }
}

/** A path that two readers could take for different ones goes as the server has read it. */
const isAmbiguous = /\/\/|\/\.|%2e|\\|^[^/]/i

const pathAndQuery = (target: string, { path, query }: UrlPath & { readonly ok: true }): string => {
  const end = target.indexOf("?")
  const raw = end === -1 ? target : target.slice(0, end)
  if (!isAmbiguous.test(raw)) return target
  return query === "" ? encodeUrlPath(path) : `${encodeUrlPath(path)}?${query}`
}

/**
 * Text where the engine can take it as text; its strings cannot hold NUL on the way in. Other bytes not as a Buffer: with that, all of
 * the pool that it is cut from would be copied to the other thread.
 */
const asText = (body: Buffer): string | Uint8Array => (isUtf8(body) && !body.includes(0) ? body.toString("utf8") : new Uint8Array(body))

export type Body = { readonly ok: true; readonly body: Buffer | undefined } | { readonly ok: false; readonly status: 413 | 400 }

/** Reads a request's body, unless it is larger than `max` bytes. Calls back at once where there is none. */
export const readBody = (req: IncomingMessage, max: number, done: (body: Body) => void): void => {
  const { "content-length": length, "transfer-encoding": chunked } = req.headers
  if (chunked === undefined && (length === undefined || length === "0")) return done({ ok: true, body: undefined })
  if (Number(length ?? 0) > max) return done({ ok: false, status: 413 })
  const parts: Array<Buffer> = []
  let size = 0
  let isOver = false
  const finish = (body: Body): void => {
    if (isOver) return
    isOver = true
    done(body)
  }
  req.on("data", (part: Buffer) => {
    if (isOver) return
    size += part.length
    if (size > max) return finish({ ok: false, status: 413 })
    parts.push(part)
  })
  req.on("end", () => finish({ ok: true, body: Buffer.concat(parts, size) }))
  req.on("close", () => finish({ ok: false, status: 400 }))
}
