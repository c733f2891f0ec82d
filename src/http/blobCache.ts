import { type BlobReader, type Encoding, encodings } from "../events/blobs.ts"

/** Which precompressed forms a blob has. One object per blob for all who serve it, so that news reaches everybody. */
export interface Variants {
  /** The smallest first, as a rule. */
  available: ReadonlyArray<Encoding>
}

/** Variant lists that are remembered; each is small. */
const maxVariants = 100_000

/**
 * Blob bytes in memory, least recently used out first, bounded by `maxBytes`. Keyed by content, so nothing in it is ever stale.
 * Plain and synchronous: it is on the path of every request.
 */
export const blobCache = (blobs: Pick<BlobReader, "chunk" | "variant" | "variants">, maxBytes: number) => {
  const entries = new Map<string, Buffer>()
  const variants = new Map<string, Variants>()
  let bytes = 0
  let hits = 0
  let misses = 0

  const variantsOf = (hash: string): ReadonlyArray<Encoding> => {
    const stored = blobs.variants(hash)
    return encodings.filter((encoding) => stored.includes(encoding))
  }

  const get = (key: string, load: () => Buffer | undefined): Buffer | undefined => {
    const known = entries.get(key)
    if (known !== undefined) {
      hits++
      // Re-inserting makes it the youngest; the oldest are at the front.
      entries.delete(key)
      entries.set(key, known)
      return known
    }
    misses++
    const loaded = load()
    if (loaded !== undefined && loaded.byteLength <= maxBytes / 4) {
      entries.set(key, loaded)
      bytes += loaded.byteLength
      for (const [oldest, buffer] of entries) {
        if (bytes <= maxBytes) break
        entries.delete(oldest)
        bytes -= buffer.byteLength
      }
    }
    return loaded
  }

  return {
    maxBytes,
    /** A blob of at most one chunk. */
    whole: (hash: string): Buffer | undefined => get(hash, () => blobs.chunk(hash, 0)),
    /** Piece `n` of a blob of any size. */
    chunk: (hash: string, n: number): Buffer | undefined => get(n === 0 ? hash : `${hash}/${n}`, () => blobs.chunk(hash, n)),
    variant: (hash: string, encoding: Encoding): Buffer | undefined => get(`${hash}.${encoding}`, () => blobs.variant(hash, encoding)),
    variants: (hash: string): Variants => {
      const known = variants.get(hash)
      if (known !== undefined) return known
      const found: Variants = { available: variantsOf(hash) }
      if (variants.size >= maxVariants) variants.clear()
      variants.set(hash, found)
      return found
    },
    /** To be called when blobs have got new precompressed forms. */
    refreshVariants: (hashes: ReadonlyArray<string>): void => {
      for (const hash of hashes) {
        const known = variants.get(hash)
        if (known !== undefined) known.available = variantsOf(hash)
      }
    },
    stats: () => ({ entries: entries.size, bytes }),
    /** How often bytes were there when they were asked for, and how often not, since the start. */
    lookups: () => ({ hits, misses }),
  }
}

export type BlobCache = ReturnType<typeof blobCache>
