import type { IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { isTooDeep, maxJsonDepth } from "../../runtime/jsonValue.ts"
import { DeployRefused } from "../deploy/refused.ts"
import { bodyFile } from "../deploy/upload.ts"
import { Failure, refusal } from "./envelope.ts"
import type { Principal } from "./policy.ts"

/**
 * A request's body in parts, refused with `tooLarge` once it passes `max` bytes: at once if its length is announced. The
 * connection stays open, so that the client hears why.
 */
export async function* bodyParts(req: IncomingMessage, max: number, tooLarge: () => unknown): AsyncGenerator<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > max) throw tooLarge()
  let size = 0
  try {
    for await (const part of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += part.byteLength
      if (size > max) throw tooLarge()
      yield part
    }
  } finally {
    // What is still coming goes nowhere; the client would otherwise wait to send it.
    req.resume()
  }
}

/** The same parts, which come to nothing if whoever sends them may not do it any more when they have come. */
export async function* whileAllowed<A>(parts: AsyncIterable<A>, refusal: Principal["refusal"]): AsyncGenerator<A> {
  yield* parts
  const refused = refusal()
  if (refused !== undefined) throw refused
}

/** Whether reading a body failed because the client went away or sent less than it said. */
export const isCutShort = (error: unknown): boolean =>
  ["ECONNRESET", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes((error as { readonly code?: string } | null)?.code ?? "")

/** The failure of a body that the framework could not read, by what it says. */
export const bodyFailure = (cause: unknown): Failure =>
  (cause as Error | undefined)?.message === "maxBytes exceeded" ? refusal("PAYLOAD_TOO_LARGE", "The body is too large.") : cutShort

export const cutShort = refusal("BAD_REQUEST", "The request ended before its body did.")

/** A value that is as deep as it may be, and the few levels of the body around it. */
const maxBodyDepth = maxJsonDepth + 8

/** Why a body is not read, if it is nested so deep that it would stop everything else. */
export const depthProblem = (text: string): Failure | undefined => (isTooDeep(text, maxBodyDepth) ? tooDeep : undefined)

const tooDeep = refusal("INVALID_JSON", `The body is nested deeper than ${maxBodyDepth} levels.`)

/** Why a request's body is not taken for JSON, if it says that it is something else. */
export const typeProblem = ({ headers }: Pick<IncomingMessage, "headers">): Failure | undefined => {
  const type = headers["content-type"] ?? "application/json"
  if (/^application\/json *(;|$)/i.test(type)) return undefined
  return refusal("UNSUPPORTED_MEDIA_TYPE", `The body has to be JSON (application/json), not ${JSON.stringify(type.slice(0, 80))}.`)
}

/** A large JSON body as a file, for as long as the scope lasts: refused once it is longer than `max` bytes. */
export const receiveJson = (req: IncomingMessage, max: number): Effect.Effect<string, Failure | DeployRefused, Scope.Scope> =>
  Effect.suspend(() => {
    const problem = typeProblem(req)
    return problem === undefined ? bodyFile(() => bodyParts(req, max, () => tooLarge(max))) : Effect.fail(problem)
  }).pipe(
    Effect.catchAll((error) => {
      if (isFailure(error) || error instanceof DeployRefused) return Effect.fail(error)
      return isCutShort(error) ? Effect.fail(cutShort) : Effect.die(error)
    }),
  )

const tooLarge = (max: number) => refusal("PAYLOAD_TOO_LARGE", `The body is larger than ${max} bytes.`)

const isFailure = Schema.is(Schema.typeSchema(Failure))
