import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { progressBar, renderProgress } from "../../src/cli/progressBar.ts"
import { terminal } from "./terminal.ts"

const half = { label: "uploading", done: 600_000, total: 1_200_000, unit: "bytes", detail: "" } as const

describe("a line of progress", () => {
  it("says how far it is, as a bar, in per cent and in units", () => {
    expect(renderProgress(half)).toBe("uploading   ████████████░░░░░░░░░░░░   50%  600 kB of 1.2 MB")
    expect(renderProgress({ ...half, unit: "count", detail: "12 MB/s" })).toContain("600,000 of 1,200,000  12 MB/s")
  })

  it("is full, not more, when more was done than announced", () => {
    expect(renderProgress({ ...half, done: 2_000_000 })).toBe("uploading   ████████████████████████  100%  1.2 MB of 1.2 MB")
  })

  it("has no bar while the total is unknown", () => {
    expect(renderProgress({ ...half, total: 0 })).toBe("uploading   600 kB")
    expect(renderProgress({ ...half, total: 0, done: 0 })).toBe("uploading")
  })
})

describe("a progress bar", () => {
  it.scoped("is redrawn at most ten times a second, and only when something changed", () => {
    const screen = terminal(true)
    return Effect.gen(function* () {
      const bar = yield* progressBar
      bar.begin("hashing", 1000)
      for (let i = 0; i < 100; i++) bar.add(5)
      expect(screen.drawn).toEqual([])
      yield* TestClock.adjust("100 millis")
      expect(screen.drawn).toHaveLength(1)
      expect(screen.drawn[0]).toContain("500 of 1,000")
      yield* TestClock.adjust("1 second")
      expect(screen.drawn).toHaveLength(1)
      bar.update({ detail: "soon" })
      yield* TestClock.adjust("100 millis")
      expect(screen.drawn[1]).toContain("soon")
    }).pipe(Effect.provide(screen.layer))
  })

  it.effect("is gone when its work is over", () => {
    const screen = terminal(true)
    return Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const bar = yield* progressBar
          bar.begin("hashing", 10)
          yield* TestClock.adjust("100 millis")
        }),
      )
      expect(screen.drawn.at(-1)).toBe("")
    }).pipe(Effect.provide(screen.layer))
  })

  it.effect("leaves no trace when nothing was drawn, or where there is no terminal", () => {
    const screens = [terminal(true), terminal(false)] as const
    return Effect.gen(function* () {
      yield* Effect.scoped(progressBar).pipe(Effect.provide(screens[0].layer))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const bar = yield* progressBar
          bar.begin("hashing", 10)
          yield* TestClock.adjust("1 second")
        }),
      ).pipe(Effect.provide(screens[1].layer))
      expect(screens.map(({ drawn, noted, printed }) => [...drawn, ...noted, ...printed])).toEqual([[], []])
    })
  })
})
