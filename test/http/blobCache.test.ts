import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Encoding } from "../../src/events/blobs.ts"
import { blobCache } from "../../src/http/blobCache.ts"

/** A cache over blobs named by their contents' length, which notes what is read from the cartridge. */
const cacheOf = (maxBytes: number) => {
  const read: Array<string> = []
  const stored = new Map<string, Array<Encoding>>()
  const cache = blobCache(
    {
      chunk: (hash, n) => {
        read.push(`${hash}/${n}`)
        return hash === "gone" ? undefined : Buffer.alloc(Number(hash.split("-")[0]), `${hash}/${n}`)
      },
      variant: (hash, encoding) => {
        read.push(`${hash}.${encoding}`)
        return Buffer.alloc(Number(hash.split("-")[0]), encoding)
      },
      variants: (hash) => stored.get(hash) ?? [],
    },
    maxBytes,
  )
  return { cache, read, stored }
}

describe("the blob cache", () => {
  it("reads a blob once, for whichever site asks", () => {
    const { cache, read } = cacheOf(100)
    const first = cache.whole("10")
    expect(cache.whole("10")).toBe(first)
    expect(cache.chunk("10", 0)).toBe(first)
    expect(read).toEqual(["10/0"])
  })

  it("keeps a blob's pieces and its compressed forms apart", () => {
    const { cache, read } = cacheOf(100)
    const all = () => [cache.chunk("10", 0), cache.chunk("10", 1), cache.variant("10", "br"), cache.variant("10", "gzip")].map(String)
    const before = all()
    expect(new Set(before).size).toBe(4)
    expect(all()).toEqual(before)
    expect(read).toEqual(["10/0", "10/1", "10.br", "10.gzip"])
    expect(cache.stats()).toEqual({ entries: 4, bytes: 40 })
  })

  it("lets go of what has not been asked for the longest", () => {
    const { cache, read } = cacheOf(40)
    for (const hash of ["10-a", "10-b", "10-c", "10-d", "10-a", "10-e"]) cache.whole(hash)
    read.length = 0
    for (const hash of ["10-e", "10-a", "10-d", "10-c", "10-b"]) cache.whole(hash)
    expect(read).toEqual(["10-b/0"])
  })

  it("does not let one large blob push everything else out", () => {
    const { cache, read } = cacheOf(40)
    for (const hash of ["10-a", "10-b", "10-c", "11-large", "11-large", "10-a", "10-b", "10-c"]) cache.whole(hash)
    expect(read).toEqual(["10-a/0", "10-b/0", "10-c/0", "11-large/0", "11-large/0"])
    expect(cache.stats()).toEqual({ entries: 3, bytes: 30 })
  })

  it("does not remember that a blob is missing", () => {
    const { cache, read } = cacheOf(40)
    expect([cache.whole("gone"), cache.whole("gone"), read.length]).toEqual([undefined, undefined, 2])
  })

  it("works without any memory", () => {
    const { cache } = cacheOf(0)
    expect(cache.whole("10")?.byteLength).toBe(10)
    expect(cache.stats()).toEqual({ entries: 0, bytes: 0 })
  })

  it("never holds more bytes than allowed, and always answers with the right ones", () => {
    const hash = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom("a", "b", "c")).map((parts) => parts.join("-"))
    const step = fc.record({
      hash,
      n: fc.integer({ min: 0, max: 2 }),
      encoding: fc.constantFrom(undefined, "br" as const, "zstd" as const),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 200 }), (steps, maxBytes) => {
        const { cache } = cacheOf(maxBytes)
        const { cache: uncached } = cacheOf(0)
        for (const { hash, n, encoding } of steps) {
          const ask = (from: typeof cache) => (encoding === undefined ? from.chunk(hash, n) : from.variant(hash, encoding))
          expect(ask(cache)).toEqual(ask(uncached))
          expect(cache.stats().bytes).toBeLessThanOrEqual(maxBytes)
        }
      }),
      { numRuns: 200 },
    )
  })

  it("hears of compressed forms that are made later, also where the list is held already, and prefers the smaller ones", () => {
    const { cache, stored } = cacheOf(0)
    const held = cache.variants("10")
    expect(held.available).toEqual([])
    stored.set("10", ["br", "gzip", "zstd"])
    cache.refreshVariants(["11", "10"])
    expect(held.available).toEqual(["br", "zstd", "gzip"])
    expect(cache.variants("10")).toBe(held)
  })
})
