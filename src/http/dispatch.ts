import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { BlobCache } from "./blobCache.ts"
import type { EdgeListener } from "./Edge.ts"
import type { FunctionServer } from "./functionServer.ts"
import type { Live } from "./live.ts"
import { refuseUpgrade } from "./liveUpgrade.ts"
import type { SiteSnapshot, SiteSnapshots } from "./site.ts"
import { guarded, plainPage, serveStatic } from "./static.ts"
import { encodeUrlPath, normalizeUrlPath, type UrlPath } from "./urlPath.ts"

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

/** The host asked for: where the request target is a whole URL, its own, whatever the Host header says (RFC 9112, 3.2.2). */
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
  /** Everything below `/api` on the admin's hosts. */
  readonly api: RequestListener
  /** Whether the cartridge can be read. */
  readonly isHealthy: () => boolean
  /** WebSockets, of the sites for which `hasServer` says that they have code which can send something. */
  readonly sockets?: { readonly live: Live; readonly hasServer: (snapshot: SiteSnapshot) => boolean }
}

/** The server's one request handler: host → place → answer. Plain functions; no Effect before the API. */
export const dispatcher = ({ domain, snapshots, cache, functions, api, isHealthy, sockets }: Dispatch): EdgeListener => {
  const places = new Map<string, Place>()

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
    if (snapshot === undefined) return plainPage(req, res, 404, "404 there is no site at this address")
    serveStatic(req, res, url, snapshot, cache, "stand-in")
  }

  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    if (namesTwoHosts(req)) return plainPage(req, res, 400, "400 the request has more than one Host header")
    const where = place(hostAsked(req))
    const url = normalizeUrlPath(req.url ?? "/")
    if (!url.ok) return plainPage(req, res, url.status, `${url.status} ${url.reason}`)
    if (where.kind !== "admin") return serveSite(req, res, url, where.kind === "site" ? where.name : undefined)
    if (url.path === "/api" || url.path.startsWith("/api/")) {
      // The API sees the path that was decided on.
      req.url = url.query === "" ? encodeUrlPath(url.path) : `${encodeUrlPath(url.path)}?${url.query}`
      return api(req, res)
    }
    if (url.path === "/health")
      return isHealthy() ? plainPage(req, res, 200, "OK") : plainPage(req, res, 503, "the cartridge cannot be read")
    serveSite(req, res, url, "root")
  }

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void => {
    try {
      if (namesTwoHosts(req)) return refuseUpgrade(socket, 400, "the request has more than one Host header")
      const where = place(hostAsked(req))
      const snapshot = where.kind === "unknown" ? undefined : snapshotOf(where.kind === "site" ? where.name : "root")
      if (snapshot === undefined || sockets?.hasServer(snapshot) !== true)
        return refuseUpgrade(socket, 404, "there is no site with server code at this address")
      sockets.live.upgrade(req, socket, head, snapshot.site)
    } catch (error) {
      console.error(`${req.headers.host} ${req.url} could not be upgraded:`, error)
      refuseUpgrade(socket, 500, "the WebSocket could not be opened")
    }
  }

  return Object.assign((req: IncomingMessage, res: ServerResponse) => guarded(res, () => answer(req, res)), {
    upgrade,
    stop: () => sockets?.live.close(),
  })
}
