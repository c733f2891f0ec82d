import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { BadRequest, Failure, InternalError, NotFound, PayloadTooLarge, retryAfter, statusOf } from "./envelope.ts"

/** The largest JSON body that the framework reads. */
const maxJsonBytes = 16 * 1024 * 1024

/** Endpoints that read their body by themselves, and have limits of their own. */
const readsItself = (url: string): boolean => /^\/api\/(blobs(\/[0-9a-f]+)?(\?|$)|sites\/[^/]+\/deploys)/i.test(url)

/** Answers in the envelope also where the framework itself refuses: malformed requests, unknown routes, defects. */
export const inEnvelope = HttpApiBuilder.middleware((app: HttpApp.Default) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method, url }) => {
    if (!HttpMethod.hasBody(method) || readsItself(url)) return app
    // The framework would cut the connection where the limit is passed, and the client would never hear why.
    if (Number(headers["content-length"] ?? 0) > maxJsonBytes) return answer(tooLarge)
    // The framework reads forms too, and puts the files in them on the disk.
    const type = headers["content-type"] ?? "application/json"
    return /^application\/json\b/i.test(type) ? app : answer(notJson(type))
  }).pipe(
    HttpIncomingMessage.withMaxBodySize(Option.some(maxJsonBytes)),
    Effect.catchAllCause((cause) => {
      const failure = failureOf(Cause.squash(cause))
      if (failure !== undefined) return answer(failure)
      if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
      return Effect.zipRight(Effect.logError("A request failed.", cause), answer(internal))
    }),
  ),
)

const answer = (failure: Failure) => {
  const wait = retryAfter(failure)
  const headers = wait === undefined ? {} : { "retry-after": String(wait) }
  return Effect.succeed(HttpServerResponse.unsafeJson(Schema.encodeSync(Failure)(failure), { status: statusOf(failure), headers }))
}

/** What a request is refused with, if it is the client who has to change something. */
const failureOf = (error: unknown): Failure | undefined => {
  if (Schema.is(Schema.typeSchema(Failure))(error)) return error
  const { _tag: tag, cause } = (error ?? {}) as { readonly _tag?: string; readonly cause?: unknown }
  if (tag === "RouteNotFound") return noRoute
  if (tag === "HttpApiDecodeError") return invalid(error as HttpApiDecodeError)
  // A body that could not be read.
  if (tag !== "RequestError") return undefined
  if (cause instanceof SyntaxError)
    return BadRequest.make({ code: "INVALID_JSON", message: `The body is no JSON: ${withoutSnippet(cause.message)}.` })
  return (cause as Error | undefined)?.message === "maxBytes exceeded" ? tooLarge : cutShort
}

/** The engine shows where it stopped to read by a part of the body, which may be a secret. */
const withoutSnippet = (message: string): string => message.replace(/(^|, )(\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, "")

const invalid = ({ issues, message }: HttpApiDecodeError): Failure => {
  const [issue] = issues
  const text = issue === undefined ? message : issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`
  return BadRequest.make({ code: "VALIDATION_FAILED", message: text.slice(0, 1000) })
}

const noRoute = NotFound.make({ code: "NOT_FOUND", message: "There is no such API endpoint. GET /api/openapi.json lists them." })
const notJson = (type: string): Failure =>
  BadRequest.make({ code: "BAD_REQUEST", message: `The body has to be JSON (application/json), not ${JSON.stringify(type.slice(0, 80))}.` })
const cutShort = BadRequest.make({ code: "BAD_REQUEST", message: "The request ended before its body did." })
const tooLarge = PayloadTooLarge.make({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${maxJsonBytes} bytes.` })
const internal = InternalError.make({ code: "INTERNAL_ERROR", message: "Something went wrong on the server; its log says what." })
