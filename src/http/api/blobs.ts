import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { NoLongerAllowed } from "../../commands/Commands.ts"
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
import { bodyParts, cutShort, isCutShort, whileAllowed } from "./body.ts"
import { Caller } from "./contract/authorization.ts"
import type { DomainError, Failure } from "./envelope.ts"
import { refuse } from "./failures.ts"
import type { Principal } from "./policy.ts"

/** Runs an upload. What it fails with is the client's affair or the disk's, or else a defect. */
export const upload = <A>(run: (caller: Principal) => Promise<A>): Effect.Effect<A, DomainError | Failure, Caller> =>
  Effect.flatMap(Caller, (caller) => Effect.tryPromise({ try: () => run(caller), catch: (error) => error })).pipe(
    Effect.catchAll((error): Effect.Effect<never, DomainError | Failure> => {
      if (refusals.some((kind) => error instanceof kind)) return Effect.fail(error as DomainError)
      return isCutShort(error) ? Effect.fail(cutShort) : Effect.die(error)
    }),
  )

const refusals = [DeployRefused, StorageFailed, LogIsReadOnly, NoLongerAllowed] as const

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
        upload(async ({ refusal }) => {
          const parts: Array<Buffer> = []
          const body = bodyParts(NodeHttpServerRequest.toIncomingMessage(request), maxBatchBytes, batchTooLarge)
          for await (const part of whileAllowed(body, refusal)) parts.push(part)
          const batch = decodeBlobBatch(Buffer.concat(parts))
          if (batch === undefined) throw batchMalformed()
          return { data: { hashes: (await ask({ kind: "putBlobs", blobs: batch })) as ReadonlyArray<string> } }
        }).pipe(refuse),
      )
      .handleRaw("upload", ({ path: { hash }, request }) =>
        upload(async ({ refusal }) => {
          const sink = blobSink(ask, (known) => blobs.size(known) !== undefined)
          const max = settings.number("limits.file_bytes")
          const body = bodyParts(NodeHttpServerRequest.toIncomingMessage(request), max, () => fileTooLarge(hash, max))
          const stored = await sink.store(whileAllowed(body, refusal), hash)
          await sink.flush()
          return { data: stored }
        }).pipe(refuse),
      )
  }),
)
