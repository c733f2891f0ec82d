import { setPriority } from "node:os"
import { setImmediate as otherWork } from "node:timers/promises"
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib"
import { portAsk } from "../../commands/writerPort.ts"
import { blobReader, type Encoding, encodings, type Variant } from "../../events/blobs.ts"
import { openForReading } from "../../events/cartridge.ts"
import { decodeManifest } from "../../events/manifest.ts"
import { answerCalls } from "../../threads.ts"
import { isCompressible } from "../contentType.ts"

const { path, writer } = workerData as { readonly path: string; readonly writer: MessagePort }

// On Linux this is the thread's own priority: nothing waits for a compressed form.
setPriority(10)

const blobs = blobReader(openForReading(path))
const ask = portAsk(writer)

/** Below, the headers cost more than is saved; above, it takes too long and too much memory. */
const smallest = 256
const largest = 16 * 1024 * 1024

/** Brotli's best setting takes a second for each megabyte. */
const brotliQuality = (size: number): number => (size <= 512 * 1024 ? 11 : size <= 4 * 1024 * 1024 ? 9 : 6)

/** In this thread, which has the low priority; the asynchronous forms would run in a pool that has not, and that others wait for. */
const compressors: Readonly<Record<Encoding, (bytes: Buffer) => Buffer>> = {
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality(bytes.length), [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  zstd: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: bytes.length <= 1024 * 1024 ? 19 : 9 } }),
  gzip: (bytes) => gzipSync(bytes, { level: 9 }),
}

/** What a variant has to save to be worth its place. */
const worthwhile = 0.95

const batchBytes = 1024 * 1024

/** Makes the missing precompressed forms of a manifest's files. */
const compress = async (manifest: string): Promise<void> => {
  const bytes = blobs.bytes(manifest)
  if (bytes === undefined) return
  let batch: Array<Variant> = []
  let waiting = 0
  const send = async (): Promise<void> => {
    if (batch.length > 0) await ask({ kind: "putVariants", variants: batch })
    batch = []
    waiting = 0
  }
  for (const { hash, size, type } of Object.values(decodeManifest(bytes).files)) {
    if (size < smallest || size > largest || !isCompressible(type)) continue
    for (const encoding of encodings) {
      if (blobs.isTried(hash, encoding)) continue
      const compressed = compressors[encoding](blobs.bytes(hash)!)
      const kept = compressed.length < size * worthwhile ? compressed : null
      batch.push({ hash, encoding, bytes: kept })
      waiting += kept?.length ?? 0
      if (waiting >= batchBytes || batch.length >= 96) await send()
    }
    await otherWork()
  }
  await send()
}

let last: Promise<void> = Promise.resolve()

const calls = {
  /** One manifest after the other: together they would hold all their files in memory, and none would be done soon. */
  compress: (manifest: string): Promise<void> => {
    last = last.then(
      () => compress(manifest),
      () => compress(manifest),
    )
    return last
  },
}

export type CompressCalls = typeof calls

answerCalls(parentPort!, calls)
