import * as HttpClient from "@effect/platform/HttpClient"
import { RequestError } from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Server, serverOf } from "../../src/cli/client.ts"

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Buffer
}

export interface Answer {
  readonly status?: number
  /** JSON. */
  readonly body?: unknown
  /** Server-Sent Events, instead of a body. */
  readonly events?: string | ReadableStream<Uint8Array>
}

/** The typed client of an API that `answer` plays: no server, no network. */
export const fakeServer = (answer: (asked: Asked) => Answer): Server =>
  serverOf(
    HttpClient.make((request, url) =>
      Effect.map(bytesOf(request), (body) => {
        const { status = 200, body: said, events } = answer({ method: request.method, path: url.pathname, query: url.searchParams, body })
        const headers = { "content-type": events === undefined ? "application/json" : "text/event-stream" }
        return HttpClientResponse.fromWeb(request, new Response(events ?? JSON.stringify(said), { status, headers }))
      }),
    ).pipe(HttpClient.mapRequest((request) => ({ ...request, url: `http://fake${request.url}` }) as HttpClientRequest.HttpClientRequest)),
  )

const bytesOf = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Buffer, RequestError> => {
  const { body } = request
  if (body._tag === "Uint8Array") return Effect.succeed(Buffer.from(body.body))
  if (body._tag !== "Stream") return Effect.succeed(Buffer.alloc(0))
  return Stream.runCollect(body.stream).pipe(
    Effect.map((chunks) => Buffer.concat(Chunk.toReadonlyArray(chunks))),
    // As the real client does.
    Effect.mapError((cause) => new RequestError({ request, reason: "Encode", cause })),
  )
}
