import { describe, expect, it } from "vitest"
import { openForReading } from "../../src/events/cartridge.ts"
import { type LogLine, maxLinesPerEvent } from "../../src/events/logs.ts"
import { keptLines, type LogFilter, logQuery } from "../../src/projections/siteLogs.ts"
import { ask, tell, withWriter } from "../support/cartridge.ts"

let ids = 0
const written = (site: string, lines: ReadonlyArray<LogLine>) => {
  const event = { id: `log-${ids++}`, type: "v1.LogsWritten" as const, data: { site, lines } }
  const streams = [{ stream: `logs/${site}`, expected: "any" as const, events: [event] }]
  return { kind: "append" as const, request: { actor: `fn:${site}`, cause: "test", streams } }
}

const numbered = (from: number, count: number): ReadonlyArray<LogLine> =>
  Array.from({ length: count }, (_, i) => ({ at: from + i, level: "log", message: String(from + i) }))

const linesOf = (path: string, filter: Partial<LogFilter> = {}) => {
  const db = openForReading(path)
  try {
    return logQuery(db, { site: "shop", after: 0, limit: 100_000, ...filter })
  } finally {
    db.close()
  }
}

describe("the kept lines of a site's log", () => {
  it("are its newest; those of quieter sites stay however much another logs", () =>
    withWriter(async (writer, path) => {
      await tell(writer, written("quiet", [{ at: 1, level: "log", message: "still here" }]))
      for (let from = 0; from < keptLines + 500; from += 1000) await tell(writer, written("shop", numbered(from, 1000)))
      const lines = linesOf(path)
      expect([lines.length, lines[0]!.message, lines.at(-1)!.message]).toEqual([keptLines, "1000", "10999"])
      expect(linesOf(path, { site: "quiet" })).toMatchObject([{ message: "still here" }])

      await tell(writer, { kind: "rebuild", projections: ["site_logs"] })
      expect(linesOf(path)).toEqual(lines)
    }))

  it("have ids that grow from line to line and from event to event", () =>
    withWriter(async (writer, path) => {
      for (const from of [0, 1024, 2048]) await tell(writer, written("shop", numbered(from, 1024)))
      const all = linesOf(path).map(({ id }) => id)
      expect(all).toEqual([...new Set(all)].sort((a, b) => a - b))
    }))

  it("keep their ids when an older event is erased, and lose what was in that one", () =>
    withWriter(async (writer, path) => {
      for (const from of [1, 2, 3]) await tell(writer, written("shop", numbered(from, 1)))
      const before = linesOf(path)
      await tell(writer, { kind: "erase", seq: 1, id: "erasing", reason: "test", actor: "owner", cause: "test" })
      expect(linesOf(path)).toEqual(before.slice(1))
    }))

  it("cannot be more in one event than ids have room for, nor none", () =>
    withWriter(async (writer) => {
      for (const count of [0, maxLinesPerEvent + 1])
        expect(await ask(writer, written("shop", numbered(0, count)))).toMatchObject({ ok: false, error: { _tag: "InvalidEvent" } })
    }))
})
