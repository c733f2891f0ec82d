import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
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
      return { body: { data, meta: { limit: count, next: last > 1 ? String(last) : null } } }
    })

  it.effect("come oldest first, over as many pages as they need", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const entries = yield* newest(log(3000, asked), { ...none, site: Option.some("hello") }, 2500)
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
      expect(yield* newest(log(3, []), none, 50)).toHaveLength(3)
      expect(yield* newest(log(0, []), none, 50)).toEqual([])
    }),
  )
})

describe("following", () => {
  const sent = (...seqs: ReadonlyArray<number>): string => seqs.map((seq) => `id: ${seq}\ndata: ${JSON.stringify(event(seq))}\n\n`).join("")

  /** Sends two events, then one, then nothing for ever. */
  const following = (json: boolean, filters: Partial<Filters> = {}) => {
    const screen = terminal()
    const asked: Array<string> = []
    const work = Effect.gen(function* () {
      const server = fakeServer(({ path, query }) => {
        asked.push(`${path}?${query}`)
        return { events: asked.length === 1 ? sent(8, 9) : asked.length === 2 ? `: beat\n\n${sent(10)}` : "" }
      })
      const fiber = yield* Effect.fork(follow(server, { ...none, ...filters }, json, 7))
      while (asked.length < 4) yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      return { printed: screen.printed.join("\n").split("\n"), asked }
    })
    return Effect.provide(work, screen.layer)
  }

  it.effect("goes on from the last event it has seen whenever the connection ends", () =>
    Effect.gen(function* () {
      const { asked, printed } = yield* following(false)
      expect(asked).toEqual([7, 9, 10, 10].map((after) => `/api/events/live?after=${after}`))
      expect(printed.map((line) => Number(line.trim().split(/\s+/)[0]))).toEqual([8, 9, 10])
    }),
  )

  it.effect("asks for what is meant, and keeps to the times itself", () =>
    Effect.gen(function* () {
      const filters = {
        site: Option.some("shop"),
        type: Option.some("SiteDeployed"),
        stream: Option.some("a/b"),
        actor: Option.some("key:1"),
      }
      const { asked } = yield* following(true, filters)
      expect(asked[0]).toBe("/api/events/live?site=shop&stream=a%2Fb&type=SiteDeployed&actor=key%3A1&after=7")
      const times: ReadonlyArray<readonly [times: Partial<Filters>, shows: boolean]> = [
        [{ since: Option.some("2026-01-01") }, true],
        [{ since: Option.some("2026-01-03") }, false],
        [{ until: Option.some("2026-01-03") }, true],
        [{ until: Option.some("2026-01-02") }, false],
      ]
      for (const [given, shows] of times) expect((yield* following(true, given)).printed.join("") !== "").toBe(shows)
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
