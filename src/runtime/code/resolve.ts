import { isStdlib, type StdlibName, stdlibNames } from "./stdlib.ts"

export type Scope = "site" | "api"

/** What a name in an `import` or `require` leads to; `problem` says why it leads nowhere. */
export type Resolved = { readonly path: string } | { readonly stdlib: StdlibName } | { readonly problem: string }

const extensions = [".js", ".ts", ".mjs", ".json"]
const indexes = ["/index.js", "/index.ts", "/index.mjs"]
/** The file that TypeScript's own spelling of an import means. */
const sources: Readonly<Record<string, string>> = { ".js": ".ts", ".mjs": ".mts" }

/** What `import "specifier"` in the file `base` means. */
export const resolveModule = (has: (path: string) => boolean, scope: Scope, base: string, specifier: string): Resolved => {
  if (isStdlib(specifier)) return { stdlib: specifier }
  const place = isRelative(specifier) ? join(folderOf(base), specifier) : undefined
  if (!isRelative(specifier)) return { problem: notRelative(specifier) }
  if (place === undefined) return { problem: `"${specifier}" is outside the site.` }
  if (scope === "api" && !isInside(place)) return { problem: outsideApi(specifier) }
  const path = findFile(has, place)
  return path === undefined ? { problem: missing(specifier, place) } : { path }
}

/** What `require("specifier")` in the file `base` means: relative to that file, or else to `api/`, which it never leaves. */
export const resolveRequire = (has: (path: string) => boolean, base: string, specifier: string): Resolved => {
  if (isStdlib(specifier)) return { stdlib: specifier }
  if (!isRelative(specifier)) return { problem: notRelative(specifier) }
  const places = [join(folderOf(base), specifier), join("api", specifier)].filter((place) => place !== undefined && isInside(place))
  if (places.length === 0) return { problem: outsideApi(specifier) }
  for (const place of places) {
    const path = findFile(has, place!)
    if (path !== undefined) return { path }
  }
  return { problem: missing(specifier, places[0]!) }
}

const isRelative = (specifier: string): boolean => /^\.\.?(\/|$)/.test(specifier)

const isInside = (place: string): boolean => place === "api" || place.startsWith("api/")

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 0))

/** Nothing when the path climbs out of the site. */
const join = (folder: string, relative: string): string | undefined => {
  const parts = folder === "" ? [] : folder.split("/")
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue
    if (part !== "..") parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join("/")
}

const findFile = (has: (path: string) => boolean, place: string): string | undefined => {
  const dot = /\.m?js$/.exec(place)?.[0]
  const source = dot === undefined ? [] : [place.slice(0, -dot.length) + sources[dot]]
  return [place, ...source, ...extensions.map((extension) => place + extension), ...indexes.map((index) => place + index)].find(has)
}

const missing = (specifier: string, place: string): string => `"${specifier}" is not in the deploy: there is no file ${place}.`

const outsideApi = (specifier: string): string => `"${specifier}" is outside api/: server code in api/ can use only what is in that folder.`

const notRelative = (specifier: string): string => {
  if (/^[a-z]+:\/\//i.test(specifier))
    return `"${specifier}" cannot be loaded: code is never fetched from the network. Put the file into the deploy.`
  if (specifier.startsWith("node:") || nodeModules.has(specifier))
    return `"${specifier}" is a module of Node, which does not exist here. Use the web's own: fetch, crypto, URL, TextEncoder, …`
  if (specifier.startsWith("/")) return `"${specifier}" begins with a slash. Write it relative to the file, such as "./lib.js".`
  return `"${specifier}" is an npm package. Bundle packages into one file with esbuild (see docs/functions.md); built in are only ${stdlibNames.join(", ")}. A file of your own is written "./${specifier}".`
}

const nodeModules: ReadonlySet<string> = new Set(
  "assert async_hooks buffer child_process cluster crypto dns events fs http http2 https module net os path perf_hooks process querystring readline stream timers tls tty url util v8 vm worker_threads zlib fs/promises".split(
    " ",
  ),
)
