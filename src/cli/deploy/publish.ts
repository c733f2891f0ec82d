import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { maxBatchedBlobBytes } from "../../http/api/blobBatch.ts"
import type { Deployed, DeployRequest } from "../../http/api/contract/deploys.ts"
import type { Server } from "../client.ts"
import { segment } from "../connection.ts"
import type { ProgressBar } from "../progressBar.ts"
import type { HashedFile } from "./hashFiles.ts"
import { uploadBatch, uploadBlob } from "./uploadBlob.ts"

/** How many hashes one question about missing blobs may hold. */
const hashesAtOnce = 5000
const uploadsAtOnce = 6
const bytesInBatch = 1024 * 1024
const filesInBatch = 250
/** How often blobs that went missing between upload and publishing are sent again. */
const rounds = 3

export interface Published {
  readonly deployed: Deployed
  readonly uploaded: number
}

/** Uploads what the server lacks of the files, and publishes them as one deploy. */
export const publish = (
  server: Server,
  site: string,
  files: ReadonlyArray<HashedFile>,
  options: Omit<DeployRequest, "files">,
  bar: ProgressBar,
) =>
  Effect.gen(function* () {
    const { api } = server
    const fileByHash = new Map(files.map((file) => [file.hash, file]))
    const request: DeployRequest = { files: Object.fromEntries(files.map(({ path, hash, size }) => [path, { hash, size }])), ...options }

    const upload = (hashes: ReadonlyArray<string>) => {
      const wanted = hashes.flatMap((hash) => fileByHash.get(hash) ?? [])
      bar.begin(
        "uploading",
        wanted.reduce((sum, { size }) => sum + size, 0),
        "bytes",
      )
      const [large, small] = Arr.partition(wanted, ({ size }) => size <= maxBatchedBlobBytes)
      const uploads = [
        ...batchesOf(small).map((batch) => uploadBatch(server, batch, bar)),
        ...large.map((file) => uploadBlob(server, file, bar)),
      ]
      return Effect.all(uploads, { concurrency: uploadsAtOnce, discard: true })
    }

    const questions = Arr.chunksOf(fileByHash.keys(), hashesAtOnce)
    const answers = yield* Effect.forEach(questions, (hashes) => api.blobs.missing({ payload: { hashes } }))
    const missing = answers.flatMap(({ data }) => data.missing)
    yield* upload(missing)

    const attempt = (round: number, uploaded: number): Effect.Effect<Published, AttemptError, AttemptContext> => {
      bar.begin("publishing", 0)
      return api.deploys.deploy({ path: { site: segment(site) }, payload: request }).pipe(
        Effect.map(({ data }): Published => ({ deployed: data, uploaded })),
        Effect.catchTag("Conflict", (conflict) => {
          const again =
            conflict.code === "BLOBS_MISSING" && round < rounds ? missingOf(conflict.details).filter((hash) => fileByHash.has(hash)) : []
          return again.length === 0 ? Effect.fail(conflict) : Effect.zipRight(upload(again), attempt(round + 1, uploaded + again.length))
        }),
      )
    }
    return yield* attempt(0, missing.length)
  })

/** Small files share requests: for each of its own, the way there and back would take longer than the bytes. */
const batchesOf = (files: ReadonlyArray<HashedFile>): ReadonlyArray<ReadonlyArray<HashedFile>> => {
  const batches: Array<Array<HashedFile>> = []
  let room = 0
  for (const file of files) {
    if (room < file.size || batches.at(-1)!.length >= filesInBatch) {
      batches.push([])
      room = bytesInBatch
    }
    batches.at(-1)!.push(file)
    room -= file.size
  }
  return batches
}

type AttemptError = Effect.Effect.Error<ReturnType<Server["api"]["deploys"]["deploy"]>> | Effect.Effect.Error<ReturnType<typeof uploadBlob>>
type AttemptContext = Effect.Effect.Context<ReturnType<typeof uploadBlob>>

const isMissing = Schema.is(Schema.Struct({ missing: Schema.Array(Schema.String) }))

const missingOf = (details: unknown): ReadonlyArray<string> => (isMissing(details) ? details.missing : [])
