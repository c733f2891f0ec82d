import type { IncomingMessage, ServerResponse } from "node:http"
import * as Schema from "effect/Schema"
import { Failure, retryAfter, statusOf } from "./envelope.ts"

const encode = Schema.encodeSync(Failure)

/** A refusal in the envelope, as text. */
export const refusalBody = (failure: Failure): string => JSON.stringify(encode(failure))

/** The same for a client that has no status to look at: `{"status", "error": {"code", "message", "details"?}}`. */
export const refusalText = (failure: Failure): string => JSON.stringify({ status: statusOf(failure), ...encode(failure) })

/** The header fields of an answer with that body. */
export const refusalFields = (failure: Failure, body: string): Record<string, string> => {
  const wait = retryAfter(failure)
  return {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Cache-Control": "no-store",
    ...(wait === undefined ? {} : { "Retry-After": String(wait) }),
    ...(failure.code === "METHOD_NOT_ALLOWED" ? { Allow: "GET" } : {}),
  }
}

/** Answers a request with a refusal, in the envelope. */
export const refuseRequest = (req: IncomingMessage, res: ServerResponse, failure: Failure): void => {
  if (res.headersSent || res.destroyed) return
  const body = refusalBody(failure)
  res.writeHead(statusOf(failure), refusalFields(failure, body))
  res.end(req.method === "HEAD" ? undefined : body)
}
