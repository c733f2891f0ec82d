import { lookup } from "mime-types"

/**
 * What a file is (RFC 9110 section 8.3) and how long it may be kept (RFC 9111 section 5.2), told by its path alone.
 * Paths are relative to the site, without a leading slash.
 */

const UNKNOWN = "application/octet-stream"
const PLAIN = "text/plain; charset=utf-8"
const JSON_TYPE = "application/json; charset=utf-8"

/** Where the table of `mime-types` is wrong for a web site, or silent: `ts` is a video stream there. */
const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["js", "text/javascript"], // RFC 9239
  ["mjs", "text/javascript"],
  ["cjs", "text/javascript"],
  ["ts", "text/plain"],
  ["tsx", "text/plain"],
  ["mts", "text/plain"],
  ["cts", "text/plain"],
  ["map", "application/json"],
  ["jsonl", "application/jsonl"],
  ["ndjson", "application/x-ndjson"],
  ["topojson", "application/json"],
  ["webmanifest", "application/manifest+json"],
  ["wasm", "application/wasm"],
  ["ico", "image/x-icon"],
  ["rs", "text/plain"],
  ["py", "text/plain"],
  ["go", "text/plain"],
  ["rb", "text/plain"],
  ["glsl", "text/plain"],
  ["vert", "text/plain"],
  ["frag", "text/plain"],
  ["diff", "text/plain"],
  ["patch", "text/plain"],
  ["graphql", "text/plain"],
  ["vue", "text/plain"],
  ["svelte", "text/plain"],
])

const TEXT_NAMES: ReadonlySet<string> = new Set([
  ...["license", "licence", "copying", "notice", "readme", "authors", "contributors", "contributing", "changelog"],
  ...["changes", "cname", "version", "todo", "makefile", "dockerfile", "procfile", "security"],
])

/** Extensionless names under `.well-known/` that are not JSON. */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
  ["atproto-did", PLAIN],
  ["discord", PLAIN],
  ["host-meta", "application/xrd+xml; charset=utf-8"], // RFC 6415
])

const WELL_KNOWN_FOLDER = ".well-known/"

/** Bounded, as extensions come from whoever uploads. */
const memo = new Map<string, string>()
const MEMO_SIZE = 512

export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1)
  const dot = name.lastIndexOf(".")
  // A leading dot starts a hidden name, not an extension.
  if (dot <= 0 || dot === name.length - 1) return withoutExtension(path, name)
  const extension = name.slice(dot + 1).toLowerCase()
  const known = memo.get(extension)
  if (known !== undefined) return known
  const found = BY_EXTENSION.get(extension) ?? lookup(extension)
  const type = found === false ? UNKNOWN : isText(found) ? `${found}; charset=utf-8` : found
  if (memo.size >= MEMO_SIZE) memo.clear()
  memo.set(extension, type)
  return type
}

function withoutExtension(path: string, name: string): string {
  if (path === "apple-app-site-association") return JSON_TYPE
  if (path.startsWith(WELL_KNOWN_FOLDER) && name !== "") {
    // RFC 8555 section 8.3: the key authorization is plain bytes, and must not look like JSON.
    if (path.startsWith("acme-challenge/", WELL_KNOWN_FOLDER.length)) return PLAIN
    return WELL_KNOWN.get(name) ?? JSON_TYPE
  }
  return TEXT_NAMES.has(name.toLowerCase()) ? PLAIN : UNKNOWN
}

/** Types that are UTF-8 text whatever their name says. */
function isText(type: string): boolean {
  return type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml") || TEXT_APPLICATIONS.has(type)
}

const TEXT_APPLICATIONS: ReadonlySet<string> = new Set([
  ...["application/json", "application/xml", "application/javascript", "application/ecmascript"],
  ...["application/jsonl", "application/x-ndjson", "application/toml", "application/yaml", "application/sql"],
  ...["application/xml-dtd", "application/x-subrip", "application/x-sh", "application/x-tex"],
])

/** Binary types that are not compressed in themselves; `woff` and `woff2` are. */
const COMPRESSIBLE_BINARY: ReadonlySet<string> = new Set([
  ...["application/wasm", "application/rtf", "application/vnd.ms-fontobject", "application/x-tar", "font/ttf", "font/otf"],
  ...["image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "image/vnd.adobe.photoshop", "model/gltf-binary"],
  ...["model/obj", "model/stl", "application/vnd.apple.mpegurl"],
])

/** Whether a coding is worth its time for this media type (parameters do not matter). */
export function isCompressible(type: string): boolean {
  const semicolon = type.indexOf(";")
  const essence = (semicolon === -1 ? type : type.slice(0, semicolon)).trim().toLowerCase()
  return isText(essence) || COMPRESSIBLE_BINARY.has(essence)
}

const FOREVER = "public, max-age=31536000, immutable"
const REVALIDATE = "no-cache, must-revalidate"
const SHORT = "public, max-age=300"

/**
 * Pages are always revalidated. A file in the site's `assets/` whose name has a `-` is taken for a name with a content
 * hash, as bundlers write it, and kept forever. Everything else is kept for five minutes.
 */
export function cacheControlOf(path: string): string {
  if (path === "" || path.endsWith("/") || /\.html?$/i.test(path)) return REVALIDATE
  if (path.startsWith("assets/") && path.includes("-", path.lastIndexOf("/"))) return FOREVER
  return SHORT
}
