import { createReadStream } from "node:fs"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { toFailure } from "../../http/api/envelope.ts"
import type { Server } from "../client.ts"
import type { ProgressBar } from "../progressBar.ts"
import { FileChanged, type HashedFile } from "./hashFiles.ts"

const decodeFailure = Schema.decodeUnknown(
  Schema.Struct({ error: Schema.Struct({ code: Schema.String, message: Schema.String, details: Schema.optional(Schema.Unknown) }) }),
)

/** Sends one file's bytes, straight from the disk. */
export const uploadBlob = ({ http }: Server, file: HashedFile, bar: ProgressBar) =>
  http
    .execute(
      HttpClientRequest.put(`/api/blobs/${file.hash}`).pipe(
        HttpClientRequest.bodyStream(fileBytes(file, bar), { contentType: "application/octet-stream", contentLength: file.size }),
      ),
    )
    .pipe(
      Effect.flatMap((response) =>
        Effect.flatMap(response.json, (body) =>
          response.status < 300
            ? Effect.void
            : Effect.flatMap(decodeFailure(body), ({ error }) => Effect.fail(toFailure({ ...error, status: response.status }))),
        ),
      ),
      // The client wraps what the body's stream fails with.
      Effect.catchTag("RequestError", (error) => Effect.fail(error.cause instanceof FileChanged ? error.cause : error)),
    )

/** Exactly as many bytes as were hashed: a request that announces more than it sends never ends. */
const fileBytes = ({ path, absolute, size }: HashedFile, bar: ProgressBar): Stream.Stream<Uint8Array, FileChanged> => {
  if (size === 0) return Stream.empty
  let sent = 0
  const counted = (chunk: Uint8Array): void => {
    sent += chunk.length
    bar.add(chunk.length)
  }
  const complete = Stream.suspend(() => (sent === size ? Stream.empty : Stream.fail(new FileChanged({ path }))))
  return NodeStream.fromReadable<FileChanged, Uint8Array>(
    () => {
      sent = 0
      return createReadStream(absolute, { end: size - 1, highWaterMark: 256 * 1024 })
    },
    () => new FileChanged({ path }),
  ).pipe(
    Stream.tap((chunk) => Effect.sync(() => counted(chunk))),
    Stream.concat(complete),
  )
}
