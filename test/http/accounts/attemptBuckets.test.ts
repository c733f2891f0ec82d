import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { attemptBuckets } from "../../../src/http/accounts/attemptBuckets.ts"

const setUp = (more: { readonly limit?: number; readonly most?: number } = {}) => {
  const clock = { now: 0 }
  return { clock, buckets: attemptBuckets({ limit: 3, windowMs: 100, most: 10, now: () => clock.now, ...more }) }
}

const times = (count: number, action: () => unknown): void => {
  for (let i = 0; i < count; i++) action()
}

describe("buckets of attempts", () => {
  it("are full at their limit, until the first attempts are out of the window", () => {
    const { clock, buckets } = setUp()
    for (const at of [0, 10, 20]) {
      clock.now = at
      expect(buckets.waitMs("a")).toBe(0)
      buckets.count("a")
    }
    expect(buckets.waitMs("a")).toBe(80)
    expect(buckets.waitMs("b")).toBe(0)
    clock.now = 99
    expect(buckets.waitMs("a")).toBe(1)
    clock.now = 100
    expect(buckets.waitMs("a")).toBe(0)
    buckets.count("a")
    expect(buckets.waitMs("a")).toBe(10)
  })

  it("take off one attempt, once", () => {
    const { buckets } = setUp()
    const [one] = [buckets.count("a"), buckets.count("a"), buckets.count("a")]
    expect(buckets.waitMs("a")).toBeGreaterThan(0)
    one()
    expect(buckets.waitMs("a")).toBe(0)
    buckets.count("a")
    expect(buckets.waitMs("a")).toBeGreaterThan(0)
  })

  it("keep nothing of a key whose attempts are taken off, over or cleared", () => {
    const { clock, buckets } = setUp()
    buckets.count("a")()
    expect(buckets.size()).toBe(0)
    const late = buckets.count("a")
    buckets.clear("a")
    expect(buckets.size()).toBe(0)
    late()
    buckets.count("a")
    clock.now = 100
    expect(buckets.waitMs("a")).toBe(0)
    expect(buckets.size()).toBe(0)
  })

  it("stay within their number, whatever keys come", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 30 }))), (steps) => {
        const { clock, buckets } = setUp()
        for (const [key, wait] of steps) {
          clock.now += wait
          if (buckets.waitMs(`${key}`) === 0) buckets.count(`${key}`)
          expect(buckets.size()).toBeLessThanOrEqual(10)
        }
      }),
    )
  })

  it("with room for all are what a list of attempts would be", () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 60 }),
      key: fc.constantFrom("a", "b"),
      what: fc.constantFrom("count", "count", "count", "take off", "clear"),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, buckets } = setUp()
        let made: Array<{ readonly key: string; readonly at: number; readonly takeOff: () => void }> = []
        for (const { wait, key, what } of steps) {
          clock.now += wait
          made = made.filter(({ at }) => at > clock.now - 100)
          const own = made.filter((attempt) => attempt.key === key)
          expect(buckets.waitMs(key)).toBe(own.length < 3 ? 0 : own[0]!.at + 100 - clock.now)
          if (what === "clear") {
            buckets.clear(key)
            made = made.filter((attempt) => attempt.key !== key)
          } else if (what === "count") {
            if (own.length < 3) made.push({ key, at: clock.now, takeOff: buckets.count(key) })
          } else if (own.length > 0) {
            own[0]!.takeOff()
            made = made.filter((attempt) => attempt !== own[0])
          }
          expect(buckets.size()).toBeLessThanOrEqual(2)
        }
        clock.now += 100
        for (const key of ["a", "b"]) expect(buckets.waitMs(key)).toBe(0)
        expect(buckets.size()).toBe(0)
      }),
    )
  })

  it("are not wiped by a flood of keys that are used once", () => {
    const { buckets } = setUp()
    times(2, () => buckets.count("guarded"))
    for (let i = 0; i < 1000; i++) buckets.count(`flood ${i}`)
    buckets.count("guarded")
    expect(buckets.waitMs("guarded")).toBeGreaterThan(0)
  })

  it("are wiped only by as many attempts under every other key", () => {
    const { buckets } = setUp({ limit: 50, most: 10 })
    times(20, () => buckets.count("guarded"))
    let attempts = 0
    /** The best that can be done: all other buckets grow evenly. */
    const isGuarded = (): boolean => {
      const takeBack: Array<() => void> = []
      let left = 0
      for (; buckets.waitMs("guarded") === 0; left++) takeBack.push(buckets.count("guarded"))
      for (const take of takeBack) take()
      return left < 50
    }
    for (let round = 0; round < 50 && isGuarded(); round++)
      for (let key = 0; key < 10; key++) {
        buckets.count(`flood ${key}`)
        attempts++
      }
    expect(attempts).toBeGreaterThanOrEqual(20 * 9)
  })

  it("make room by forgetting what is over first", () => {
    const { clock, buckets } = setUp({ most: 3 })
    times(3, () => buckets.count("old"))
    clock.now = 60
    for (const key of ["a", "b"]) buckets.count(key)
    clock.now = 120
    buckets.count("c")
    times(2, () => buckets.count("a"))
    expect(buckets.waitMs("a")).toBe(40)
    expect(buckets.size()).toBe(3)
  })
})
