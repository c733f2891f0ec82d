import type { Statement } from "better-sqlite3"
import type { Sqlite } from "./cartridge.ts"
import { canonicalJson, chainHash, genesis, sha256 } from "./chain.ts"
import { decode, isKnownType, validateEvent } from "./codec.ts"
import {
  type Appended,
  type AppendRequest,
  EventIdReused,
  type Head,
  InvalidEvent,
  type Reads,
  type StreamAppend,
  VersionConflict,
} from "./EventLog.ts"
import type { Envelope, Event, LogEntry, Recorded } from "./event.ts"
import { integerParameter, textParameter } from "./parameters.ts"
import { prefixSet } from "./prefixSet.ts"
import { streamEnds } from "./streamEnds.ts"

export interface Row extends Envelope {
  readonly data: string | null
  readonly data_hash: Buffer
  readonly hash: Buffer
}

const columns = "seq, id, stream, version, type, at, actor, cause, data, data_hash, hash"

const toEntry = (row: Row): LogEntry => {
  const { seq, id, stream, version, type, at, actor, cause } = row
  return decode({ seq, id, stream, version, type, at, actor, cause }, row.data)
}

/** Reading the log over any connection. Plain and synchronous. */
export const logReader = (db: Sqlite) => {
  const page = db.prepare<[number, number], Row>(`SELECT ${columns} FROM events WHERE seq >= ? ORDER BY seq LIMIT ${integerParameter}`)
  const streamPage = db.prepare<[string, number, number], Row>(
    `SELECT ${columns} FROM events WHERE stream = ${textParameter} AND version >= ? ORDER BY version LIMIT ${integerParameter}`,
  )
  const last = db.prepare<[], { seq: number; hash: Buffer; at: number }>("SELECT seq, hash, at FROM events ORDER BY seq DESC LIMIT 1")
  const lastVersion = db
    .prepare<[string], number>(`SELECT version FROM events WHERE stream = ${textParameter} ORDER BY version DESC LIMIT 1`)
    .pluck()
  const types = db.prepare<[], { type: string; release: string }>(
    "SELECT substr(key, 6) AS type, value AS release FROM meta WHERE key GLOB 'type:*'",
  )

  return {
    rows: (from: number, limit: number): ReadonlyArray<Row> => page.all(from, limit),
    read: (from: number, limit: number): ReadonlyArray<LogEntry> => page.all(from, limit).map(toEntry),
    readStream: (stream: string, from: number, limit: number): ReadonlyArray<LogEntry> => streamPage.all(stream, from, limit).map(toEntry),
    streamVersion: (stream: string): number => lastVersion.get(stream) ?? 0,
    end: () => last.get() ?? { seq: 0, hash: Buffer.from(genesis), at: 0 },
    head: (): Head => {
      const row = last.get()
      return { seq: row?.seq ?? 0, hash: Buffer.from(row?.hash ?? genesis).toString("hex") }
    },
    /** Event types in this log that this release cannot read, with the newest release that began one of them. */
    unknownTypes: (): { readonly types: ReadonlyArray<string>; readonly needs: string } | undefined => {
      const unknown = types.all().filter(({ type }) => !isKnownType(type))
      if (unknown.length === 0) return undefined
      const releases = unknown.map(({ release }) => release).sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      return { types: unknown.map(({ type }) => type), needs: releases.at(-1)! }
    },
  }
}

export type LogReader = ReturnType<typeof logReader>

/**
 * Appending to the log, inside a transaction that the caller holds. `release` is this program's version: the first use of an
 * event type records it, so that an older release can say which one it would take to read the file.
 */
export const logWriter = (db: Sqlite, release: string) => {
  const reader = logReader(db)
  const insert: Statement = db.prepare(`INSERT INTO events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const byId = db.prepare<[string], Row>(`SELECT ${columns} FROM events WHERE id = ?`)
  const span = db.prepare<[string, string, number], { first: number | null; last: number | null }>(
    "SELECT min(seq) AS first, max(seq) AS last FROM events WHERE id > ? AND id < ? AND instr(substr(id, ?), '.') = 0",
  )
  const seqOf = db.prepare<[string], number>("SELECT seq FROM events WHERE id = ?").pluck()
  const versionAt = db
    .prepare<[string, number], number>(
      `SELECT version FROM events WHERE stream = ${textParameter} AND seq <= ? ORDER BY version DESC LIMIT 1`,
    )
    .pluck()
  const since = db.prepare<[number, string], { id: string; stream: string; version: number }>(
    "SELECT id, stream, version FROM events WHERE seq > ? AND instr(stream, ?) = 1",
  )
  const noteType = db.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
  const erasePayload = db.prepare("UPDATE events SET data = NULL WHERE seq = ?")

  const ends = streamEnds(db)
  /** Types whose first release is on record, in the order in which that was found. */
  const notedTypes = new Set<string>()
  let end = reader.end()

  /** Throws unless all of it may be appended. */
  const check = ({ streams, reads }: AppendRequest): ReadonlyArray<CheckedAppend> => {
    if (reads !== undefined) checkReads(reads)
    return streams.map(({ stream, expected, events }) => {
      const version = ends.of(stream).version
      if (!isExpected(expected, version)) throw new VersionConflict({ stream, expected, actual: version })
      return { stream, version, ids: events.map(({ id }) => id), events: events.map(validated) }
    })
  }

  const appendStream = ({ actor, cause }: AppendRequest, checked: CheckedAppend, now: number, into: Array<Recorded>): void => {
    const { stream, ids, events } = checked
    let { version } = checked
    for (const [i, { type, data }] of events.entries()) {
      const id = ids[i]!
      version++
      const at = Math.max(end.at, now)
      const recorded = { seq: end.seq + 1, id, stream, version, type, at, actor, cause, data } as Recorded
      const text = canonicalJson(data)
      const dataHash = sha256(text)
      const hash = chainHash(end.hash, recorded, dataHash)
      insertRow(recorded, text, dataHash, hash)
      if (!notedTypes.has(type)) {
        noteType.run(`type:${type}`, release)
        notedTypes.add(type)
      }
      end = { seq: recorded.seq, hash, at }
      into.push(recorded)
    }
    ends.note(stream, { seq: end.seq, id: ids.at(-1)!, version })
  }

  const insertRow = (
    { seq, id, stream, version, type, at, actor, cause }: Envelope,
    data: string,
    dataHash: Buffer,
    hash: Buffer,
  ): void => {
    try {
      insert.run(seq, id, stream, version, type, at, actor, cause, data, dataHash, hash)
    } catch (error) {
      if (isIdTaken(error)) throw new EventIdReused({ id })
      throw error
    }
  }

  /** Throws the conflict that keeps the reads from holding, as `Reads` says. */
  const checkReads = ({ at, streams, prefixes, after }: Reads): void => {
    let before = 0
    for (const append of after) {
      const seq = seqOf.get(`${append}.0`) ?? 0
      if (seq <= before) throw new VersionConflict({ stream: append, expected: "exists", actual: 0 })
      before = seq
    }
    const holds = (id: string): boolean => after.length > 0 && after.includes(id.slice(0, id.lastIndexOf(".")))
    for (const stream of streams) {
      const last = ends.of(stream)
      if (last.seq <= at || holds(last.id)) continue
      throw new VersionConflict({ stream, expected: versionAt.get(stream, at) ?? "none", actual: last.version })
    }
    if (prefixes.length === 0 || end.seq <= at) return
    const { common, prefixOf } = prefixSet(prefixes)
    for (const { id, stream, version } of since.iterate(at, common)) {
      const prefix = prefixOf(stream)
      if (prefix !== undefined && !holds(id)) throw new VersionConflict({ stream: prefix, expected: "any", actual: version })
    }
  }

  /** The first result, if these very events are in the log already; refused if their ids are there with other content. */
  const repeated = (request: AppendRequest): Appended | undefined => {
    const given = request.streams.flatMap(({ stream, events }) => events.map((event) => ({ stream, event })))
    const rows = given.map(({ event }) => byId.get(event.id))
    if (rows.every((row) => row === undefined)) return undefined
    given.forEach(({ stream, event }, i) => {
      const row = rows[i]
      const same =
        row !== undefined &&
        row.stream === stream &&
        row.type === event.type &&
        row.data_hash.equals(sha256(canonicalJson(validated(event).data)))
      if (!same) throw new EventIdReused({ id: rows.find((found) => found !== undefined)!.id })
    })
    return { first: rows[0]!.seq, last: rows.at(-1)!.seq, repeated: true }
  }

  return {
    ...reader,
    /**
     * Appends everything or throws one of the append errors; the caller then rolls back and calls `reset`. What throws before
     * `beforeWriting` is called has written nothing. Almost no append is a repeated one, so that is only looked into when something is wrong.
     */
    append: (request: AppendRequest, now: number, beforeWriting: () => void): Written => {
      checkShape(request)
      const first = end.seq + 1
      const events: Array<Recorded> = []
      try {
        const checked = check(request)
        beforeWriting()
        for (const append of checked) appendStream(request, append, now, events)
      } catch (refusal) {
        const before = events.length === 0 && isRefusal(refusal) ? repeated(request) : undefined
        if (before === undefined) throw refusal
        return { appended: before, events }
      }
      return { appended: { first, last: end.seq, repeated: false }, events }
    },
    /** Where the events named `<id>.0`, `<id>.1` … are, if the decision with this id has been appended. */
    appendedAs: (id: string): Appended | undefined => {
      const { first, last } = span.get(`${id}.`, `${id}/`, id.length + 2)!
      return first === null || last === null ? undefined : { first, last, repeated: true }
    },
    erasePayload: (seq: number): void => {
      erasePayload.run(seq)
    },
    /** To be called when a transaction begins, before its first `mark`. */
    begin: ends.begin,
    /** What `append` remembers of the log, to be given to `reset` after a rollback to this point. */
    mark: (): Mark => ({ end, types: notedTypes.size, ends: ends.mark() }),
    reset: (to: Mark): void => {
      end = to.end
      ends.forgetSince(to.ends)
      for (const type of [...notedTypes].slice(to.types)) notedTypes.delete(type)
    },
  }
}

interface Mark {
  readonly end: ReturnType<LogReader["end"]>
  readonly types: number
  readonly ends: number
}

/** Events that may follow the `version` of their stream. */
interface CheckedAppend {
  readonly stream: string
  readonly version: number
  readonly ids: ReadonlyArray<string>
  readonly events: ReadonlyArray<Event>
}

/** What an append has come to: `events` are those that are new. */
interface Written {
  readonly appended: Appended
  readonly events: ReadonlyArray<Recorded>
}

export type LogWriter = ReturnType<typeof logWriter>

const isRefusal = (error: unknown): boolean =>
  error instanceof VersionConflict || error instanceof InvalidEvent || error instanceof EventIdReused

/** Another event has this id. */
const isIdTaken = (error: unknown): boolean => error instanceof Error && error.message === "UNIQUE constraint failed: events.id"

const isExpected = (expected: StreamAppend["expected"], actual: number): boolean => {
  if (expected === "any") return true
  if (expected === "none") return actual === 0
  if (expected === "exists") return actual > 0
  return actual === expected
}

const validated = (event: { readonly type: string; readonly data: unknown }) => {
  try {
    return validateEvent(event)
  } catch (cause) {
    throw new InvalidEvent({ reason: cause instanceof Error ? cause.message : String(cause) })
  }
}

const checkShape = ({ streams, reads }: AppendRequest): void => {
  if (streams.length === 0 && reads === undefined) {
    throw new InvalidEvent({ reason: "An append has events to append, or reads to check." })
  }
  if (!areDistinct(streams, ({ stream }) => stream)) throw new InvalidEvent({ reason: "An append names each stream once." })
  if (streams.some(({ stream, events }) => stream === "" || events.length === 0)) {
    throw new InvalidEvent({ reason: "An append names a stream and at least one event for it." })
  }
  const [first] = streams
  const events = streams.length === 1 ? first!.events : streams.flatMap(({ events }) => events)
  if (!areDistinct(events, ({ id }) => id) || events.some(({ id }) => id === "")) {
    throw new InvalidEvent({ reason: "Each event has an id of its own." })
  }
}

const areDistinct = <A>(all: ReadonlyArray<A>, by: (one: A) => string): boolean =>
  all.length < 2 || new Set(all.map(by)).size === all.length
