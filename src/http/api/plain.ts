import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Failure, refusal, retryAfter, statusOf } from "./envelope.ts"

/** A listener for an endpoint outside of the contract: what it fails with is told in the envelope, as by those of the contract. */
export const plainEndpoint = (answer: (req: IncomingMessage, res: ServerResponse) => Effect.Effect<void, Failure>): RequestListener => {
  return (req, res) => {
    Effect.runCallback(answer(req, res), {
      onExit: (exit) => {
        if (Exit.isSuccess(exit)) return
        const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
        if (failure === undefined) Effect.runFork(Effect.logError(`${req.method} ${req.url} failed.`, exit.cause))
        sendFailure(res, failure ?? internal)
      },
    })
  }
}

/** Sends a failure in the envelope, unless the answer has begun. */
export const sendFailure = (res: ServerResponse, failure: Failure): void => {
  if (res.headersSent || res.destroyed) return
  const wait = retryAfter(failure)
  if (wait !== undefined) res.setHeader("retry-after", wait)
  const body = JSON.stringify(Schema.encodeSync(Failure)(failure))
  res.writeHead(statusOf(failure), { "content-type": "application/json", "content-length": Buffer.byteLength(body), "cache-control": "no-store" })
  res.end(res.req.method === "HEAD" ? undefined : body)
}

const internal = refusal("INTERNAL_ERROR", "Something went wrong on the server; its log says what.")
