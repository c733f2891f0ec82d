import { cacheControlOf } from "./contentType.ts"
import { matchRedirect } from "./rules/redirects.ts"
import type { SiteFile, SiteSnapshot } from "./site.ts"
import { encodeUrlPath } from "./urlPath.ts"

/** What a path of a site leads to. */
export type Resolution =
  | { readonly kind: "file"; readonly status: number; readonly path: string; readonly file: SiteFile }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  /** No file: the site's own code answers. */
  | { readonly kind: "function" }
  | { readonly kind: "none" }

export interface PathRequest {
  /** Normalised: decoded, begins with one slash. */
  readonly path: string
  readonly query: string
  readonly acceptLanguage: string | undefined
  readonly cookie: string | undefined
}

/**
 * Server code, settings and hidden files are never served, whatever rule leads to them. `.well-known` is public by its purpose
 * (RFC 8615).
 */
const isPrivate = (snapshot: SiteSnapshot, path: string): boolean =>
  path.startsWith("api/") ||
  path.startsWith("private/") ||
  snapshot.serverFiles.has(path) ||
  path === "_redirects" ||
  path === "_headers" ||
  (path.includes(".") && hasHiddenSegment(path))

const hasHiddenSegment = (path: string): boolean =>
  path.split("/").some((segment, i) => segment.startsWith(".") && !(i === 0 && segment === ".well-known"))

const publicFile = (snapshot: SiteSnapshot, path: string): SiteFile | undefined => {
  const file = snapshot.files.get(path)
  return file === undefined || isPrivate(snapshot, path) ? undefined : file
}

/** The file that a URL path names: itself, `<path>.html`, or `<path>/index.html`. `path` without its first slash. */
const findFile = (snapshot: SiteSnapshot, path: string): { readonly path: string; readonly file: SiteFile } | undefined => {
  const names = path === "" || path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`]
  for (const name of names) {
    const file = publicFile(snapshot, name)
    if (file !== undefined) return { path: name, file }
  }
  return undefined
}

/** What lies at the path without its last slash. */
const withoutSlash = (snapshot: SiteSnapshot, path: string) => (path.endsWith("/") ? findFile(snapshot, path.slice(0, -1)) : undefined)

/** The nearest `404.html`, from the path's folder up to the root. */
const nearest404 = (snapshot: SiteSnapshot, path: string): Resolution => {
  for (let folder = path; ; ) {
    const slash = folder.lastIndexOf("/")
    folder = slash === -1 ? "" : folder.slice(0, slash)
    const name = folder === "" ? "404.html" : `${folder}/404.html`
    const file = publicFile(snapshot, name)
    if (file !== undefined) return { kind: "file", status: 404, path: name, file }
    if (folder === "") return { kind: "none" }
  }
}

const hasExtension = (path: string): boolean => path.lastIndexOf(".") > path.lastIndexOf("/")

/** The order of Netlify: forced rules, files, other rules; then the app's own page, then the nearest 404 page. */
export const resolve = (snapshot: SiteSnapshot, request: PathRequest): Resolution => {
  const path = request.path.slice(1)
  const found = findFile(snapshot, path)
  const unslashed = withoutSlash(snapshot, path)
  if (snapshot.redirects !== undefined) {
    const match = matchRedirect(snapshot.redirects, request, (found ?? unslashed) !== undefined)
    if (match?.kind === "redirect") return match
    if (match !== undefined) return rewritten(snapshot, path, match.path.slice(1), match.status)
  }
  // One address for each page, the one without a slash; nothing leads to a page that is not there.
  if (unslashed !== undefined && (found === undefined || found.path === unslashed.path)) {
    const location = encodeUrlPath(request.path.slice(0, -1))
    return { kind: "redirect", status: 301, location: request.query === "" ? location : `${location}?${request.query}` }
  }
  if (found !== undefined) return { kind: "file", status: 200, ...found }
  return fallback(snapshot, path)
}

const fallback = (snapshot: SiteSnapshot, path: string): Resolution => {
  if (snapshot.server?.scope === "site") return { kind: "function" }
  const index = snapshot.spa && !hasExtension(path) && !isPrivate(snapshot, path) ? publicFile(snapshot, "index.html") : undefined
  if (index !== undefined) return { kind: "file", status: 200, path: "index.html", file: index }
  return nearest404(snapshot, path)
}

/** A rewrite's target is looked up once; rules are not applied to it again. */
const rewritten = (snapshot: SiteSnapshot, from: string, to: string, status: number): Resolution => {
  const found = findFile(snapshot, to) ?? withoutSlash(snapshot, to)
  return found === undefined ? fallback(snapshot, from) : { kind: "file", status, ...found }
}

/** Pages are revalidated each time, whatever name they were reached by. */
export const cachingOf = (status: number, path: string): string => (status === 200 ? cacheControlOf(path) : "no-cache, must-revalidate")
