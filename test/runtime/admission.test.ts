import { describe, expect, it } from "vitest"
import { type AdmissionLimits, SiteLoad } from "../../src/runtime/admission.ts"

const limits: AdmissionLimits = { concurrency: 10, queue: 5, cpuPerSecond: 100 }

/** A site whose requests took so many milliseconds each, one every `every` milliseconds from 0 on. */
const loadOf = (times: ReadonlyArray<number>, every = 0): SiteLoad => {
  const load = new SiteLoad()
  for (const [i, ms] of times.entries()) load.spent(ms, i * every, limits)
  return load
}

describe("a site is slow", () => {
  it.each([
    ["when nothing is known of it", [], true],
    ["when little is known of it", [0.1], true],
    ["not when its requests are quick", [0.1, 0.1], false],
    ["when they take long", [20, 20], true],
    ["not when one of many takes long", [...Array(10).fill(1), 30], false],
    ["when one of many takes very long", [...Array(10).fill(1), 100], true],
    ["not any more when they have been quick for a while", [100, ...Array(15).fill(0.5)], false],
  ])("%s", (_, times, isSlow) => {
    expect(loadOf(times).isSlow).toBe(isSlow)
  })
})

describe("a request is refused", () => {
  it.each([
    ["not while there is room in the queue", 14, undefined],
    ["when as many run and wait as may", 15, { status: 429, code: "RATE_LIMIT_EXCEEDED", retryAfter: 1 }],
    ["when there are more than that", 1000, { status: 429 }],
  ])("%s", (_, open, refusal) => {
    const found = new SiteLoad().refusal(0, open, limits)
    if (refusal === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject(refusal)
  })

  it("when a slow site has used up its processor time, until it has some again", () => {
    // Five seconds' worth at once: 500 ms.
    const load = loadOf([100, 100, 100, 100, 100, 100])
    load.spent(150, 0, limits)
    expect(load.refusal(0, 0, limits)).toMatchObject({ status: 429, code: "RATE_LIMIT_EXCEEDED" })
    const { retryAfter } = load.refusal(0, 0, limits)!
    expect(retryAfter).toBeGreaterThanOrEqual(1)
    expect(load.refusal(retryAfter * 1000 + 1, 0, limits)).toBeUndefined()
  })

  it("never for its processor time when the site is quick, or when there is no limit", () => {
    const quick = loadOf(Array(5000).fill(1))
    expect(quick.refusal(0, 0, limits)).toBeUndefined()
    const slow = new SiteLoad()
    for (let i = 0; i < 100; i++) slow.spent(100, 0, { ...limits, cpuPerSecond: 0 })
    expect(slow.refusal(0, 0, { ...limits, cpuPerSecond: 0 })).toBeUndefined()
  })

  it("not when a slow site stays within its processor time", () => {
    const load = new SiteLoad()
    for (let second = 0; second < 600; second++) {
      expect(load.refusal(second * 1000, 0, limits)).toBeUndefined()
      load.spent(95, second * 1000, limits)
    }
  })

  it("in the long run so that a slow site gets its share and no more", () => {
    const load = new SiteLoad()
    let used = 0
    for (let at = 0; at < 100_000; at += 10) {
      if (load.refusal(at, 0, limits) !== undefined) continue
      load.spent(50, at, limits)
      used += 50
    }
    expect(used).toBeGreaterThan(9_500)
    expect(used).toBeLessThan(11_000)
  })

  it("and what work after the answer takes counts, too", () => {
    const load = loadOf([100, 100])
    load.spentAfterwards(10_000, 0, limits)
    expect(load.refusal(0, 0, limits)).toMatchObject({ status: 429 })
  })

  it("for a site that has never taken long only once it does, whatever came before", () => {
    const load = loadOf(Array(1000).fill(1), 1)
    load.spent(100, 2000, limits)
    expect(load.refusal(2000, 0, limits)).toBeUndefined()
  })
})

describe("a site whose code hangs", () => {
  const strikes = (times: ReadonlyArray<number>): SiteLoad => {
    const load = new SiteLoad()
    for (const at of times) load.strike(at)
    return load
  }

  it.each([
    ["twice is let in", [0, 100], 200, undefined],
    ["three times within a minute is not", [0, 20_000, 40_000], 40_000, 30],
    ["is told how long it is still to wait", [0, 0, 0], 12_300, 18],
    ["is let in half a minute after", [0, 20_000, 40_000], 70_000, undefined],
    ["three times in more than a minute is let in", [0, 40_000, 80_000], 80_000, undefined],
    ["once after a suspension is let in", [0, 0, 0, 31_000], 31_000, undefined],
    ["three times again is not", [0, 0, 0, 31_000, 31_000, 31_000], 31_000, 30],
  ])("%s", (_, times, now, retryAfter) => {
    const refusal = strikes(times).refusal(now, 0, limits)
    if (retryAfter === undefined) expect(refusal).toBeUndefined()
    else expect(refusal).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE", retryAfter })
  })

  it("belongs into the slow lane, however quick it was", () => {
    const load = loadOf(Array(100).fill(0.1))
    load.strike(0)
    expect(load.isSlow).toBe(true)
  })
})
