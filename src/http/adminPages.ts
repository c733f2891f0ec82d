import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { join, relative, sep } from "node:path"
import { ifNoneMatch } from "./conditional.ts"
import { contentTypeOf } from "./contentType.ts"
import { plainPage } from "./static.ts"

/** Answers a request for one of the program's own pages, by its decoded path. */
export type AdminPages = (req: IncomingMessage, res: ServerResponse, path: string) => void

interface Page {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** The files of a folder, read once: they are the program's own, and come with a release. A folder's page is its `index.html`. */
export const adminPages = (folder: string): AdminPages => {
  const pages = readPages(folder)
  return (req, res, path) => {
    const page = pages.get(path.endsWith("/") ? `${path}index.html` : path)
    if (page === undefined) return plainPage(req, res, 404, "404 page not found")
    if (refusesMethod(req, res)) return
    const condition = req.headers["if-none-match"]
    if (condition !== undefined && !ifNoneMatch(condition, [page.headers["etag"]!])) return void res.writeHead(304, page.headers).end()
    res.writeHead(200, { ...page.headers, "content-length": page.bytes.length })
    res.end(req.method === "HEAD" ? undefined : page.bytes)
  }
}

/** Refuses what does not read. No other origin may ask for anything: an OPTIONS request is refused like the rest. */
export const refusesMethod = (req: IncomingMessage, res: ServerResponse): boolean => {
  if (req.method === "GET" || req.method === "HEAD") return false
  res.setHeader("allow", "GET, HEAD")
  plainPage(req, res, 405, `405 method ${req.method} not allowed`)
  return true
}

const readPages = (folder: string): ReadonlyMap<string, Page> => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name)
      const path = relative(folder, file).replaceAll(sep, "/")
      const bytes = readFileSync(file)
      const etag = `"${createHash("sha256").update(bytes).digest("hex")}"`
      return [`/${path}`, { bytes, headers: { "content-type": contentTypeOf(path), "cache-control": "no-cache", etag } }]
    }),
  )
}
