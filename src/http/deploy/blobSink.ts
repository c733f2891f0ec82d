import { createHash } from "node:crypto"
import type { WriterRequest } from "../../commands/writerRequest.ts"
import { chunkBytes } from "../../events/blobs.ts"
import { DeployRefused } from "./refused.ts"

/** Sends one request to the writer and waits for its answer. */
export type Ask = (request: WriterRequest) => Promise<unknown>

export interface StoredBlob {
  readonly hash: string
  readonly size: number
}

/** Small blobs wait for company up to this much, so that they share a message and a transaction. */
const batchBytes = 4 * 1024 * 1024
const batchBlobs = 256

/** Stores streams of bytes as blobs with bounded memory: small ones in batches, large ones chunk by chunk. */
export const blobSink = (ask: Ask, isStored: (hash: string) => boolean) => {
  let batch: Array<Uint8Array> = []
  let waiting = 0
  let sending: Promise<unknown> = Promise.resolve()

  /** One batch is on its way while the next one fills. */
  const send = async (): Promise<void> => {
    if (batch.length === 0) return
    const blobs = batch
    batch = []
    waiting = 0
    await sending
    sending = ask({ kind: "putBlobs", blobs })
    // A failure is reported by the await that follows, not as an unhandled rejection in between.
    sending.catch(() => {})
  }

  const storeSmall = async (bytes: Uint8Array, expected: string | undefined): Promise<StoredBlob> => {
    const hash = createHash("sha256").update(bytes).digest("hex")
    if (expected !== undefined && hash !== expected) throw mismatch(expected, hash)
    if (!isStored(hash)) {
      // A buffer of its own can move to the writer thread instead of being copied.
      batch.push(new Uint8Array(bytes))
      waiting += bytes.byteLength
      if (waiting >= batchBytes || batch.length >= batchBlobs) await send()
    }
    return { hash, size: bytes.byteLength }
  }

  const storeLarge = async (
    head: ReadonlyArray<Uint8Array>,
    rest: AsyncIterator<Uint8Array>,
    expected: string | undefined,
  ): Promise<StoredBlob> => {
    const upload = (await ask({ kind: "beginBlob" })) as number
    try {
      const digest = createHash("sha256")
      let size = 0
      let n = 0
      const put = async (bytes: Uint8Array): Promise<void> => {
        digest.update(bytes)
        size += bytes.byteLength
        await ask({ kind: "putChunk", upload, n: n++, bytes })
      }
      for await (const piece of inPieces(head, rest)) await put(piece)
      const hash = digest.digest("hex")
      if (expected !== undefined && hash !== expected) throw mismatch(expected, hash)
      await ask({ kind: "finishBlob", upload, hash, size })
      return { hash, size }
    } catch (error) {
      await ask({ kind: "abandonBlob", upload })
      throw error
    }
  }

  return {
    /**
     * Stores what the stream gives; throws what the stream throws, and then nothing of it is kept. With `expected`, bytes that do
     * not have this hash are refused.
     */
    store: async (content: AsyncIterable<Uint8Array>, expected?: string): Promise<StoredBlob> => {
      const iterator = content[Symbol.asyncIterator]()
      try {
        const parts: Array<Uint8Array> = []
        let size = 0
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
          parts.push(next.value)
          size += next.value.byteLength
          if (size > chunkBytes) return await storeLarge(parts, iterator, expected)
        }
        return await storeSmall(Buffer.concat(parts, size), expected)
      } finally {
        // Does nothing to a stream that has ended; one that could not be stored is closed.
        await iterator.return?.()
      }
    },
    /** Waits until everything is stored. */
    flush: async (): Promise<void> => {
      await send()
      await sending
    },
  }
}

const mismatch = (expected: string, actual: string): DeployRefused =>
  new DeployRefused({
    code: "HASH_MISMATCH",
    status: 400,
    message: `The bytes have the SHA-256 ${actual}, not ${expected}. Did the file change meanwhile?`,
  })

/** Cuts a stream, of which `head` has been read, into pieces of `chunkBytes`, each in a buffer of its own. */
async function* inPieces(head: ReadonlyArray<Uint8Array>, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(chunkBytes)
  let filled = 0
  function* pour(part: Uint8Array) {
    for (let at = 0; at < part.byteLength; ) {
      const taken = part.subarray(at, at + chunkBytes - filled)
      piece.set(taken, filled)
      filled += taken.byteLength
      at += taken.byteLength
      if (filled < chunkBytes) continue
      yield piece
      piece = new Uint8Array(chunkBytes)
      filled = 0
    }
  }
  for (const part of head) yield* pour(part)
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield* pour(next.value)
  if (filled > 0) yield piece.slice(0, filled)
}
