import { setPriority } from "node:os"
import { promisify } from "node:util"
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib"
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

const compressors: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality(bytes.length), [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  zstd: (bytes) =>
    promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: bytes.length <= 1024 * 1024 ? 19 : 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
}

/** What a variant has to save to be worth its place. */
const worthwhile = 0.95

const batchBytes = 1024 * 1024

const calls = {
  /** Makes the missing precompressed forms of a manifest's files. */
  compress: async (manifest: string): Promise<void> => {
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
        const compressed = await compressors[encoding](blobs.bytes(hash)!)
        const kept = compressed.length < size * worthwhile ? compressed : null
        batch.push({ hash, encoding, bytes: kept })
        waiting += kept?.length ?? 0
        if (waiting >= batchBytes || batch.length >= 96) await send()
      }
    }
    await send()
  },
}

export type CompressCalls = typeof calls

answerCalls(parentPort!, calls)
