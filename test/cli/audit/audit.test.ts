import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { newest } from "../../../src/cli/audit/audit.ts"
import type { Filters } from "../../../src/cli/audit/filters.ts"
import { follow } from "../../../src/cli/audit/follow.ts"
import { fakeServer } from "../fakeServer.ts"
import { terminal } from "../terminal.ts"

const none: Filters = {
  site: Option.none(),
  stream: Option.none(),
  type: Option.none(),
  actor: Option.none(),
  since: Option.none(),
  until: Option.none(),
}

const event = (seq: number) => ({
  seq,
  id: `e${seq}`,
  at: "2026-01-02T03:04:05.000Z",
  site: null,
  stream: "config",
  version: seq,
  type: "v1.ConfigSet",
  actor: "owner",
  cause: "c",
  data: { key: "\x1b[31m" },
  hash: "0".repeat(64),
})

describe("the newest events", () => {
  const log = (length: number, asked: Array<string>) =>
    fakeServer(({ query }) => {
      asked.push(query.toString())
      const before = Number(query.get("before") ?? length + 1)
      const count = Math.min(Number(query.get("limit")), before - 1)
      const data = Array.from({ length: count }, (_, index) => event(before - 1 - index))
      const last = before - count
      return { body: { data, meta: { next: last > 1 ? String(last) : null } } }
    })

  it.effect("come oldest first, over as many pages as they need", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const entries = yield* newest(yield* log(3000, asked), { ...none, site: Option.some("hello") }, 2500)
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 2500 }, (_, index) => 501 + index))
      expect(asked).toEqual([
        "site=hello&wait=0&limit=1000",
        "site=hello&before=2001&wait=0&limit=1000",
        "site=hello&before=1001&wait=0&limit=500",
      ])
    }),
  )

  it.effect("are all there are when more are asked for", () =>
    Effect.gen(function* () {
      expect(yield* newest(yield* log(3, []), none, 50)).toHaveLength(3)
      expect(yield* newest(yield* log(0, []), none, 50)).toEqual([])
    }),
  )
})

describe("following", () => {
  /** Answers two events, then one, then nothing for ever. */
  const following = (json: boolean) => {
    const screen = terminal()
    const asked: Array<string | null> = []
    const work = Effect.gen(function* () {
      const server = yield* fakeServer(({ query }) => {
        asked.push(query.get("after"))
        const batch = asked.length === 1 ? [event(8), event(9)] : asked.length === 2 ? [event(10)] : []
        return { body: { data: batch, meta: { next: null } } }
      })
      const fiber = yield* Effect.fork(follow(server, none, json, 7))
      while (asked.length < 5) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      return { printed: screen.printed.join("\n").split("\n"), asked: asked.slice(0, 5) }
    })
    return Effect.provide(work, screen.layer)
  }

  it.effect("asks on from the last event it has seen", () =>
    Effect.gen(function* () {
      const { asked, printed } = yield* following(false)
      expect(asked).toEqual(["7", "9", "10", "10", "10"])
      expect(printed.map((line) => Number(line.trim().split(/\s+/)[0]))).toEqual([8, 9, 10])
    }),
  )

  it.effect("prints one JSON object a line for programs, and nothing dangerous for people", () =>
    Effect.gen(function* () {
      const { printed } = yield* following(true)
      expect(printed.map((line) => JSON.parse(line))).toEqual([event(8), event(9), event(10)])
      expect((yield* following(false)).printed.join("")).not.toContain("\x1b")
    }),
  )
})
