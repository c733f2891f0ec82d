import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rateLimiter } from "../../../src/http/limits/rateLimiter.ts"

const minute = 60_000

/** How many of `count` requests at one moment are let through. */
const allowed = (limiter: ReturnType<typeof rateLimiter>, key: string, quota: number, now: number, count: number): number =>
  Array.from({ length: count }, () => limiter.take(key, quota, now)).filter((wait) => wait === 0).length

describe("a key", () => {
  for (const quota of [1, 2, 3, 7, 30, 600, 3000, 6000])
    it(`may use its whole quota of ${quota} at once, and not one more`, () => {
      for (const now of [0, 12_345.678_9, 8e9]) expect(allowed(rateLimiter(minute), "a", quota, now, quota + 10)).toBe(quota)
    })

  it("gets its quota back bit by bit", () => {
    const limiter = rateLimiter(minute)
    expect(allowed(limiter, "a", 60, 0, 100)).toBe(60)
    expect(limiter.take("a", 60, 0)).toBeCloseTo(1000)
    expect(limiter.take("a", 60, 400)).toBeCloseTo(600)
    expect(allowed(limiter, "a", 60, 1000, 100)).toBe(1)
    expect(allowed(limiter, "a", 60, 31_000, 100)).toBe(30)
    expect(allowed(limiter, "a", 60, 200_000, 100)).toBe(60)
  })

  it("is not charged for what is refused", () => {
    const limiter = rateLimiter(minute)
    allowed(limiter, "a", 60, 0, 60)
    for (let now = 0; now < 990; now++) limiter.take("a", 60, now)
    expect(limiter.take("a", 60, 1000)).toBe(0)
  })

  it("knows how many it has left", () => {
    const limiter = rateLimiter(minute)
    expect(limiter.left("a", 60, 0)).toBe(60)
    allowed(limiter, "a", 60, 0, 59)
    expect(limiter.left("a", 60, 0)).toBe(1)
    limiter.take("a", 60, 0)
    limiter.take("a", 60, 0)
    expect(limiter.left("a", 60, 0)).toBe(0)
    expect(limiter.left("a", 60, 30_000)).toBe(30)
    expect(limiter.left("a", 60, minute)).toBe(60)
  })

  it("is told how long to wait, and is let through then", () => {
    const limiter = rateLimiter(minute)
    allowed(limiter, "a", 7, 0, 7)
    const wait = limiter.take("a", 7, 100)
    expect(wait).toBeGreaterThan(0)
    expect(limiter.take("a", 7, 100 + wait - 10)).toBeGreaterThan(0)
    expect(limiter.take("a", 7, 100 + wait)).toBe(0)
  })

  it("does not count for another", () => {
    const limiter = rateLimiter(minute)
    allowed(limiter, "a", 5, 0, 10)
    expect(allowed(limiter, "b", 5, 0, 10)).toBe(5)
    expect(allowed(limiter, "__proto__", 5, 0, 10)).toBe(5)
  })

  it("has what a changed quota gives", () => {
    const limiter = rateLimiter(minute)
    allowed(limiter, "a", 10, 0, 10)
    expect(limiter.take("a", 10, 6000)).toBe(0)
    expect(allowed(limiter, "a", 100, 12_000, 100)).toBe(10)
    expect(limiter.take("a", 1, 12_000)).toBeGreaterThan(0)
  })
})

describe("memory", () => {
  it("is given back for those who have been away for as long as their quota takes to come back", () => {
    const limiter = rateLimiter(minute)
    for (let round = 0; round < 5; round++) {
      const now = round * 2.3 * minute
      // No turn of the maps gives anybody more than they are due.
      expect(allowed(limiter, "a", 10, now, 20)).toBe(10)
      expect(allowed(limiter, "a", 10, now + minute / 2, 20)).toBe(5)
      expect(allowed(limiter, "a", 10, now + minute - 100, 20)).toBe(4)
      expect(allowed(limiter, "a", 10, now + minute + 100, 20)).toBe(1)
    }
  })

  it("is bounded: more keys than that make others forgotten, which never refuses anybody", () => {
    const limiter = rateLimiter(minute, 100)
    allowed(limiter, "victim", 5, 0, 5)
    for (let i = 0; i < 50; i++) expect(limiter.take(`k${i}`, 5, 1)).toBe(0)
    expect(limiter.take("victim", 5, 2)).toBeGreaterThan(0)
    for (let i = 0; i < 1000; i++) expect(limiter.take(`l${i}`, 5, 3)).toBe(0)
    expect(limiter.left("victim", 5, 4)).toBe(5)
  })
})

it("never lets through more than its quota and what came back meanwhile, and never refuses what is due", () => {
  const steps = fc.array(fc.record({ key: fc.constantFrom("a", "b"), wait: fc.nat(20_000), count: fc.nat(15) }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), steps, (quota, all) => {
      const limiter = rateLimiter(minute)
      const tokens = new Map<string, { left: number; at: number }>()
      let now = 1000
      for (const { key, wait, count } of all) {
        now += wait
        const bucket = tokens.get(key) ?? { left: quota, at: now }
        const left = Math.min(quota, bucket.left + ((now - bucket.at) * quota) / minute)
        const passed = allowed(limiter, key, quota, now, count)
        expect(Math.abs(passed - Math.min(count, Math.floor(left + 0.001)))).toBeLessThanOrEqual(
          Math.abs(left - Math.round(left)) < 0.01 ? 1 : 0,
        )
        tokens.set(key, { left: left - passed, at: now })
      }
    }),
    { numRuns: 200 },
  )
})
