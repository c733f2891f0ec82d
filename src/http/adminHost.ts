import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { adminHeaderFields, setAdminHeaders } from "./adminHeaders.ts"
import { type AdminPages, refusesMethod } from "./adminPages.ts"
import type { Client } from "./clientOf.ts"
import { refuseUpgrade } from "./liveUpgrade.ts"
import { plainPage } from "./static.ts"
import { encodeUrlPath, normalizeUrlPath, type UrlPath } from "./urlPath.ts"

export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface AdminHost {
  /** Answers what is below `/api` and `/auth`, and `/metrics`. It sees the path that was decided on. */
  readonly api: RequestListener
  /** Takes the WebSockets of `liveAddress`. */
  readonly apiUpgrade?: Upgrade
  readonly pages: AdminPages
  /** Whether the cartridge can be read. */
  readonly isHealthy: () => boolean
  readonly schemeOf: (req: IncomingMessage) => Client["scheme"]
}

/** Where events are told over a WebSocket as they happen. */
export const liveAddress = "/api/events/live"

/**
 * Answers what is asked on the hosts that belong to the server itself. No site is served there, whatever it is called: its pages and its
 * code would get the cookies of whoever is logged in.
 */
export const adminHost = ({ api, apiUpgrade, pages, isHealthy, schemeOf }: AdminHost) => {
  const answer = (req: IncomingMessage, res: ServerResponse, host: string | undefined): void => {
    setAdminHeaders(res, schemeOf(req))
    const url = normalizeUrlPath(req.url ?? "/")
    if (!url.ok) return refuse(req, res, url.status, url.reason)
    if (!hasPlainBody(req)) return refuse(req, res, 400, "the body has a transfer coding other than chunked")
    if (isForApi(url.path)) {
      meanWhatWasDecided(req, url, host)
      res.setHeader("cache-control", "no-store")
      return api(req, res)
    }
    if (url.path !== "/health") return pages(req, res, url.path)
    if (refusesMethod(req, res)) return
    if (isHealthy()) plainPage(req, res, 200, "OK")
    else plainPage(req, res, 503, "the cartridge cannot be read")
  }

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer, host: string | undefined): void => {
    const url = normalizeUrlPath(req.url ?? "/")
    if (!url.ok || url.path !== liveAddress || apiUpgrade === undefined)
      return refuseUpgrade(socket, 404, "there is no WebSocket at this address", adminHeaderFields(schemeOf(req)))
    meanWhatWasDecided(req, url, host)
    apiUpgrade(req, socket, head)
  }

  return { answer, upgrade }
}

const isForApi = (path: string): boolean => path === "/api" || path.startsWith("/api/") || path.startsWith("/auth/") || path === "/metrics"

/** Lets whoever comes next read the same path and the same host, where the request could be read in more than one way. */
const meanWhatWasDecided = (req: IncomingMessage, { path, query }: UrlPath & { readonly ok: true }, host: string | undefined): void => {
  // The framework's router takes what is behind a semicolon for a query.
  const target = encodeUrlPath(path).replaceAll(";", "%3B")
  req.url = query === "" ? target : `${target}?${query}`
  if (host !== undefined) req.headers.host = host
}

/** Node hands on a request whose body it cannot delimit, and finds out later (RFC 9112, 6.3). */
const hasPlainBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] === undefined || headers["transfer-encoding"].toLowerCase() === "chunked"

/** Refuses what cannot be read, in the form of the API where it was meant for that. */
const refuse = (req: IncomingMessage, res: ServerResponse, status: 400 | 414, reason: string): void => {
  if (!/^(?:https?:\/\/[^/?#]*)?\/+(?:api|auth)\b/i.test(req.url ?? "")) return plainPage(req, res, status, `${status} ${reason}`)
  const code = status === 414 ? "URI_TOO_LONG" : "BAD_REQUEST"
  const body = JSON.stringify({ error: { code, message: `The request cannot be read: ${reason}.` } })
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body), "cache-control": "no-store" })
  res.end(req.method === "HEAD" ? undefined : body)
}
