import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { followLogs, type LogFilters, renderLine } from "../../src/cli/logs.ts"
import { makePaint } from "../../src/cli/paint.ts"
import type { LogEntry } from "../../src/http/api/contract/logs.ts"
import { fakeServer } from "./fakeServer.ts"
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
  it.effect("goes on from the last line seen, with the filters, and prints one JSON object a line for programs", () =>
    Effect.gen(function* () {
      const screen = terminal()
      const asked: Array<string> = []
      const server = yield* fakeServer(({ path, query }) => {
        asked.push(`${path}?${query}`)
        const data = asked.length === 1 ? [entry(8, "two\nlines"), entry(9, "x")] : []
        return { body: { data, meta: { next: null } } }
      })
      const fiber = yield* Effect.fork(
        Effect.provide(followLogs(server, "shop", { ...none, level: Option.some("warn" as const) }, true, 7), screen.layer),
      )
      while (asked.length < 3) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      const paths = [7, 9, 9].map((after) => `/api/sites/shop/logs?level=warn&after=${after}&wait=25&limit=1000`)
      expect(asked.slice(0, 3)).toEqual(paths)
      const lines = screen.printed.join("\n").split("\n")
      expect(lines.map((line) => JSON.parse(line))).toEqual([entry(8, "two\nlines"), entry(9, "x")])
    }),
  )
})
