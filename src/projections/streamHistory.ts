import type { Sqlite } from "../events/cartridge.ts"
import { decode } from "../events/codec.ts"
import { isErased, type LogEntry, type Recorded } from "../events/event.ts"
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
interface StreamHistory {
  readonly entries: ReadonlyArray<LogEntry>
  readonly more: boolean
}

/** One thing that happened to what a stream is about. */
export interface Change {
  readonly seq: number
  readonly version: number
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly kind: "set" | "deleted" | "erased"
}

/** Changes before a version, newest first; fewer than `limit` where they are large. */
export interface Changes<Details> {
  readonly changes: ReadonlyArray<Change & Details>
  readonly more: boolean
}

/**
 * The changes of streams whose events either set what they are about or delete it. `details` tells of an event what it set, nothing if it
 * deleted; `none` is told of what was deleted or erased.
 */
export const changesOf = <Details extends object>(db: Sqlite, none: Details, details: (event: Recorded) => Details | undefined) => {
  const history = streamHistory(db)
  const changeOf = (entry: LogEntry): Change & Details => {
    const { seq, version, at, actor, cause } = entry
    const set = isErased(entry) ? undefined : details(entry)
    const kind = isErased(entry) ? "erased" : set === undefined ? "deleted" : "set"
    return { seq, version, at, actor, cause, ...(set ?? none), kind }
  }
  return (stream: string, before: number, limit: number): Changes<Details> => {
    const { entries, more } = history(stream, before, limit)
    return { changes: entries.map(changeOf), more }
  }
}

/** A stream's events before one of its versions; fewer than `limit` where they are large, but at least one. */
const streamHistory = (db: Sqlite) => {
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
