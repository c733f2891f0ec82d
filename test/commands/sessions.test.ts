import * as Either from "effect/Either"
import { describe, expect, it } from "vitest"
import { type SessionCommand, sessionDecider } from "../../src/commands/sessions.ts"
import type { SessionEvent } from "../../src/events/sessions.ts"

const session = { session: "s", user: "u", secretHash: "h", method: "totp", expires: 9, idle: 3 } as const
const from = { ...session, address: "::1", agent: "curl" } as const
const started: SessionEvent = { type: "v1.SessionStarted", data: session }
const seen: SessionEvent = { type: "v1.SessionSeen", data: { session: "s" } }
const ended: SessionEvent = { type: "v1.SessionEnded", data: { session: "s", reason: "logout" } }
const failed: SessionEvent = { type: "v1.LoginFailed", data: { user: "u", reason: "password", address: "::1" } }

const start: SessionCommand = { _tag: "StartSession", ...session }
const see: SessionCommand = { _tag: "SeeSession", session: "s" }
const end: SessionCommand = { _tag: "EndSession", session: "s", reason: "logout" }
const fail: SessionCommand = { _tag: "RecordFailedLogin", user: "u", reason: "password", address: "::1" }

const decide = (given: ReadonlyArray<SessionEvent>, when: SessionCommand) =>
  sessionDecider.decide(when, given.reduce(sessionDecider.evolve, sessionDecider.initial))

describe("a session", () => {
  it.each<[string, ReadonlyArray<SessionEvent>, SessionCommand, ReadonlyArray<SessionEvent>]>([
    ["starts", [], start, [started]],
    ["starts from somewhere", [], { _tag: "StartSession", ...from }, [{ type: "v1.SessionStarted", data: from }]],
    ["starts once", [started], start, []],
    ["never starts again once it has ended", [started, ended], start, []],
    ["is seen", [started], see, [seen]],
    ["is seen again", [started, seen], see, [seen]],
    ["is not seen where there is none", [], see, []],
    ["is not seen once it has ended", [started, ended], see, []],
    ["ends", [started, seen], end, [ended]],
    ["ends once", [started, ended], { ...end, reason: "ended" }, []],
    ["is as if it had never been when its start is erased", [seen, ended], see, []],
  ])("%s", (_, given, when, then) => expect(decide(given, when)).toEqual(Either.right(then)))

  it.each<[string, ReadonlyArray<SessionEvent>]>([
    ["there never was", []],
    ["had its start erased", [seen, ended]],
  ])("cannot end if it %s", (_, given) =>
    expect(decide(given, end)).toMatchObject({ left: { _tag: "SessionNotFound", code: "SESSION_NOT_FOUND", status: 404 } }))

  it("has a stream of its own", () =>
    expect([start, see, end].map((command) => sessionDecider.stream(command))).toEqual(["session/s", "session/s", "session/s"]))
})

describe("a failed login", () => {
  it("is recorded every time, in its user's stream", () => {
    expect(decide([], fail)).toEqual(Either.right([failed]))
    expect(decide([failed], fail)).toEqual(Either.right([failed]))
    expect(sessionDecider.stream(fail)).toBe("logins/u")
  })
})
