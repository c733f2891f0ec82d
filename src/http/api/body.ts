import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { BadRequest, type Failure, PayloadTooLarge } from "./envelope.ts"

/** The request's body as text, refused once it is longer than `max` bytes. */
export const readText = (request: HttpServerRequest.HttpServerRequest, max: number): Effect.Effect<string, Failure> =>
  Effect.tryPromise({
    try: async () => {
      const parts: Array<Uint8Array> = []
      let size = 0
      for await (const part of NodeHttpServerRequest.toIncomingMessage(request)) {
        size += (part as Buffer).byteLength
        if (size > max) throw tooLarge(max)
        parts.push(part as Buffer)
      }
      return Buffer.concat(parts, size).toString("utf8")
    },
    catch: (error) =>
      isFailure(error) ? error : BadRequest.make({ code: "BAD_REQUEST", message: "The request ended before its body did." }),
  })

const tooLarge = (max: number) => PayloadTooLarge.make({ code: "PAYLOAD_TOO_LARGE", message: `The body is larger than ${max} bytes.` })

const isFailure = (error: unknown): error is Failure => (error as { readonly _tag?: unknown } | null)?._tag === "PayloadTooLarge"
