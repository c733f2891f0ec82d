import type { RequestListener } from "node:http"
import type { AdminPages } from "../../adminPages.ts"

/** `GET /api/docs`: the page that shows the OpenAPI document to people, and its parts, from the program's own files. */
export const docsEndpoint =
  (pages: AdminPages): RequestListener =>
  (req, res) => {
    const [path = ""] = (req.url ?? "").split("?", 1)
    const file = path.slice("/api/docs".length)
    pages(req, res, `/docs${file === "" ? "/" : file}`)
  }
