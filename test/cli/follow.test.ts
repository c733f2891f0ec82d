import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { CliError } from "../../src/cli/errors.ts"
import { eventStreamReader, type ServerSentEvent } from "../../src/cli/eventStream.ts"
import { exitCodes } from "../../src/cli/exitCodes.ts"
import { followEvents } from "../../src/cli/follow.ts"
import { problemOf } from "../../src/cli/problem.ts"
import type { Answer } from "./fakeServer.ts"
import { fakeServer } from "./fakeServer.ts"
import { terminal } from "./terminal.ts"

describe("a stream of Server-Sent Events", () => {
  const streams: ReadonlyArray<readonly [text: string, events: ReadonlyArray<ServerSentEvent>]> = [
    ["data: a\n\n", [{ id: "", event: "message", data: "a" }]],
    [
      "data:a\n\ndata:  b\n\n",
      [
        { id: "", event: "message", data: "a" },
        { id: "", event: "message", data: " b" },
      ],
    ],
    [
      "id: 7\nevent: end\ndata: a\ndata: b\n\ndata: c\n\n",
      [
        { id: "7", event: "end", data: "a\nb" },
        { id: "7", event: "message", data: "c" },
      ],
    ],
    [": beat\nid: 8\n\nretry: 2000\n\ndata: ž€😀\n\n", [{ id: "8", event: "message", data: "ž€😀" }]],
    ["event: x\n\ndata\n\n", [{ id: "", event: "message", data: "" }]],
    ["data: a\r\n\r\ndata: b", [{ id: "", event: "message", data: "a" }]],
    ["data: never ended\n", []],
  ]
  it.each(streams)("is read the same however it comes: %j", (text, events) => {
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 2, 3, 1000]) {
      const read = eventStreamReader()
      const found: Array<ServerSentEvent> = []
      for (let i = 0; i < bytes.length; i += size) found.push(...read(bytes.subarray(i, i + size)))
      expect(found).toEqual(events)
    }
  })
})

describe("following", () => {
  const unreachable = new CliError({ code: "UNREACHABLE", message: "gone", exitCode: exitCodes.unreachable })
  const entry = (seq: number) => {
    const text = { id: "e", at: "2026-01-02T03:04:05.000Z", stream: "config", type: "v1.ConfigSet", actor: "owner", cause: "c", hash: "" }
    return `id: ${seq}\ndata: ${JSON.stringify({ ...text, seq, site: null, version: 1, data: null })}\n\n`
  }

  /** Follows a server that gives these answers, one after the other and the last for ever, for so many seconds. */
  const following = (seconds: number, answers: ReadonlyArray<Answer | CliError>) => {
    const screen = terminal()
    const shown: Array<number> = []
    const asked: Array<string | null> = []
    const work = Effect.gen(function* () {
      const server = fakeServer(({ query }) => {
        asked.push(query.get("after"))
        const answer = answers[Math.min(asked.length, answers.length) - 1]!
        if (answer instanceof CliError) throw answer
        return answer
      })
      const http = {
        ...server.http,
        execute: (request: never) => Effect.catchAllDefect(server.http.execute(request), (defect) => Effect.fail(defect as CliError)),
      }
      const show = (entries: ReadonlyArray<{ readonly seq: number }>) =>
        Effect.sync(() => void shown.push(...entries.map(({ seq }) => seq)))
      const fiber = yield* Effect.fork(
        followEvents({ server: { ...server, http: http as typeof server.http }, after: 3, filter: {}, show }),
      )
      for (let i = 0; i < seconds * 10; i++) {
        yield* TestClock.adjust("100 millis")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      const ended = yield* Fiber.poll(fiber)
      yield* Fiber.interrupt(fiber)
      return { shown, asked, noted: screen.noted, ended }
    })
    return Effect.provide(work, screen.layer)
  }

  it.effect("waits for a server that is gone, says so once, and goes on where it was", () =>
    Effect.gen(function* () {
      const { shown, asked, noted } = yield* following(12, [
        { events: entry(4) + entry(5) },
        unreachable,
        unreachable,
        unreachable,
        { events: entry(6) },
        unreachable,
        unreachable,
        { events: new ReadableStream() },
      ])
      expect(shown).toEqual([4, 5, 6])
      expect(asked).toEqual(["3", "5", "5", "5", "5", "6", "6", "6"])
      expect(noted).toEqual(["no server answers, waiting for one …", "no server answers, waiting for one …"])
    }),
  )

  it.effect("begins anew when nothing has been heard for a while, not even that the server is there", () =>
    Effect.gen(function* () {
      expect((yield* following(44, [{ events: new ReadableStream() }])).asked).toHaveLength(1)
      expect((yield* following(50, [{ events: new ReadableStream() }, { events: new ReadableStream() }])).asked).toHaveLength(2)
    }),
  )

  it.effect("goes on behind what the server has looked at, where nothing of it was meant", () =>
    Effect.gen(function* () {
      const { asked, shown } = yield* following(3, [
        { events: 'id: 90\nevent: caught_up\ndata: {"seq":90}\n\n' },
        { events: new ReadableStream() },
      ])
      expect([asked, shown]).toEqual([["3", "90"], []])
    }),
  )

  const refused = { code: "INVALID_API_KEY", message: "This API key has been revoked." }
  const refusals: ReadonlyArray<readonly [answer: Answer]> = [
    [{ status: 401, body: { error: refused } }],
    [{ events: `${entry(4)}event: end\ndata: ${JSON.stringify({ status: 401, error: refused })}\n\n` }],
  ]
  it.effect.each(refusals)("ends with what the server refuses: %j", ([answer]) =>
    Effect.gen(function* () {
      const { ended, shown } = yield* following(1, [answer])
      expect(shown).toEqual(answer.events === undefined ? [] : [4])
      const exit = ended._tag === "Some" ? ended.value : undefined
      const failure = exit?._tag === "Failure" && exit.cause._tag === "Fail" ? exit.cause.error : undefined
      expect(problemOf(failure)).toMatchObject({ ...refused, exitCode: exitCodes.notAuthorised })
    }),
  )

  it.effect("ends where something else than the API answers", () =>
    Effect.gen(function* () {
      const { ended } = yield* following(1, [{ body: { data: [] } }])
      expect(JSON.stringify(ended)).toContain("NOT_THE_API")
    }),
  )
})
