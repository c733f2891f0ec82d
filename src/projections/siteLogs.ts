import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import { type LogLevel, maxLinesPerEvent } from "../events/logs.ts"
import { textParameter } from "../events/parameters.ts"
import type { Projection } from "./projection.ts"

/** A site's lines that can be asked for; older ones are in the log of events only. */
export const keptLines = 10_000

/** One line of a site's log. `id` grows with time and is unique on the server; `at` in epoch milliseconds. */
export interface LogRow {
  readonly id: number
  readonly at: number
  readonly level: LogLevel
  readonly message: string
  readonly request: string | null
  readonly deploy: string | null
}

/** The newest lines of each site's log. `n` counts a site's lines from 1, so that the oldest are found without counting. */
export const siteLogsProjection: Projection = {
  name: "site_logs",
  version: 1,
  tables: ["site_logs"],
  createTables: (table) => `
    CREATE TABLE ${table("site_logs")} (
      id      INTEGER PRIMARY KEY,
      site    TEXT NOT NULL,
      n       INTEGER NOT NULL,
      seq     INTEGER NOT NULL,
      at      INTEGER NOT NULL,
      level   TEXT NOT NULL,
      message TEXT NOT NULL,
      request TEXT,
      deploy  TEXT,
      UNIQUE (site, n)
    ) STRICT`,
  createIndexes: "",
  prepare: (db, table) => {
    const siteLogs = table("site_logs")
    const last = db.prepare<[string], number | null>(`SELECT max(n) FROM ${siteLogs} WHERE site = ${textParameter}`).pluck()
    const insert = db.prepare(`INSERT INTO ${siteLogs} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    const prune = db.prepare(`DELETE FROM ${siteLogs} WHERE site = ? AND n <= ?`)
    const apply = (event: Recorded): void => {
      if (event.type !== "v1.LogsWritten") return
      const { site, lines } = event.data
      let n = last.get(site) ?? 0
      lines.forEach(({ at, level, message, request, deploy }, i) => {
        insert.run(event.seq * maxLinesPerEvent + i, site, ++n, event.seq, at, level, message, request ?? null, deploy ?? null)
      })
      prune.run(site, n - keptLines)
    }
    return { apply }
  },
}

export interface LogFilter {
  readonly site: string
  /** Only lines that matter as much, or more. */
  readonly level?: LogLevel | undefined
  /** Only lines with this text in them, whether in capitals or not. */
  readonly search?: string | undefined
  /** Only lines of one request. */
  readonly request?: string | undefined
  /** Epoch milliseconds, inclusive. */
  readonly since?: number | undefined
  /** Exclusive bounds on the id, for paging back and for following. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly limit: number
}

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, log: 1, info: 1, warn: 2, error: 3 }

const levelsFrom = (least: LogLevel): ReadonlyArray<string> =>
  Object.entries(severity)
    .filter(([, value]) => value >= severity[least])
    .map(([level]) => level)

/** Matching lines: newest first, or oldest first from `after` on when following. Looks at one site's kept lines at most. */
export const logQuery = (db: Sqlite, filter: LogFilter): ReadonlyArray<LogRow> => {
  const conditions = ["site = ?"]
  const values: Array<string | number> = [filter.site]
  const where = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  where("level IN (SELECT value FROM json_each(?))", filter.level === undefined ? undefined : JSON.stringify(levelsFrom(filter.level)))
  where("instr(lower(message), lower(?)) > 0", filter.search)
  where("request = ?", filter.request)
  where("at >= ?", filter.since)
  where("id < ?", filter.before)
  where("id > ?", filter.after)
  return db
    .prepare<Array<string | number>, LogRow>(
      `SELECT id, at, level, message, request, deploy FROM site_logs
       WHERE ${conditions.join(" AND ")} ORDER BY n ${filter.after === undefined ? "DESC" : "ASC"} LIMIT ?`,
    )
    .all(...values, filter.limit)
}
