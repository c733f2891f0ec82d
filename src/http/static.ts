import { randomBytes } from "node:crypto"
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http"
import { chunkBytes, type Encoding, encodings } from "../events/blobs.ts"
import type { BlobCache, Variants } from "./blobCache.ts"
import { httpDate, ifMatch, isNotModified, parseHttpDate } from "./conditional.ts"
import { isCompressible } from "./contentType.ts"
import { negotiateEncoding } from "./encoding.ts"
import { type ByteRange, contentRange, ifRangeAllows, multipartByteranges, parseRange } from "./ranges.ts"
import { cachingOf, type Resolution, resolve } from "./resolve.ts"
import { matchHeaders } from "./rules/headers.ts"
import type { SiteFile, SiteSnapshot } from "./site.ts"
import type { UrlPath } from "./urlPath.ts"

type Form = Encoding | "identity"

/** Everything about serving one path of one snapshot that no request changes. */
interface Plan {
  readonly status: number
  readonly file: SiteFile
  readonly variants: Variants | undefined
  /** Complete headers of each form in which the file has been served. */
  readonly headers: Map<Form, OutgoingHttpHeaders>
  readonly base: OutgoingHttpHeaders
}

/** Plans of a snapshot that are remembered, and the longest path that they are remembered by. */
const maxPlans = 4096
const longestKey = 256

const etagOf = (hash: string, form: Form): string => (form === "identity" ? `"${hash}"` : `"${hash}-${form}"`)

const planFor = (
  snapshot: SiteSnapshot,
  urlPath: string,
  { status, path, file }: Resolution & { readonly kind: "file" },
  cache: BlobCache,
): Plan => {
  const compressible = isCompressible(file.type)
  const vary = compressible ? ["Accept-Encoding", ...snapshot.varyOn] : snapshot.varyOn
  const base: OutgoingHttpHeaders = {
    "content-type": file.type,
    "cache-control": cachingOf(status, path),
    "last-modified": httpDate(file.modified),
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
  }
  if (status === 200) base["accept-ranges"] = "bytes"
  if (vary.length > 0) base["vary"] = vary.join(", ")
  for (const [name, value] of snapshot.headers === undefined ? [] : matchHeaders(snapshot.headers, urlPath)) {
    const before = base[name]
    base[name] = name === "set-cookie" ? [...(Array.isArray(before) ? before : []), value] : value
  }
  if (snapshot.preview) base["x-robots-tag"] = "noindex"
  return { status, file, variants: compressible ? cache.variants(file.hash) : undefined, headers: new Map(), base }
}

const headersFor = (plan: Plan, form: Form, length: number): OutgoingHttpHeaders => {
  const known = plan.headers.get(form)
  if (known !== undefined) return known
  const headers: OutgoingHttpHeaders = { ...plan.base, "content-length": length, etag: etagOf(plan.file.hash, form) }
  if (form !== "identity") headers["content-encoding"] = form
  plan.headers.set(form, headers)
  return headers
}

const rulesDependOnMore = (snapshot: SiteSnapshot): boolean => snapshot.redirects !== undefined

/** Works out what a request leads to. Without redirect rules that depends on the path alone, and is remembered. */
const planned = (
  snapshot: SiteSnapshot,
  req: IncomingMessage,
  url: UrlPath & { readonly ok: true },
  cache: BlobCache,
): Plan | Resolution => {
  const plans = snapshot.plans as Map<string, Plan>
  const remembered = rulesDependOnMore(snapshot) ? undefined : plans.get(url.path)
  if (remembered !== undefined) return remembered
  const resolution = resolve(snapshot, {
    path: url.path,
    query: url.query,
    acceptLanguage: req.headers["accept-language"],
    cookie: req.headers.cookie,
  })
  if (resolution.kind !== "file") return resolution
  // A 404 page can be reached by any number of paths.
  const key = resolution.status === 200 ? planKey(snapshot, url.path, resolution.path) : undefined
  const known = key === undefined ? undefined : plans.get(key)
  if (known !== undefined) return known
  const plan = planFor(snapshot, url.path, resolution, cache)
  if (key === undefined) return plan
  if (plans.size >= maxPlans) plans.clear()
  plans.set(key, plan)
  return plan
}

/** What a plan is remembered by: never any path that rules or the app's fallback lead on to the file, for there is no end of those. */
const planKey = (snapshot: SiteSnapshot, asked: string, path: string): string | undefined => {
  const isNamed = asked.length <= longestKey && path.startsWith(asked.slice(1))
  if (isNamed && !rulesDependOnMore(snapshot)) return asked
  // Without header rules the plan depends on the file alone, whose path begins with no slash.
  if (snapshot.headers === undefined) return path
  return isNamed ? `${asked} ${path}` : undefined
}

/** Whether the site's own code has to answer, since no file does. */
export type Served = "served" | "function"

/**
 * Serves one request from one snapshot. As a `stand-in` for a site that is not there, its pages have status 404 and its front
 * page answers for every path that names no file of its own.
 */
export const serveStatic = (
  req: IncomingMessage,
  res: ServerResponse,
  url: UrlPath & { readonly ok: true },
  snapshot: SiteSnapshot,
  cache: BlobCache,
  role: "itself" | "stand-in" = "itself",
): Served => {
  if (req.method !== "GET" && req.method !== "HEAD") {
    refuseMethod(req, res)
    return "served"
  }
  const target = role === "itself" ? planned(snapshot, req, url, cache) : standIn(snapshot, url, cache)
  if (!("kind" in target)) {
    serveFile(req, res, target, cache)
    return "served"
  }
  if (target.kind === "function") return "function"
  if (snapshot.preview) res.setHeader("x-robots-tag", "noindex")
  if (snapshot.varyOn.length > 0) res.setHeader("vary", snapshot.varyOn.join(", "))
  if (target.kind === "redirect") redirect(req, res, target.status, target.location)
  else if (target.kind === "none") plainPage(req, res, 404, "404 page not found")
  return "served"
}

const standIn = (snapshot: SiteSnapshot, url: UrlPath & { readonly ok: true }, cache: BlobCache): Plan | Resolution => {
  const request = { path: url.path, query: url.query, acceptLanguage: undefined, cookie: undefined }
  const own = resolve(snapshot, request)
  if (own.kind === "file" && own.status === 200 && !own.path.endsWith(".html")) return planFor(snapshot, url.path, own, cache)
  const plans = snapshot.plans as Map<string, Plan>
  const known = plans.get(frontOfStandIn)
  if (known !== undefined) return known
  const page = resolve(snapshot, { ...request, path: "/" })
  if (page.kind !== "file") return page
  const plan = planFor(snapshot, "/", { ...page, status: 404 }, cache)
  plans.set(frontOfStandIn, plan)
  return plan
}

/** What the plan of the page for unknown sites is remembered by; no path has a NUL in it. */
const frontOfStandIn = "\0front"

const serveFile = (req: IncomingMessage, res: ServerResponse, plan: Plan, cache: BlobCache): void => {
  const { file, status } = plan
  const ranged = status === 200 && req.headers.range !== undefined && req.method === "GET"
  const available = ranged ? [] : (plan.variants?.available ?? [])
  const chosen = available.length === 0 ? "identity" : negotiateEncoding(req.headers["accept-encoding"], available)
  const body = chosen === "none" || chosen === "identity" ? undefined : cache.variant(file.hash, chosen)
  // Precompressed forms are derived: should one be gone, the file itself is still there.
  const form: Form = body === undefined ? "identity" : (chosen as Encoding)
  if (status === 200) {
    if (hasChanged(req, file)) return plainPage(req, res, 412, "412 the file has changed")
    if (hasCondition(req) && isNotModified(req.headers, allEtags(file.hash), file.modified)) {
      const all = headersFor(plan, form, body?.byteLength ?? file.size)
      const { "content-length": _, "content-encoding": __, ...rest } = all
      res.writeHead(304, rest).end()
      return
    }
  }
  if (ranged && serveRanges(req, res, plan, cache)) return
  if (body !== undefined) {
    res.writeHead(status, headersFor(plan, form, body.byteLength))
    if (req.method === "HEAD") res.end()
    else res.end(body)
    return
  }
  const headers = headersFor(plan, "identity", file.size)
  if (req.method === "HEAD") res.writeHead(status, headers).end()
  else if (file.size > chunkBytes) stream(res.writeHead(status, headers), sliceOf(file, { start: 0, end: file.size - 1 }, cache))
  else {
    const bytes = cache.whole(file.hash)
    if (bytes === undefined) throw new Error(`The cartridge lacks the bytes of blob ${file.hash}.`)
    res.writeHead(status, headers).end(bytes)
  }
}

/** Sends a stored object for server code, which has decided on the status and the headers. */
export const serveObject = (
  req: IncomingMessage,
  res: ServerResponse,
  { hash, size, type }: { readonly hash: string; readonly size: number; readonly type: string },
  status: number,
  headers: OutgoingHttpHeaders,
  cache: BlobCache,
): void => {
  const ranges = status === 200 ? { "accept-ranges": "bytes" } : {}
  const base = { "content-type": type, "x-content-type-options": "nosniff", ...ranges, ...headers }
  // Which object this is can change at any time: copies are told apart by their hash, and no date is before or after it.
  const file = { hash, size, type, modified: Number.NaN }
  serveFile(req, res, { status, file, variants: undefined, headers: new Map(), base }, cache)
}

/** RFC 9110, 13.1.1 and 13.1.4: the client wants the file only as it was. */
const hasChanged = (req: IncomingMessage, file: SiteFile): boolean => {
  const tags = req.headers["if-match"]
  if (tags !== undefined) return !ifMatch(tags, allEtags(file.hash))
  const date = req.headers["if-unmodified-since"]
  const since = date === undefined ? undefined : parseHttpDate(date)
  return since !== undefined && Math.floor(file.modified / 1000) * 1000 > since
}

const hasCondition = (req: IncomingMessage): boolean =>
  req.headers["if-none-match"] !== undefined || req.headers["if-modified-since"] !== undefined

/** A client may hold any form of the file. */
const allEtags = (hash: string): ReadonlyArray<string> => [etagOf(hash, "identity"), ...encodings.map((encoding) => etagOf(hash, encoding))]

/** RFC 9110, 14. Ranges are of the file's own bytes, never of a compressed form. False: send all of it. */
const serveRanges = (req: IncomingMessage, res: ServerResponse, plan: Plan, cache: BlobCache): boolean => {
  const { file } = plan
  if (!ifRangeAllows(req.headers["if-range"] as string | undefined, etagOf(file.hash, "identity"), file.modified)) return false
  const ranges = parseRange(req.headers.range!, file.size)
  if (ranges === "ignore") return false
  const headers = { ...headersFor(plan, "identity", file.size) }
  if (ranges === "unsatisfiable") {
    // A cache that does not look at Range must not keep this as what the address answers.
    const refusal = { "content-range": `bytes */${file.size}`, "content-length": 0, "cache-control": "no-store" }
    res.writeHead(416, { ...headers, ...refusal }).end()
    return true
  }
  const [first, ...more] = ranges
  if (first !== undefined && more.length === 0) {
    res.writeHead(206, { ...headers, "content-range": contentRange(first, file.size), "content-length": first.end - first.start + 1 })
    stream(res, sliceOf(file, first, cache))
    return true
  }
  const multipart = multipartByteranges(ranges, file.size, String(headers["content-type"]), randomBytes(12).toString("hex"))
  res.writeHead(206, { ...headers, "content-type": multipart.contentType, "content-length": multipart.length })
  stream(res, partsOf(file, multipart, cache))
  return true
}

function* partsOf(file: SiteFile, { parts, tail }: ReturnType<typeof multipartByteranges>, cache: BlobCache): Generator<Buffer> {
  for (const { head, range } of parts) {
    yield head
    yield* sliceOf(file, range, cache)
  }
  yield tail
}

/** The bytes of a range, piece by piece as they are stored. */
function* sliceOf(file: SiteFile, { start, end }: ByteRange, cache: BlobCache): Generator<Buffer> {
  for (let n = Math.floor(start / chunkBytes); n * chunkBytes <= end; n++) {
    const chunk = cache.chunk(file.hash, n)!
    const offset = n * chunkBytes
    yield chunk.subarray(Math.max(0, start - offset), Math.min(chunk.byteLength, end + 1 - offset))
  }
}

/** Writes as fast as the client reads, one piece in memory at a time. */
const stream = (res: ServerResponse, pieces: Generator<Buffer>): void => {
  const next = (): void => {
    for (;;) {
      if (res.destroyed) return
      const piece = pieces.next()
      if (piece.done === true) {
        res.end()
        return
      }
      if (!res.write(piece.value)) {
        res.once("drain", () => guarded(res, next))
        return
      }
    }
  }
  next()
}

/** What cannot be read fails its own request only: with 500, or by breaking off an answer that has begun. */
export const guarded = (res: ServerResponse, answer: () => void): void => {
  try {
    answer()
  } catch (error) {
    const { method, headers, url } = res.req
    console.error(`${method} ${headers.host} ${url} failed:`, error)
    if (res.headersSent) res.destroy()
    else plainPage(res.req, res, 500, "500 something went wrong on the server; its log says what")
  }
}

const redirect = (req: IncomingMessage, res: ServerResponse, status: number, location: string): void => {
  const body = `${status} ${location}\n`
  res.writeHead(status, {
    location,
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": status === 301 || status === 308 ? "public, max-age=300" : "no-cache",
    "x-content-type-options": "nosniff",
  })
  res.end(req.method === "HEAD" ? undefined : body)
}

export const plainPage = (req: IncomingMessage, res: ServerResponse, status: number, text: string): void => {
  const body = `${text}\n`
  res.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  })
  res.end(req.method === "HEAD" ? undefined : body)
}

const refuseMethod = (req: IncomingMessage, res: ServerResponse): void => {
  res.setHeader("allow", "GET, HEAD, OPTIONS")
  if (req.method === "OPTIONS") res.writeHead(204).end()
  else plainPage(req, res, 405, `405 method ${req.method} not allowed: this site is static`)
}
