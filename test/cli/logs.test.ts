import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { followLogs, type LogFilters, renderLine } from "../../src/cli/logs.ts"
import { makePaint } from "../../src/cli/paint.ts"
import type { LogEntry } from "../../src/http/api/contract/logs.ts"
import { logLine, writeLog } from "../support/logs.ts"
import { fakeServer } from "./fakeServer.ts"
import { ownCartridge } from "./ownCartridge.ts"
import { runVerb } from "./runVerb.ts"
import { terminal } from "./terminal.ts"

const plain = makePaint(false)
const none: LogFilters = { level: Option.none(), search: Option.none(), request: Option.none(), since: Option.none() }

const entry = (id: number, message: string, level: LogEntry["level"] = "log"): LogEntry => ({
  id,
  at: "2026-01-02T03:04:05.000Z",
  level,
  message,
  request: null,
  deploy: null,
})

describe("a line of the log", () => {
  it("shows when, how bad and what", () => {
    expect(renderLine(entry(1, "hello", "warn"), plain)).toMatch(/^2026-01-0\d \d\d:\d\d:05 warn {2}hello$/)
  })

  it.each<LogEntry["level"]>(["debug", "log", "info", "warn", "error"])("of level %s keeps messages below each other", (level) => {
    expect(renderLine(entry(1, "hello", level), plain).indexOf("hello")).toBe(26)
  })

  it("of several lines goes on indented, so that no message can look like another line of the log", () => {
    const forged = renderLine(entry(1, "ok"), plain)
    for (const breaks of ["\n", "\r\n", "\n\n"]) {
      const [first, ...rest] = renderLine(entry(1, `hello${breaks}${forged}`), plain).split("\n")
      expect(first).toMatch(/hello$/)
      expect(rest.length).toBeGreaterThan(0)
      for (const line of rest) expect(line === "" || line.startsWith(" ".repeat(26))).toBe(true)
    }
  })

  it.each([
    "\r",
    "\x1b[31m",
    "\x1b[2K\x1b[1A",
    "\x07",
    "\x00",
    "\x85",
    "\x9b1A",
    "\u202e",
    "\b\b\b",
  ])("shows %j as text, instead of letting it move the cursor or change colours", (dangerous) => {
    const shown = renderLine(entry(1, `a${dangerous}b`), plain)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(shown).toMatch(/a\\u00..|a\\u202e/)
  })

  it("has colours by its level only, none by its message", () => {
    const shown = renderLine(entry(1, "\x1b[32mgreen", "error"), makePaint(true))
    expect(shown).toContain("\x1b[31merror")
    expect(shown).not.toContain("\x1b[32m")
  })
})

describe("following a log", () => {
  const line = (message: string, more: object = {}) => ({ at: Date.parse("2026-01-02T03:04:05Z"), level: "log", message, ...more })
  const event = (seq: number, lines: ReadonlyArray<object> | null) => ({
    seq,
    id: `e${seq}`,
    at: "2026-01-02T03:04:06.000Z",
    site: "shop",
    stream: "logs/shop",
    version: seq,
    type: "v1.LogsWritten",
    actor: "fn:shop",
    cause: "c",
    data: lines && { site: "shop", lines },
    hash: "0".repeat(64),
  })
  const sent = (...events: ReadonlyArray<{ readonly seq: number }>): string =>
    events.map((event) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`).join("")

  /** What is printed of these events, and what was asked for. */
  const following = (filters: Partial<LogFilters>, after: number, events: string) => {
    const screen = terminal()
    const asked: Array<string> = []
    const work = Effect.gen(function* () {
      const server = fakeServer(({ path, query }) => {
        asked.push(`${path}?${query}`)
        return { events: asked.length === 1 ? events : "" }
      })
      const fiber = yield* Effect.fork(followLogs(server, "Shop", { ...none, ...filters }, true, after))
      while (asked.length < 2) yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      return { asked, lines: screen.printed.flatMap((text) => text.split("\n")).map((text) => JSON.parse(text)) }
    })
    return Effect.provide(work, screen.layer)
  }

  it.effect("goes on behind the event of the last line seen, and prints lines as the list shows them, one JSON object a line", () =>
    Effect.gen(function* () {
      const events = sent(
        event(8, [line("two\nlines"), line("x", { request: "r", deploy: "d", level: "error" })]),
        event(9, null),
        event(11, [line("y")]),
      )
      const { asked, lines } = yield* following({}, 7 * 1024 + 3, events)
      const path = (after: number) => `/api/events/live?stream=logs%2Fshop&after=${after}`
      expect(asked).toEqual([path(7), path(11)])
      expect(lines).toEqual([
        { ...entry(8 * 1024, "two\nlines") },
        { ...entry(8 * 1024 + 1, "x", "error"), request: "r", deploy: "d" },
        { ...entry(11 * 1024, "y") },
      ])
    }),
  )

  const lines = [
    line("Boom at the Zoo", { level: "error", request: "a" }),
    line("careful", { level: "warn" }),
    line("hello ÄÖ", { level: "info", at: Date.parse("2026-06-01T00:00:00Z") }),
    line("plain"),
    line("detail", { level: "debug" }),
  ]
  const filters: ReadonlyArray<readonly [filters: Partial<LogFilters>, shown: ReadonlyArray<string>]> = [
    [{ level: Option.some("debug") }, ["Boom at the Zoo", "careful", "hello ÄÖ", "plain", "detail"]],
    [{ level: Option.some("info") }, ["Boom at the Zoo", "careful", "hello ÄÖ", "plain"]],
    [{ level: Option.some("warn") }, ["Boom at the Zoo", "careful"]],
    [{ level: Option.some("error") }, ["Boom at the Zoo"]],
    [{ search: Option.some("BOOM AT the z") }, ["Boom at the Zoo"]],
    [{ search: Option.some("äö") }, []],
    [{ search: Option.some("ÄÖ") }, ["hello ÄÖ"]],
    [{ request: Option.some("a") }, ["Boom at the Zoo"]],
    [{ request: Option.some("b") }, []],
    [{ since: Option.some("2026-02-01") }, ["hello ÄÖ"]],
    [
      { level: Option.some("info"), search: Option.some("e"), since: Option.some("2026-01-01") },
      ["Boom at the Zoo", "careful", "hello ÄÖ"],
    ],
  ]
  it.effect.each(filters)("shows only what is asked for, as the list does: %j", ([given, shown]) =>
    Effect.gen(function* () {
      const { lines: printed } = yield* following(given, 0, sent(event(1, lines)))
      expect(printed.map(({ message }) => message)).toEqual(shown)
    }),
  )
})

describe("fazt logs", () => {
  const { db } = ownCartridge()
  it("shows the newest lines, oldest first, and only those that are asked for", async () => {
    const logs = (args: ReadonlyArray<string>) => runVerb(["logs", ...args, "--db", db])
    const none = await logs(["root"])
    expect([none.code, none.stdout, none.stderr]).toEqual([0, "", "root has logged nothing yet\n"])
    await writeLog(db, "one", logLine("first"), logLine("careful", "warn"), logLine("boom\nat line 3\x1b[0m", "error"))
    const all = await logs(["root"])
    expect(all.stdout.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/gm, "T")).toBe(
      `T log   first\nT warn  careful\nT error boom\n${" ".repeat(26)}at line 3\\u001b[0m\n`,
    )
    const bad = await logs(["root", "--level", "warn", "-n", "1", "--json"])
    expect(bad.json).toMatchObject({ level: "error", message: "boom\nat line 3\x1b[0m" })
    const found = await logs(["root", "--search", "CAREFUL", "--since", "1h"])
    expect(found.stdout).toMatch(/^\S+ \S+ warn {2}careful\n$/)
    expect((await logs(["root", "--search", "nothing like it"])).stderr).toBe("no lines match\n")
    expect((await logs(["nowhere"])).code).toBe(3)
    expect((await logs(["root", "--level", "loud"])).code).toBe(2)
    expect((await logs(["root", "--since", "yesterday"])).code).toBe(1)
  })
})
