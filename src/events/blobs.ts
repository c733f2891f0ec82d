import type { Sqlite } from "./cartridge.ts"
import { sha256Hex } from "./chain.ts"

/** Blobs over this many bytes are stored and read in pieces of this size, so that no request holds a large file in memory. */
export const chunkBytes = 1024 * 1024

/** Content encodings that blobs are precompressed to. */
export const encodings = ["br", "zstd", "gzip"] as const
export type Encoding = (typeof encodings)[number]

export interface Variant {
  readonly hash: string
  readonly encoding: Encoding
  /** `null`: tried, and not worth keeping. */
  readonly bytes: Uint8Array | null
}

/** Reading blobs over any connection. Plain and synchronous. */
export const blobReader = (db: Sqlite) => {
  const whole = db.prepare<[string], { size: number; upload: number | null; bytes: Buffer | null }>(
    "SELECT size, upload, bytes FROM blobs WHERE hash = ?",
  )
  const chunk = db.prepare<[number, number], Buffer>("SELECT bytes FROM blob_chunks WHERE upload = ? AND n = ?").pluck()
  const upload = db.prepare<[string], number | null>("SELECT upload FROM blobs WHERE hash = ?").pluck()
  const size = db.prepare<[string], number>("SELECT size FROM blobs WHERE hash = ?").pluck()
  const absent = db
    .prepare<[string], string>("SELECT DISTINCT value FROM json_each(?) WHERE value NOT IN (SELECT hash FROM blobs) ORDER BY value")
    .pluck()
  const variant = db.prepare<[string, string], Buffer | null>("SELECT bytes FROM blob_variants WHERE hash = ? AND encoding = ?").pluck()
  const variants = db.prepare<[string], Encoding>("SELECT encoding FROM blob_variants WHERE hash = ? AND bytes IS NOT NULL").pluck()

  return {
    size: (hash: string): number | undefined => size.get(hash),
    /** Piece `n` of a blob: all of it when it is no larger than `chunkBytes`. */
    chunk: (hash: string, n: number): Buffer | undefined => {
      const id = upload.get(hash)
      if (id === undefined) return undefined
      return id === null ? (n === 0 ? (whole.get(hash)?.bytes ?? undefined) : undefined) : chunk.get(id, n)
    },
    /** The whole blob in memory: for small ones such as manifests. */
    bytes: (hash: string): Buffer | undefined => {
      const row = whole.get(hash)
      if (row === undefined || row.upload === null) return row?.bytes ?? undefined
      const parts: Array<Buffer> = []
      for (let part = chunk.get(row.upload, 0); part !== undefined; part = chunk.get(row.upload, parts.length)) parts.push(part)
      return Buffer.concat(parts, row.size)
    },
    /** Those of the given hashes that are not stored, each once. */
    absent: (hashes: ReadonlyArray<string>): ReadonlyArray<string> => absent.all(JSON.stringify(hashes)),
    variants: (hash: string): ReadonlyArray<Encoding> => variants.all(hash),
    variant: (hash: string, encoding: Encoding): Buffer | undefined => variant.get(hash, encoding) ?? undefined,
    /** Whether this encoding was tried, kept or not. */
    isTried: (hash: string, encoding: Encoding): boolean => variant.get(hash, encoding) !== undefined,
  }
}

export type BlobReader = ReturnType<typeof blobReader>

/** Writing blobs, inside a transaction that the caller holds. Storing a blob twice changes nothing. */
export const blobWriter = (db: Sqlite) => {
  const insert = db.prepare("INSERT INTO blobs (hash, size, upload, bytes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
  const insertChunk = db.prepare("INSERT INTO blob_chunks (upload, n, bytes) VALUES (?, ?, ?)")
  const dropChunks = db.prepare("DELETE FROM blob_chunks WHERE upload = ?")
  const dropAbandoned = db.prepare("DELETE FROM blob_chunks WHERE upload NOT IN (SELECT upload FROM blobs WHERE upload IS NOT NULL)")
  const stored = db.prepare<[number], number>("SELECT coalesce(sum(length(bytes)), 0) FROM blob_chunks WHERE upload = ?").pluck()
  const stage = db.prepare("INSERT INTO blob_staging (hash, at) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET at = excluded.at")
  const restage = db.prepare("UPDATE blob_staging SET at = ? WHERE hash = ?")
  const unstage = db.prepare("DELETE FROM blob_staging WHERE hash = ?")
  const dropStagedVariants = db.prepare("DELETE FROM blob_variants WHERE hash IN (SELECT hash FROM blob_staging WHERE at < ?)")
  const dropStagedChunks = db.prepare(
    "DELETE FROM blob_chunks WHERE upload IN (SELECT upload FROM blobs JOIN blob_staging USING (hash) WHERE at < ? AND upload IS NOT NULL)",
  )
  const dropStaged = db.prepare("DELETE FROM blobs WHERE hash IN (SELECT hash FROM blob_staging WHERE at < ?)")
  const forgetStaged = db.prepare("DELETE FROM blob_staging WHERE at < ?")
  const insertVariant = db.prepare(
    "INSERT INTO blob_variants (hash, encoding, bytes) SELECT hash, ?, ? FROM blobs WHERE hash = ? ON CONFLICT DO NOTHING",
  )
  let nextUpload = db.prepare("SELECT coalesce(max(upload), 0) + 1 FROM blob_chunks").pluck().get() as number

  /** A new blob is staged; one that is sent again while staged gets its time anew; one that is in use is left alone. */
  const noteSent = (isNew: boolean, hash: string, now: number): void => {
    if (isNew) stage.run(hash, now)
    else restage.run(now, hash)
  }

  const sweepStaged = (before: number): void => {
    dropStagedVariants.run(before)
    dropStagedChunks.run(before)
    dropStaged.run(before)
    forgetStaged.run(before)
  }

  const put = (bytes: Uint8Array, now: number): string => {
    if (bytes.byteLength > chunkBytes) throw new RangeError(`A blob over ${chunkBytes} bytes is stored in chunks.`)
    const hash = sha256Hex(bytes)
    noteSent(insert.run(hash, bytes.byteLength, null, bytes).changes > 0, hash, now)
    return hash
  }

  const finish = (upload: number, hash: string, size: number, now: number): void => {
    if (stored.get(upload) !== size) throw new Error(`The upload of ${hash} lacks some of its ${size} bytes.`)
    const isNew = insert.run(hash, size, upload, null).changes > 0
    if (!isNew) dropChunks.run(upload)
    noteSent(isNew, hash, now)
  }

  return {
    ...blobReader(db),
    /** Stores a blob of at most `chunkBytes` and returns its hash. Until `keep`, it is only staged. */
    put,
    /** Stores a blob of any size that is in memory as a whole, in chunks if it is large. Staged like any other. */
    putWhole: (bytes: Uint8Array, now: number): string => {
      if (bytes.byteLength <= chunkBytes) return put(bytes, now)
      const upload = nextUpload++
      for (let n = 0; n * chunkBytes < bytes.byteLength; n++)
        insertChunk.run(upload, n, bytes.subarray(n * chunkBytes, (n + 1) * chunkBytes))
      const hash = sha256Hex(bytes)
      finish(upload, hash, bytes.byteLength, now)
      return hash
    },
    /** Begins a large blob; its chunks are invisible until `finish`. */
    begin: (): number => nextUpload++,
    putChunk: (upload: number, n: number, bytes: Uint8Array): void => {
      insertChunk.run(upload, n, bytes)
    },
    /** Makes the chunks of an upload the blob `hash`. The caller has hashed them as they passed. */
    finish,
    abandon: (upload: number): void => {
      dropChunks.run(upload)
    },
    /** A deploy uses these blobs: they stay for good. */
    keep: (hashes: ReadonlyArray<string>): void => {
      for (const hash of hashes) unstage.run(hash)
    },
    /** Removes blobs that were staged before `before` and that no deploy has come to use. */
    sweepStaged,
    /** The same at start, when no upload can be under way: also what uploads left behind that never finished, as after a crash. */
    sweep: (before: number): void => {
      dropAbandoned.run()
      sweepStaged(before)
    },
    putVariant: ({ hash, encoding, bytes }: Variant): void => {
      insertVariant.run(encoding, bytes, hash)
    },
  }
}

export type BlobWriter = ReturnType<typeof blobWriter>
