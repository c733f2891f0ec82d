import { createHash } from "node:crypto"
import type { RequestListener } from "node:http"
import { gzipSync } from "node:zlib"
import { ifNoneMatch } from "../../conditional.ts"
import { negotiateEncoding } from "../../encoding.ts"
import { openApiDocument } from "../openapi.ts"

/** `GET /api/openapi.json`, for everybody: it says what there is, and nothing of what is in it. Made when it is first asked for. */
export const openApiEndpoint = (): RequestListener => {
  let made: ReturnType<typeof forms> | undefined
  return (req, res) => {
    made ??= forms(Buffer.from(JSON.stringify(openApiDocument())))
    const { body, headers } = negotiateEncoding(req.headers["accept-encoding"], ["gzip"]) === "gzip" ? made.gzip : made.identity
    const condition = req.headers["if-none-match"]
    if (condition !== undefined && !ifNoneMatch(condition, [made.gzip.headers.etag, made.identity.headers.etag])) {
      const { "content-length": _, ...rest } = headers
      return void res.writeHead(304, rest).end()
    }
    res.writeHead(200, headers)
    res.end(req.method === "HEAD" ? undefined : body)
  }
}

/** The document and its compressed form, each with its headers. */
const forms = (document: Buffer) => {
  const hash = createHash("sha256").update(document).digest("hex")
  const form = (body: Buffer, etag: string, more: Readonly<Record<string, string>>) => ({
    body,
    headers: {
      "content-type": "application/json",
      "content-length": body.byteLength,
      "cache-control": "no-cache",
      vary: "Accept-Encoding",
      etag,
      ...more,
    },
  })
  return { identity: form(document, `"${hash}"`, {}), gzip: form(gzipSync(document), `"${hash}-gzip"`, { "content-encoding": "gzip" }) }
}
