import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http"
import type { FunctionResult } from "../runtime/functions.ts"
import { readAnswer } from "../runtime/guestAnswer.ts"
import type { BlobCache } from "./blobCache.ts"
import { besideRules } from "./cors.ts"
import { serveObject } from "./static.ts"

/** Headers that the server itself decides. */
const ownHeaders: ReadonlySet<string> = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "trailer"])

const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Sends what came of a request to server code. Nothing in it is taken for granted: it is what user code has made of it. `isShared`: the
 * site's settings have put headers on the answer already.
 */
export const sendResult = (
  req: IncomingMessage,
  res: ServerResponse,
  request: string,
  result: FunctionResult,
  cache: BlobCache,
  isShared = false,
): void => {
  if (res.destroyed) return
  if (result.kind !== "answer") return sendFailure(req, res, request, result)
  try {
    sendAnswer(req, res, result, cache, isShared)
  } catch {
    // A name or value that HTTP cannot carry.
    sendFailure(req, res, request, { status: 500, code: "FUNCTION_FAILED" })
  }
}

const sendAnswer = (
  req: IncomingMessage,
  res: ServerResponse,
  { meta, body }: FunctionResult & { readonly kind: "answer" },
  cache: BlobCache,
  isShared: boolean,
): void => {
  const answer = readAnswer(meta)
  if (answer === undefined) throw new Error("This is no answer.")
  const { status, object } = answer
  const given = isShared ? besideRules(res, answer.headers) : answer.headers
  if (object !== undefined) return serveObject(req, res, object, status, record(given), cache)
  const headers: Array<string> = []
  for (let i = 0; i < given.length; i += 2) if (!ownHeaders.has(given[i]!)) headers.push(given[i]!, given[i + 1]!)
  if (!withoutBody.has(status)) headers.push("content-length", String(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength))
  res.writeHead(status, headers)
  if (req.method === "HEAD" || withoutBody.has(status)) res.end()
  // Node writes headers and a text in one piece, as UTF-8; headers are Latin-1.
  else res.end(typeof body === "string" && !isAscii.test(meta) ? Buffer.from(body) : body)
}

const isAscii = /^[\0-\x7f]*$/

const record = (headers: ReadonlyArray<string>): OutgoingHttpHeaders => {
  const all: OutgoingHttpHeaders = {}
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!]
    if (ownHeaders.has(name)) continue
    all[name] = name === "set-cookie" ? [...((all[name] as Array<string> | undefined) ?? []), value] : value
  }
  return all
}

interface Problem {
  readonly status: number
  readonly code: string
  readonly retryAfter?: number | undefined
}

/** What a visitor is told: never what the code said. */
const texts: Readonly<Record<number, string>> = {
  400: "The request ended before its body did.",
  409: "Somebody else changed the same thing at the same moment. Try again.",
  413: "The request's body is larger than this site takes.",
  429: "Too many requests to this site just now. Try again in a moment.",
  503: "This site cannot answer just now. Try again in a moment.",
  504: "This site took too long to answer.",
  507: "The server's disk is full: nothing was changed.",
}
const fallbackText = "Something went wrong in this site's code. Its owner finds the reason in the site's log."

/** Says that a request failed, as a page or as JSON, with the name under which the owner finds it in the log. */
export const sendFailure = (req: IncomingMessage, res: ServerResponse, request: string, { status, code, retryAfter }: Problem): void => {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const message = texts[status] ?? fallbackText
  const wantsPage = /\btext\/html\b/.test(req.headers.accept ?? "")
  const body = wantsPage ? page(status, message, request) : `${JSON.stringify({ error: { code, message, request } })}\n`
  if (retryAfter !== undefined) res.setHeader("retry-after", retryAfter)
  // The rest of a body that nobody reads is not waited for.
  if (status === 413) res.setHeader("connection", "close")
  res.writeHead(status, {
    "content-type": wantsPage ? "text/html; charset=utf-8" : "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": request,
  })
  res.end(req.method === "HEAD" ? undefined : body)
}

const page = (status: number, message: string, request: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status}</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; color-scheme: light dark }</style>
<h1>${status}</h1>
<p>${message}</p>
<p><small>${request}</small></p>
</html>
`
