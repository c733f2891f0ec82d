import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { verifyChain } from "../../../src/cli/audit/verify.ts"
import { type Answer, fakeServer } from "../fakeServer.ts"
import { terminal } from "../terminal.ts"

const hashOf = (seq: number): string => String(seq).padStart(64, "0")

/** A log of `length` events that is verified ten at a time; the event `bad` is not as it was. */
const chain = (length: number, bad?: number) => {
  const asked: Array<string> = []
  const head = { seq: length, hash: hashOf(length) }
  const server = fakeServer(({ path, query }): Answer => {
    const after = Number(query.get("after"))
    if (path === "/api/audit") {
      const seq = after + 1
      const entry = {
        seq,
        id: "i",
        at: "t",
        site: null,
        stream: "s",
        version: 1,
        type: "x",
        actor: "a",
        cause: "c",
        data: {},
        hash: hashOf(seq),
      }
      return { body: { data: seq > length ? [] : [entry], meta: { limit: 1, next: null } } }
    }
    asked.push(`${after}:${query.get("hash")?.slice(-2) ?? ""}`)
    const seq = Math.min(after + 10, length)
    const isBad = bad !== undefined && after < bad && bad <= seq
    const part = { seq: isBad ? bad - 1 : seq, hash: hashOf(seq), bytes: 100, done: seq === length, head }
    return { body: { data: { ...part, bad: isBad ? { seq: bad, reason: "its hash is wrong" } : null } } }
  })
  return { asked, verify: (head?: string) => verifyChain(server, Option.fromNullable(head)) }
}

const quiet = Effect.provide(terminal().layer)

describe("verifying the chain", () => {
  it.effect("goes on from where each part ended, to the end", () =>
    Effect.gen(function* () {
      const { asked, verify } = chain(25)
      expect(yield* verify()).toEqual({ seq: 25, hash: hashOf(25), bytes: 300 })
      expect(asked).toEqual(["0:", "10:10", "20:20"])
    }).pipe(quiet),
  )

  it.effect("names the first bad event, and exits with 7", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(chain(25, 17).verify())
      expect(error).toMatchObject({ code: "VERIFICATION_FAILED", exitCode: 7, details: { seq: 17, reason: "its hash is wrong" } })
      expect((error as Error).message).toContain("event 17 is bad")
    }).pipe(quiet),
  )

  it.effect("finds the head that was written down", () =>
    Effect.gen(function* () {
      expect(yield* chain(25).verify(`25:${hashOf(25)}`)).toMatchObject({ seq: 25 })
      expect(yield* chain(25).verify(`1:${hashOf(1)}`)).toMatchObject({ seq: 25 })
    }).pipe(quiet),
  )

  it.effect("finds out that the log was cut short", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(chain(25).verify(`26:${hashOf(26)}`))
      expect(error).toMatchObject({ exitCode: 7, details: { seq: 26, reason: expect.stringContaining("cut short") } })
    }).pipe(quiet),
  )

  it.effect("finds out that history was rewritten with a chain that fits", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(chain(25).verify(`12:${hashOf(99)}`))
      expect(error).toMatchObject({ exitCode: 7, details: { seq: 12, reason: expect.stringContaining("rewritten") } })
    }).pipe(quiet),
  )

  it.effect("does not go round in circles with a server that does not get on", () =>
    Effect.gen(function* () {
      const part = { seq: 0, hash: hashOf(0), bytes: 0, done: false, head: { seq: 5, hash: hashOf(5) }, bad: null }
      const error = yield* Effect.flip(
        verifyChain(
          fakeServer(() => ({ body: { data: part } })),
          Option.none(),
        ),
      )
      expect(error).toMatchObject({ code: "UNEXPECTED_ANSWER", exitCode: 1 })
    }).pipe(quiet),
  )
})
