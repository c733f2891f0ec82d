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
import type { Envelope, LogEntry, Recorded } from "./event.ts"
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
  const page = db.prepare<[number, number], Row>(`SELECT ${columns} FROM events WHERE seq >= ? ORDER BY seq LIMIT ?`)
  const streamPage = db.prepare<[string, number, number], Row>(
    `SELECT ${columns} FROM events WHERE stream = ? AND version >= ? ORDER BY version LIMIT ?`,
  )
  const last = db.prepare<[], { seq: number; hash: Buffer; at: number }>("SELECT seq, hash, at FROM events ORDER BY seq DESC LIMIT 1")
  const lastVersion = db.prepare<[string], number>("SELECT version FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1").pluck()
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
    .prepare<[string, number], number>("SELECT version FROM events WHERE stream = ? AND seq <= ? ORDER BY version DESC LIMIT 1")
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

  const appendStream = (request: AppendRequest, { stream, expected, events }: StreamAppend, now: number): ReadonlyArray<Recorded> => {
    const actual = ends.of(stream).version
    if (!isExpected(expected, actual)) throw new VersionConflict({ stream, expected, actual })
    const recorded = events.map((given, i) => {
      const event = validated(given)
      const at = Math.max(end.at, now)
      const envelope: Envelope = {
        seq: end.seq + 1,
        id: given.id,
        stream,
        version: actual + 1 + i,
        type: event.type,
        at,
        actor: request.actor,
        cause: request.cause,
      }
      const data = canonicalJson(event.data)
      const dataHash = sha256(data)
      const hash = chainHash(end.hash, envelope, dataHash)
      insert.run(envelope.seq, given.id, stream, envelope.version, event.type, at, request.actor, request.cause, data, dataHash, hash)
      if (!notedTypes.has(event.type)) {
        noteType.run(`type:${event.type}`, release)
        notedTypes.add(event.type)
      }
      end = { seq: envelope.seq, hash, at }
      return { ...envelope, ...event } as Recorded
    })
    const last = recorded.at(-1)
    if (last !== undefined) ends.note(stream, { seq: last.seq, id: last.id, version: last.version })
    return recorded
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
    /** Appends everything or throws one of the append errors; the caller then rolls back and calls `reset`. */
    append: (request: AppendRequest, now: number): { readonly appended: Appended; readonly events: ReadonlyArray<Recorded> } => {
      checkShape(request)
      const before = repeated(request)
      if (before !== undefined) return { appended: before, events: [] }
      if (request.reads !== undefined) checkReads(request.reads)
      const first = end.seq + 1
      const events = request.streams.flatMap((stream) => appendStream(request, stream, now))
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

export type LogWriter = ReturnType<typeof logWriter>

/**
 * Many prefixes at once: what all of them have in common, and which of them a text begins with, in a few steps. Whatever stands in
 * order between a prefix and a text that begins with it begins with it too, so that one comparison decides.
 */
const prefixSet = (prefixes: ReadonlyArray<string>) => {
  const sorted: Array<string> = []
  for (const prefix of [...prefixes].sort()) {
    const before = sorted.at(-1)
    if (before === undefined || !prefix.startsWith(before)) sorted.push(prefix)
  }
  const [first = "", last = ""] = [sorted[0], sorted.at(-1)]
  let length = 0
  while (length < first.length && first[length] === last[length]) length++
  const common = first.slice(0, length)
  return {
    // Half a character is none for SQLite.
    common: common.isWellFormed() ? common : common.slice(0, -1),
    prefixOf: (text: string): string | undefined => {
      let low = 0
      for (let high = sorted.length; low < high; ) {
        const middle = (low + high) >> 1
        if (sorted[middle]! <= text) low = middle + 1
        else high = middle
      }
      const candidate = sorted[low - 1]
      return candidate !== undefined && text.startsWith(candidate) ? candidate : undefined
    },
  }
}

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

const checkShape = (request: AppendRequest): void => {
  const streams = new Set(request.streams.map(({ stream }) => stream))
  const ids = request.streams.flatMap(({ events }) => events.map(({ id }) => id))
  if (request.streams.length === 0 && request.reads === undefined) {
    throw new InvalidEvent({ reason: "An append has events to append, or reads to check." })
  }
  if (streams.size !== request.streams.length) throw new InvalidEvent({ reason: "An append names each stream once." })
  if (request.streams.some(({ stream, events }) => stream === "" || events.length === 0)) {
    throw new InvalidEvent({ reason: "An append names a stream and at least one event for it." })
  }
  if (new Set(ids).size !== ids.length || ids.includes("")) throw new InvalidEvent({ reason: "Each event has an id of its own." })
}
