import type { IncomingMessage } from "node:http"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { bodyFailure, typeProblem } from "./body.ts"
import { Failure, internalError, invalid, refusal, retryAfter, statusOf } from "./envelope.ts"
import { tellIssues } from "./issues.ts"
import { defaultBody, policy } from "./policy.ts"
import { routeOf } from "./routes.ts"

/** Answers in the envelope also where the framework itself refuses: malformed requests, unknown routes, defects. */
export const inEnvelope = HttpApiBuilder.middleware((app: HttpApp.Default) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const req = NodeHttpServerRequest.toIncomingMessage(request)
    const route = routeOf(req)
    if (route.endpoint === undefined) return route.allowed.length === 0 ? answer(noRoute) : answer(wrongMethod(route.allowed))
    const { body = defaultBody } = policy[route.endpoint]!
    if (body === "itself" || !HttpMethod.hasBody(request.method)) return app
    const refused = bodyProblem(req, body)
    return refused === undefined ? HttpIncomingMessage.withMaxBodySize(app, Option.some(body)) : answer(refused)
  }).pipe(
    Effect.catchAllCause((cause) => {
      const failure = failureOf(Cause.squash(cause))
      if (failure !== undefined) return answer(failure)
      if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
      return Effect.zipRight(Effect.logError("A request failed.", cause), answer(internalError))
    }),
  ),
)

/** Why the framework should not begin to read a body. */
const bodyProblem = (req: IncomingMessage, max: number): Failure | undefined => {
  // The framework would cut the connection where the limit is passed, and the client would never hear why.
  if (Number(req.headers["content-length"] ?? 0) > max) return tooLarge(max)
  // The framework reads forms too, and puts the files in them on the disk.
  return typeProblem(req)
}

const answer = (failure: Failure) => {
  const wait = retryAfter(failure)
  const headers = {
    ...(wait === undefined ? {} : { "retry-after": String(wait) }),
    ...(failure.code === "METHOD_NOT_ALLOWED"
      ? { allow: (failure.details as { readonly allowed: ReadonlyArray<string> }).allowed.join(", ") }
      : {}),
  }
  return Effect.succeed(HttpServerResponse.unsafeJson(Schema.encodeSync(Failure)(failure), { status: statusOf(failure), headers }))
}

/** What a request is refused with, if it is the client who has to change something. */
const failureOf = (error: unknown): Failure | undefined => {
  if (Schema.is(Schema.typeSchema(Failure))(error)) return error
  const { _tag: tag, cause } = (error ?? {}) as { readonly _tag?: string; readonly cause?: unknown }
  if (tag === "RouteNotFound") return noRoute
  if (tag === "HttpApiDecodeError") return notAsInContract(error as HttpApiDecodeError)
  // A body that could not be read.
  if (tag !== "RequestError") return undefined
  if (cause instanceof SyntaxError) return refusal("INVALID_JSON", `The body is no JSON: ${withoutSnippet(cause.message)}.`)
  return bodyFailure(cause)
}

/** The engine shows where it stopped to read by a part of the body, which may be a secret. */
const withoutSnippet = (message: string): string => message.replace(/(^|, )(\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, "")

/** Names each field that is wrong and what it has to be. */
const notAsInContract = ({ issues: found }: HttpApiDecodeError): Failure => {
  const [first] = found
  if (first?.path.length === 0 && first.message.endsWith("actual null")) return invalid("", noBody)
  const { message, issues } = tellIssues(found)
  return refusal("VALIDATION_FAILED", message, { issues })
}

const noBody = "There is no body: send a JSON object, {} if it has nothing to say."
const noRoute = refusal("NOT_FOUND", "There is no such API endpoint. GET /api/openapi.json lists them, /api/docs shows them.")
const wrongMethod = (allowed: ReadonlyArray<string>): Failure =>
  refusal("METHOD_NOT_ALLOWED", `This endpoint takes ${allowed.join(", ")}.`, { allowed })
const tooLarge = (max: number): Failure => refusal("PAYLOAD_TOO_LARGE", `The body is larger than ${max} bytes.`)
