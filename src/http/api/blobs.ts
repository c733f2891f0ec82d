import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { portAsk } from "../../commands/writerPort.ts"
import { blobReader } from "../../events/blobs.ts"
import { LogIsReadOnly, StorageFailed } from "../../events/EventLog.ts"
import { Queries } from "../../projections/Queries.ts"
import { blobSink } from "../deploy/blobSink.ts"
import { DeployRefused, fileTooLarge } from "../deploy/refused.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import { decodeBlobBatch, maxBatchBytes, maxBatchedBlobBytes } from "./blobBatch.ts"
import { bodyParts, cutShort, isCutShort } from "./body.ts"
import type { DomainError, Failure } from "./envelope.ts"
import { refuse } from "./failures.ts"

/** Runs an upload. What it fails with is the client's affair or the disk's, or else a defect. */
export const upload = <A>(run: () => Promise<A>): Effect.Effect<A, DomainError | Failure> =>
  Effect.catchAll(Effect.tryPromise({ try: run, catch: (error) => error }), (error): Effect.Effect<never, DomainError | Failure> => {
    if (error instanceof DeployRefused || error instanceof StorageFailed || error instanceof LogIsReadOnly) return Effect.fail(error)
    return isCutShort(error) ? Effect.fail(cutShort) : Effect.die(error)
  })

const batchTooLarge = () =>
  new DeployRefused({ code: "PAYLOAD_TOO_LARGE", status: 413, message: `A batch of blobs may have ${maxBatchBytes} bytes. Send several.` })

const batchMalformed = () =>
  new DeployRefused({
    code: "BAD_REQUEST",
    status: 400,
    message: `The body is no batch of blobs: each is its length (four bytes, big-endian) and so many bytes, at most ${maxBatchedBlobBytes}.`,
  })

export const blobsLayer = HttpApiBuilder.group(Api, "blobs", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const settings = yield* Settings
    const { db } = yield* Reads
    const writer = yield* CartridgeWriter
    const port = yield* Effect.acquireRelease(
      Effect.sync(() => writer.connect()),
      (open) => Effect.sync(() => open.close()),
    )
    const ask = portAsk(port)
    const blobs = blobReader(db)

    return handlers
      .handle("missing", ({ payload }) => Effect.map(queries.absent(payload.hashes), (missing) => ({ data: { missing } })))
      .handleRaw("uploadBatch", ({ request }) =>
        upload(async () => {
          const parts: Array<Buffer> = []
          const body = NodeHttpServerRequest.toIncomingMessage(request)
          for await (const part of bodyParts(body, maxBatchBytes, batchTooLarge)) parts.push(part)
          const batch = decodeBlobBatch(Buffer.concat(parts))
          if (batch === undefined) throw batchMalformed()
          return { data: { hashes: (await ask({ kind: "putBlobs", blobs: batch })) as ReadonlyArray<string> } }
        }).pipe(refuse),
      )
      .handleRaw("upload", ({ path: { hash }, request }) =>
        upload(async () => {
          const sink = blobSink(ask, (known) => blobs.size(known) !== undefined)
          const max = settings.number("limits.file_bytes")
          const body = bodyParts(NodeHttpServerRequest.toIncomingMessage(request), max, () => fileTooLarge(hash, max))
          const stored = await sink.store(body, hash)
          await sink.flush()
          return { data: stored }
        }).pipe(refuse),
      )
  }),
)
