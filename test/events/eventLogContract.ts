import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Exit, Fiber, type Layer, Stream } from "effect"
import { EventLog, type StreamAppend, type VersionConflict } from "../../src/events/EventLog.ts"
import type { LogEntry } from "../../src/events/event.ts"

let made = 0

/** A new event for the `config` or any other stream; the log does not care which type goes where. */
const event = (value = "x", id = `event-${made++}`) => ({ id, type: "v1.ConfigSet" as const, data: { key: "k", value } })

const to = (stream: string, expected: StreamAppend["expected"], ...events: StreamAppend["events"]): StreamAppend => ({
  stream,
  expected,
  events,
})

const by = { actor: "owner", cause: "test" }

const append = (...streams: ReadonlyArray<StreamAppend>) => Effect.flatMap(EventLog, (log) => log.append({ ...by, streams }))

const values = (entries: Iterable<LogEntry>) => [...entries].map(({ data }) => (data as { readonly value: string }).value)

/** What every implementation of the EventLog port has to do. `layer` gives a log of its own, empty, each time it is built. */
export const eventLogContract = (name: string, layer: Layer.Layer<EventLog, unknown>): void => {
  const test = (title: string, body: Effect.Effect<void, unknown, EventLog>, timeout?: number) =>
    it.live(title, () => Effect.provide(body, layer), timeout)

  describe(`EventLog: ${name}`, () => {
    test(
      "starts empty, with a head of zeros",
      Effect.gen(function* () {
        const log = yield* EventLog
        expect(yield* log.head).toEqual({ seq: 0, hash: "0".repeat(64) })
        expect(yield* log.read(1, 10)).toEqual([])
        expect(yield* log.readStream("a", 1, 10)).toEqual([])
      }),
    )

    test(
      "numbers events gaplessly in the log and in their streams, and keeps all of the envelope",
      Effect.gen(function* () {
        const log = yield* EventLog
        expect(yield* append(to("a", "any", event("1"), event("2")))).toMatchObject({ first: 1, last: 2, repeated: false })
        expect(yield* append(to("b", "any", event("3")))).toMatchObject({ first: 3, last: 3 })
        yield* append(to("a", "any", event("4", "the-id")))
        const entries = yield* log.read(1, 10)
        expect(entries.map(({ seq, stream, version }) => [seq, stream, version])).toEqual([
          [1, "a", 1],
          [2, "a", 2],
          [3, "b", 1],
          [4, "a", 3],
        ])
        expect(entries[3]).toMatchObject({
          id: "the-id",
          type: "v1.ConfigSet",
          actor: "owner",
          cause: "test",
          data: { key: "k", value: "4" },
        })
        expect(entries.every(({ at }, i) => at >= (entries[i - 1]?.at ?? 0))).toBe(true)
      }),
    )

    test(
      "reads by seq and by stream from any place, in pages",
      Effect.gen(function* () {
        const log = yield* EventLog
        for (let i = 1; i <= 6; i++) yield* append(to(i % 2 === 0 ? "even" : "odd", "any", event(String(i))))
        expect(values(yield* log.read(3, 2))).toEqual(["3", "4"])
        expect(values(yield* log.read(6, 10))).toEqual(["6"])
        expect(yield* log.read(7, 10)).toEqual([])
        expect(values(yield* log.readStream("even", 2, 10))).toEqual(["4", "6"])
        expect(values(yield* log.readStream("odd", 1, 2))).toEqual(["1", "3"])
      }),
    )

    for (const [expected, onEmpty, onTwo] of [
      ["any", true, true],
      ["none", true, false],
      ["exists", false, true],
      [2, false, true],
      [1, false, false],
      [3, false, false],
    ] as const) {
      test(
        `expected version ${expected}: ${onEmpty ? "accepted" : "refused"} on a new stream, ${onTwo ? "accepted" : "refused"} on one of two events`,
        Effect.gen(function* () {
          const log = yield* EventLog
          yield* append(to("two", "none", event(), event()))
          const before = yield* log.head
          for (const [stream, accepted, actual] of [
            ["new", onEmpty, 0],
            ["two", onTwo, 2],
          ] as const) {
            const result = yield* Effect.either(append(to(stream, expected, event())))
            if (accepted) expect(result._tag).toBe("Right")
            else expect(result).toMatchObject({ _tag: "Left", left: { _tag: "VersionConflict", stream, expected, actual } })
          }
          if (!onEmpty && !onTwo) expect(yield* log.head).toEqual(before)
        }),
      )
    }

    test(
      "appends to several streams together or not at all",
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* append(to("a", "none", event("1")))
        const refused = yield* Effect.flip(append(to("b", "none", event("2")), to("a", "none", event("3"))))
        expect(refused).toMatchObject({ _tag: "VersionConflict", stream: "a" })
        expect((yield* log.head).seq).toBe(1)
        expect(yield* log.readStream("b", 1, 1)).toEqual([])
        expect(yield* append(to("b", "none", event("2")), to("a", 1, event("3")))).toMatchObject({ first: 2, last: 3 })
        expect(values(yield* log.read(1, 10))).toEqual(["1", "2", "3"])
      }),
    )

    test(
      "finds what has changed under any of many prefixes, whatever characters they share",
      Effect.gen(function* () {
        const log = yield* EventLog
        for (const stream of ["kv/a/b", "kv/a/b/c", "kv/a/\u{1f600}x", "kv/a/\uffff", "doc/a/c/1"])
          yield* append(to(stream, "any", event()))
        for (const [prefixes, changed] of [
          [["kv/a/\u{1f600}", "kv/a/\u{1f601}"], "kv/a/\u{1f600}"],
          [["kv/a/\u{1f602}", "kv/a/\u{1f601}"], undefined],
          [["kv/a/\u{10000}", "kv/a/\uffff"], "kv/a/\uffff"],
          [["kv/a/b/c/", "kv/a/b/", "kv/a/b/d"], "kv/a/b/"],
          [["kv/a/b/d", "kv/a/b", "kv/a/b/b", "kv/a/b/"], "kv/a/b"],
          [["kv/a/a", "kv/a/c", "doc/a/c/"], "doc/a/c/"],
          [["kv/a/bb", "kv/a/c", "doc/a/c/2", "object/"], undefined],
          [[""], ""],
        ] as const) {
          const checked = yield* Effect.either(log.append({ ...by, streams: [], reads: { at: 0, streams: [], prefixes, after: [] } }))
          const found = Either.isRight(checked) ? undefined : (checked.left as VersionConflict).stream
          expect(found, JSON.stringify(prefixes)).toBe(changed)
        }
      }),
    )

    test(
      "checks what an append was worked out from, and changes nothing if it has changed",
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* append(to("kv/a/x", "any", event("1")), to("kv/a/y", "any", event("2")))
        yield* append(to("kv/a/x", "any", event("3", "u.0")), to("kv/b/x", "any", event("4", "u.1")))
        yield* append(to("kv/a/y", "any", event("5", "v.0")))
        const none = { at: 2, streams: [], prefixes: [], after: [] }
        for (const [reads, problem] of [
          [{ ...none, streams: ["kv/a/z", "kv/c"], prefixes: ["kv/c", "kv/a/z"] }, undefined],
          [{ ...none, at: 5, streams: ["kv/a/x"], prefixes: ["kv"] }, undefined],
          [
            { ...none, streams: ["kv/a/x"] },
            { stream: "kv/a/x", expected: 1, actual: 2 },
          ],
          [
            { ...none, streams: ["kv/b/x"] },
            { stream: "kv/b/x", expected: "none", actual: 1 },
          ],
          [
            { ...none, at: 0, streams: ["kv/a/y"] },
            { stream: "kv/a/y", expected: "none", actual: 2 },
          ],
          [{ ...none, prefixes: ["kv/b/"] }, { stream: "kv/b/" }],
          [{ ...none, prefixes: ["kv/c", "kv/a/"] }, { stream: "kv/a/" }],
          [{ ...none, at: 3, prefixes: ["kv/a/x"] }, undefined],
          [{ ...none, streams: ["kv/a/x", "kv/b/x"], prefixes: ["kv/a/x", "kv/b"], after: ["u"] }, undefined],
          [{ ...none, streams: ["kv/a/x", "kv/a/y"], prefixes: ["kv"], after: ["u", "v"] }, undefined],
          [
            { ...none, streams: ["kv/a/y"], after: ["u"] },
            { stream: "kv/a/y", expected: 1, actual: 2 },
          ],
          [{ ...none, streams: ["kv/a/x"], after: ["v"] }, { stream: "kv/a/x" }],
          [{ ...none, prefixes: ["kv/a"], after: ["u"] }, { stream: "kv/a" }],
          [{ ...none, after: ["never"] }, { stream: "never" }],
          [{ ...none, after: ["v", "u"] }, { stream: "u" }],
        ] as const) {
          const title = JSON.stringify(reads)
          const before = yield* log.head
          const only = yield* Effect.either(log.append({ ...by, streams: [], reads }))
          const result = yield* Effect.either(log.append({ ...by, streams: [to("free", "any", event())], reads }))
          if (problem === undefined) {
            expect(only, title).toMatchObject({ _tag: "Right", right: { first: before.seq + 1, last: before.seq, repeated: false } })
            expect(result, title).toMatchObject({ _tag: "Right", right: { first: before.seq + 1, last: before.seq + 1 } })
          } else {
            for (const refused of [only, result]) expect(refused, title).toMatchObject({ left: { _tag: "VersionConflict", ...problem } })
            expect(yield* log.head, title).toEqual(before)
          }
        }
      }),
    )

    test(
      "gives a repeated append its first result, whatever has become of what it had read",
      Effect.gen(function* () {
        const log = yield* EventLog
        const streams = [to("x", "any", event("1", "u.0"))]
        const reads = { at: 0, streams: ["x"], prefixes: ["x"], after: [] }
        const first = yield* log.append({ ...by, streams, reads })
        yield* append(to("x", "any", event("2")))
        expect(yield* log.append({ ...by, streams, reads })).toEqual({ ...first, repeated: true })
        expect(yield* Effect.flip(log.append({ ...by, streams: [] }))).toMatchObject({ _tag: "InvalidEvent" })
      }),
    )

    test(
      "returns the first result when an append is repeated with the same ids, for ever",
      Effect.gen(function* () {
        const log = yield* EventLog
        const streams = [to("a", "none", event("1", "x.0"), event("2", "x.1")), to("b", "none", event("3", "x.2"))]
        const first = yield* append(...streams)
        yield* append(to("a", "any", event("4")))
        expect(yield* append(...streams)).toEqual({ ...first, repeated: true })
        expect((yield* log.head).seq).toBe(4)
      }),
    )

    test(
      "refuses an id that names another event, and an append of which only a part is known",
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* append(to("a", "any", event("1", "taken")))
        for (const streams of [
          [to("a", "any", event("other", "taken"))],
          [to("b", "any", event("1", "taken"))],
          [to("a", "any", event("1", "taken"), event("2", "fresh"))],
        ]) {
          expect(yield* Effect.flip(append(...streams))).toMatchObject({ _tag: "EventIdReused", id: "taken" })
        }
        expect((yield* log.head).seq).toBe(1)
      }),
    )

    for (const [problem, streams] of [
      ["an unknown type", [to("a", "any", { ...event(), type: "v1.NoSuchThing" as "v1.ConfigSet" })]],
      ["a payload that does not fit", [to("a", "any", { ...event(), data: { key: 1, value: "x" } as never })]],
      ["no events", [to("a", "any")]],
      ["a stream named twice", [to("a", "any", event()), to("a", "any", event())]],
      ["an id used twice", [to("a", "any", event("1", "same"), event("2", "same"))]],
      ["a stream without a name", [to("", "any", event())]],
    ] as const) {
      test(
        `refuses ${problem} and changes nothing`,
        Effect.gen(function* () {
          const log = yield* EventLog
          expect(yield* Effect.flip(append(...streams))).toMatchObject({ _tag: "InvalidEvent" })
          expect((yield* log.head).seq).toBe(0)
        }),
      )
    }

    test(
      "lets exactly one of many racing writers have each version",
      Effect.gen(function* () {
        const log = yield* EventLog
        const racer = (name: string) =>
          Effect.gen(function* () {
            for (let won = 0; won < 10; ) {
              const version = (yield* log.readStream("race", 1, 1000)).length
              const result = yield* Effect.exit(append(to("race", version === 0 ? "none" : version, event(`${name}${won}`))))
              if (Exit.isSuccess(result)) won++
            }
          })
        yield* Effect.all(["a", "b", "c", "d"].map(racer), { concurrency: "unbounded" })
        const entries = yield* log.readStream("race", 1, 1000)
        expect(entries.map(({ version }) => version)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
        for (const name of ["a", "b", "c", "d"]) {
          expect(values(entries).filter((value) => value.startsWith(name))).toEqual(Array.from({ length: 10 }, (_, i) => `${name}${i}`))
        }
      }),
    )

    test(
      "tails: history, then what comes, without a gap, a repeat or another order",
      Effect.gen(function* () {
        const log = yield* EventLog
        const total = 300
        const write = Effect.gen(function* () {
          for (let i = 1; i <= total; i++) yield* append(to(`s${i % 3}`, "any", event(String(i))))
        })
        const writing = yield* Effect.fork(write)
        const tails = yield* Effect.all(
          [1, 50, total].map((from) =>
            log.tail(from).pipe(Stream.take(total - from + 1), Stream.runCollect, Effect.map(Chunk.toReadonlyArray)),
          ),
          { concurrency: "unbounded" },
        )
        yield* Fiber.join(writing)
        for (const [i, from] of [1, 50, total].entries()) {
          expect(tails[i]!.map(({ seq }) => seq)).toEqual(Array.from({ length: total - from + 1 }, (_, n) => from + n))
        }
      }),
    )

    test(
      "shows an append to readers as soon as it has succeeded",
      Effect.gen(function* () {
        const log = yield* EventLog
        for (let i = 0; i < 20; i++) {
          const { last } = yield* append(to("a", "any", event(String(i))))
          expect((yield* log.head).seq).toBe(last)
          expect(values(yield* log.read(last, 1))).toEqual([String(i)])
        }
      }),
    )

    test(
      "erases a payload, keeps its row, and records who did it and why",
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* append(to("a", "any", event("secret"), event("public")))
        const before = yield* log.read(1, 1)
        const request = { seq: 1, reason: "privacy", actor: "owner", cause: "asked" }
        yield* log.erase(request)
        yield* log.erase(request)
        const [erased, kept, record, ...more] = yield* log.read(1, 10)
        expect(erased).toEqual({ ...before[0], data: null })
        expect(values([kept!])).toEqual(["public"])
        expect(record).toMatchObject({ type: "v1.PayloadErased", actor: "owner", cause: "asked", data: { seq: 1, reason: "privacy" } })
        expect(more).toEqual([])
      }),
    )

    test(
      "refuses to erase what is not there and what other facts lean on",
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* append(to("site/x", "none", { id: "c", type: "v1.SiteCreated", data: { site: "x" } }))
        for (const seq of [1, 2, 0, -1]) {
          expect(yield* Effect.flip(log.erase({ ...by, seq, reason: "r" }))).toMatchObject({ _tag: "NotErasable", seq })
        }
        expect((yield* log.head).seq).toBe(1)
      }),
    )
  })
}
