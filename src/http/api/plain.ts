import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { type Failure, internalError } from "./envelope.ts"
import { refuseRequest } from "./refuseRequest.ts"

/** A listener for an endpoint outside of the contract: what it fails with is told in the envelope, as by those of the contract. */
export const plainEndpoint = (answer: (req: IncomingMessage, res: ServerResponse) => Effect.Effect<void, Failure>): RequestListener => {
  return (req, res) => {
    Effect.runCallback(answer(req, res), {
      onExit: (exit) => {
        if (Exit.isSuccess(exit)) return
        const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
        if (failure === undefined) Effect.runFork(Effect.logError(`${req.method} ${req.url} failed.`, exit.cause))
        if (!res.headersSent && !res.destroyed) refuseRequest(req, res, failure ?? internalError)
      },
    })
  }
}
