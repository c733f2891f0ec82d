import type { Sqlite } from "../events/cartridge.ts"
import { decode } from "../events/codec.ts"
import type { LogEntry } from "../events/event.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"

/** The events of one answer take about so many bytes at most. */
const maxBytes = 1024 * 1024

interface Row {
  readonly seq: number
  readonly id: string
  readonly version: number
  readonly type: string
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly data: string | null
}

/** Part of what happened on a stream, newest first. `more`: there is something before it. */
export interface StreamHistory {
  readonly entries: ReadonlyArray<LogEntry>
  readonly more: boolean
}

/** A stream's events before one of its versions; fewer than `limit` where they are large, but at least one. */
export const streamHistory = (db: Sqlite) => {
  const page = db.prepare<[string, number, number], Row>(
    `SELECT seq, id, version, type, at, actor, cause, data FROM events
     WHERE stream = ${textParameter} AND version < ? ORDER BY version DESC LIMIT ${integerParameter}`,
  )
  return (stream: string, before: number, limit: number): StreamHistory => {
    const entries: Array<LogEntry> = []
    let bytes = 0
    for (const { data, ...row } of page.iterate(stream, before, limit + 1)) {
      if (entries.length === limit || bytes > maxBytes) return { entries, more: true }
      bytes += data?.length ?? 0
      entries.push(decode({ ...row, stream }, data))
    }
    return { entries, more: false }
  }
}
