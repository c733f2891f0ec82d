import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { setAdminHeaders } from "./adminHeaders.ts"
import { adminHost, type Upgrade } from "./adminHost.ts"
import type { AdminPages } from "./adminPages.ts"
import type { BlobCache } from "./blobCache.ts"
import { clientOf, noProxies } from "./clientOf.ts"
import type { EdgeListener } from "./Edge.ts"
import type { FunctionServer } from "./functionServer.ts"
import type { EdgeGuard } from "./limits/Limits.ts"
import type { Live } from "./live.ts"
import { asksForSocket, refuseUpgrade, wantsSocket } from "./liveUpgrade.ts"
import type { RequestMeter } from "./metrics/requests.ts"
import type { SiteSnapshot, SiteSnapshots } from "./site.ts"
import { guarded, plainPage, serveStatic } from "./static.ts"
import { normalizeUrlPath, type UrlPath } from "./urlPath.ts"

/** What a host name stands for. */
export type Place = { readonly kind: "admin" } | { readonly kind: "site"; readonly name: string } | { readonly kind: "unknown" }

const unknown: Place = { kind: "unknown" }
const admin: Place = { kind: "admin" }

/**
 * The host of a Host header: lower-case, without port and trailing dot. Nothing for what is no host: server code is given a URL with
 * this header in it, which must not lead anywhere else.
 */
const hostOf = (header: string): string => {
  const [, host = "", port = ""] = /^([a-z0-9._-]*)(?::(\d{0,5}))?$/.exec(header.toLowerCase()) ?? []
  if (Number(port) > 65_535) return ""
  return host.endsWith(".") ? host.slice(0, -1) : host
}

/** Host order: `localhost` and `admin.<domain>`, the domain itself, `*.localhost`, `*.127.0.0.1`, one label before the domain. */
export const placeOf = (header: string | undefined, domain: string): Place => {
  const host = hostOf(header ?? "")
  if (host === "localhost" || host === `admin.${domain}` || host === "admin.localhost") return admin
  if (host === domain) return { kind: "site", name: "root" }
  for (const suffix of [".localhost", ".127.0.0.1", `.${domain}`]) {
    if (!host.endsWith(suffix)) continue
    const name = host.slice(0, -suffix.length)
    return name === "" || name.includes(".") ? unknown : { kind: "site", name }
  }
  return unknown
}

/** Whether the site's code answers, whatever files there are. */
const isForCode = ({ method }: IncomingMessage, path: string, { server }: SiteSnapshot): boolean => {
  if (server === undefined) return false
  if (server.scope === "api") return path === "/api" || path.startsWith("/api/")
  return server.form === "legacy" || (method !== "GET" && method !== "HEAD")
}

const previewName = /^([a-z0-9]{10})--(.+)$/

/** Host headers whose place is remembered. */
const maxPlaces = 1000
/** A DNS name with a dot behind it and a port; what is longer names nothing here, and is not kept. */
const longestHost = 260

/** The host asked for: where the request target is a whole URL, its own, and the Host header does not count (RFC 9112, 3.2.2). */
const hostAsked = (req: IncomingMessage): string | undefined => {
  const [, authority] = req.url?.startsWith("/") === true ? [] : (/^https?:\/\/([^/?#]*)/i.exec(req.url ?? "") ?? [])
  return authority === undefined ? req.headers.host : authority.slice(authority.lastIndexOf("@") + 1)
}

/** Two readers of such a request could take it for two different sites: it is refused (RFC 9112, 3.2). */
const namesTwoHosts = ({ rawHeaders }: IncomingMessage): boolean => {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === "host") hosts++
  }
  return hosts > 1
}

export interface Dispatch {
  readonly domain: string
  readonly snapshots: SiteSnapshots
  readonly cache: BlobCache
  readonly functions: FunctionServer
  /** Everything below `/api` and `/auth` on the admin's hosts, and their `/metrics`. */
  readonly api: RequestListener
  /** WebSockets of the API. */
  readonly apiUpgrade?: Upgrade
  /** What else there is on the admin's hosts. */
  readonly pages: AdminPages
  /** Whether the cartridge can be read. */
  readonly isHealthy: () => boolean
  /** WebSockets, of the sites for which `hasServer` says that they have code which can send something. */
  readonly sockets?: { readonly live: Live; readonly hasServer: (snapshot: SiteSnapshot) => boolean }
  /** How much clients may ask; as much as they like, if it is not given. */
  readonly guard?: EdgeGuard
  /** Counts requests and connections. */
  readonly meter?: Pick<RequestMeter, "begins" | "connected">
}

/** The server's one request handler: host → place → answer. Plain functions; no Effect before the API. */
export const dispatcher = (options: Dispatch): EdgeListener => {
  const { domain, snapshots, cache, functions, sockets, guard, meter } = options
  const places = new Map<string, Place>()
  const schemeOf = (req: IncomingMessage) => clientOf(req, guard?.trusted() ?? noProxies).scheme
  const adminsHost = adminHost({ ...options, schemeOf })

  const place = (header: string | undefined): Place => {
    if (header === undefined || header.length > longestHost) return unknown
    const known = places.get(header)
    if (known !== undefined) return known
    const found = placeOf(header, domain)
    if (places.size >= maxPlaces) places.clear()
    places.set(header, found)
    return found
  }

  const snapshotOf = (name: string): SiteSnapshot | undefined => {
    const live = snapshots.live(name)
    if (live !== undefined) return live
    const preview = previewName.exec(name)
    return preview === null ? undefined : snapshots.deploy(preview[2]!, preview[1]!)
  }

  const serveSite = (req: IncomingMessage, res: ServerResponse, url: UrlPath & { readonly ok: true }, name: string | undefined): void => {
    const snapshot = name === undefined ? undefined : snapshotOf(name)
    if (snapshot === undefined) return serveUnknown(req, res, url)
    if (!isForCode(req, url.path, snapshot) && serveStatic(req, res, url, snapshot, cache) === "served") return
    functions(req, res, url, hostAsked(req) ?? "", snapshot)
  }

  /** An unknown site shows the site `404`, with its own files where they are asked for, and status 404 on every page. */
  const serveUnknown = (req: IncomingMessage, res: ServerResponse, url: UrlPath & { readonly ok: true }): void => {
    const snapshot = snapshots.live("404")
    // Its code is not asked: it would take the request for one of its own.
    if (snapshot === undefined || serveStatic(req, res, url, snapshot, cache, "stand-in") === "function")
      plainPage(req, res, 404, "404 there is no site at this address")
  }

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    if (guard?.requests.refuses(req) === true) return refuseClient(req, res)
    if (namesTwoHosts(req)) return plainPage(req, res, 400, "400 the request has more than one Host header")
    const host = hostAsked(req)
    const where = place(host)
    meter?.begins(where.kind, res)
    if (where.kind === "admin") return adminsHost.answer(req, res, host)
    const url = normalizeUrlPath(req.url ?? "/")
    if (!url.ok) return plainPage(req, res, url.status, `${url.status} ${url.reason}`)
    serveSite(req, res, url, where.kind === "site" ? where.name : undefined)
  }

  const refuseClient = (req: IncomingMessage, res: ServerResponse): void => {
    if (place(hostAsked(req)).kind === "admin") setAdminHeaders(res, schemeOf(req))
    res.setHeader("retry-after", "1")
    plainPage(req, res, 429, "429 too many requests from your address")
  }

  const openSocket = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (guard?.requests.refuses(req) === true) return refuseUpgrade(socket, 429, "too many requests from your address")
    if (namesTwoHosts(req)) return refuseUpgrade(socket, 400, "the request has more than one Host header")
    const host = hostAsked(req)
    const where = place(host)
    if (where.kind === "admin") return adminsHost.upgrade(req, socket, head, host)
    const snapshot = where.kind === "site" ? snapshotOf(where.name) : undefined
    if (snapshot === undefined || sockets?.hasServer(snapshot) !== true)
      return refuseUpgrade(socket, 404, "there is no site with server code at this address")
    sockets.live.upgrade(req, socket, head, snapshot.site)
  }

  const upgrade: Upgrade = (req, socket, head) => {
    try {
      openSocket(req, socket, head)
    } catch (error) {
      console.error(`${req.headers.host} ${req.url} could not be upgraded:`, error)
      refuseUpgrade(socket, 500, "the WebSocket could not be opened")
    }
  }

  return Object.assign((req: IncomingMessage, res: ServerResponse) => guarded(res, () => answer(req, res)), {
    upgrade,
    wantsUpgrade: (req: IncomingMessage): boolean => (place(hostAsked(req)).kind === "admin" ? asksForSocket(req) : wantsSocket(req)),
    stop: () => sockets?.live.close(),
    ...(guard === undefined ? {} : { guard }),
    ...(meter === undefined ? {} : { connected: meter.connected }),
  })
}
