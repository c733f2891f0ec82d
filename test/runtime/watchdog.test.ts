import { describe, expect, it } from "vitest"
import { watchdog } from "../../src/runtime/watchdog.ts"

describe("the watchdog, which looks at a thread every ten milliseconds,", () => {
  /** Looks at a job that began at 0: `share` is how much of the processor its thread gets. Gives when it is found to hang. */
  const hangsAfter = (share: number, limitMs: number, untilMs = 30_000): number | undefined => {
    let at = 0
    const hangs = watchdog(() => at * share)
    for (at = 10; at <= untilMs; at += 10) if (hangs({ job: 1, ms: at }, limitMs)) return at
    return undefined
  }

  it.each([
    ["gives a thread that has a processor to itself its limit and a little more", 1, 100, 140],
    ["waits twice as long for one that gets half of a processor", 0.5, 100, 260],
    ["waits for one that hardly ever runs until the whole machine must be stuck", 0.001, 100, 10_110],
  ])("%s", (_, share, limitMs, expected) => {
    const at = hangsAfter(share, limitMs)
    expect(at).toBeGreaterThan(limitMs + 30)
    expect(Math.abs(at! - expected)).toBeLessThanOrEqual(30)
  })

  it("does not add up what short jobs one after another take", () => {
    let at = 0
    const hangs = watchdog(() => at)
    for (at = 10; at < 5000; at += 10) expect(hangs({ job: at, ms: 12 }, 100)).toBe(false)
  })

  it("begins anew with each step of one job", () => {
    let at = 0
    const hangs = watchdog(() => at)
    for (at = 10; at < 5000; at += 10) expect(hangs({ job: 1, ms: at % 90 }, 100)).toBe(false)
  })

  it("goes by the time on the wall where no other clock is to be had", () => {
    const hangs = watchdog(() => undefined)
    expect([10, 50, 120, 130, 131].map((ms) => hangs({ job: 1, ms }, 100))).toEqual([false, false, false, false, true])
  })
})
