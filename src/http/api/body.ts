import type { IncomingMessage } from "node:http"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Failure, refusal } from "./envelope.ts"

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

/** Whether reading a body failed because the client went away or sent less than it said. */
export const isCutShort = (error: unknown): boolean =>
  ["ECONNRESET", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"].includes((error as { readonly code?: string } | null)?.code ?? "")

/** The failure of a body that the framework could not read, by what it says. */
export const bodyFailure = (cause: unknown): Failure =>
  (cause as Error | undefined)?.message === "maxBytes exceeded" ? refusal("PAYLOAD_TOO_LARGE", "The body is too large.") : cutShort

export const cutShort = refusal("BAD_REQUEST", "The request ended before its body did.")

/** The request's body as text, refused once it is longer than `max` bytes. */
export const readText = (request: HttpServerRequest.HttpServerRequest, max: number): Effect.Effect<string, Failure> =>
  Effect.tryPromise({
    try: async () => {
      const parts: Array<Buffer> = []
      for await (const part of bodyParts(NodeHttpServerRequest.toIncomingMessage(request), max, () => tooLarge(max))) parts.push(part)
      return Buffer.concat(parts).toString("utf8")
    },
    catch: (error) => error,
  }).pipe(
    Effect.catchAll((error) => {
      if (isFailure(error)) return Effect.fail(error)
      return isCutShort(error) ? Effect.fail(cutShort) : Effect.die(error)
    }),
  )

const tooLarge = (max: number) => refusal("PAYLOAD_TOO_LARGE", `The body is larger than ${max} bytes.`)

const isFailure = Schema.is(Schema.typeSchema(Failure))
