import { createReadStream } from "node:fs"
import { readFile } from "node:fs/promises"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { encodeBlobBatch } from "../../http/api/blobBatch.ts"
import type { Server } from "../client.ts"
import { CliError } from "../errors.ts"
import { bytes } from "../format.ts"
import { problemOf } from "../problem.ts"
import type { ProgressBar } from "../progressBar.ts"
import { answered } from "../rawAnswer.ts"
import { FileChanged, type HashedFile, small } from "./hashFiles.ts"

/** Sends one file's bytes, straight from the disk. */
export const uploadBlob = ({ http }: Server, file: HashedFile, bar: ProgressBar) =>
  Effect.flatMap(file.size <= small ? wholeFile(file, bar) : Effect.succeed(flowingFile(file, bar)), (body) =>
    http.execute(HttpClientRequest.put(`/api/blobs/${file.hash}`, { body })),
  ).pipe(
    Effect.flatMap(answered),
    Effect.catchTags({
      // The client wraps what the body's stream fails with.
      RequestError: (error) => Effect.fail(error.cause instanceof FileChanged ? error.cause : error),
      // A server that refuses the rest of a body may be gone before its answer was read.
      CliError: (error) =>
        error.code === "UNREACHABLE"
          ? new CliError({
              ...problemOf(error),
              hint: `it happened at ${file.path} (${bytes(file.size)}): may the server's files be that large?`,
            })
          : Effect.fail(error),
    }),
  )

const decodeStored = Schema.decodeUnknown(Schema.Struct({ data: Schema.Struct({ hashes: Schema.Array(Schema.String) }) }))

/** Sends many small files in one request. */
export const uploadBatch = ({ http }: Server, files: ReadonlyArray<HashedFile>, bar: ProgressBar) =>
  Effect.gen(function* () {
    const contents = yield* Effect.forEach(files, (file) => contentOf(file, bar), { concurrency: 8 })
    const body = HttpBody.uint8Array(encodeBlobBatch(contents), type)
    const response = yield* http.execute(HttpClientRequest.post("/api/blobs", { body }))
    const { data } = yield* Effect.flatMap(answered(response), decodeStored)
    const changed = files.find(({ hash }, i) => data.hashes[i] !== hash)
    if (changed !== undefined) return yield* Effect.fail(new FileChanged({ path: changed.path }))
  })

const type = "application/octet-stream"

const wholeFile = (file: HashedFile, bar: ProgressBar): Effect.Effect<HttpBody.HttpBody, FileChanged> =>
  Effect.map(contentOf(file, bar), (content) => HttpBody.uint8Array(content, type))

const contentOf = ({ path, absolute, size }: HashedFile, bar: ProgressBar): Effect.Effect<Buffer, FileChanged> =>
  Effect.tryPromise({ try: () => readFile(absolute), catch: () => new FileChanged({ path }) }).pipe(
    Effect.filterOrFail(
      (content) => content.length === size,
      () => new FileChanged({ path }),
    ),
    Effect.tap((content) => Effect.sync(() => bar.add(content.length))),
  )

const flowingFile = (file: HashedFile, bar: ProgressBar): HttpBody.HttpBody =>
  HttpBody.stream(
    fileBytes(file, (count) => bar.add(count)),
    type,
    file.size,
  )

/** Exactly as many bytes as the file had when it was looked at: a request that announces more than it sends never ends. */
export const fileBytes = (
  { path, absolute, size }: Pick<HashedFile, "path" | "absolute" | "size">,
  onSent: (count: number) => void,
): Stream.Stream<Uint8Array, FileChanged> => {
  let sent = 0
  const counted = (chunk: Uint8Array): void => {
    sent += chunk.length
    onSent(chunk.length)
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
