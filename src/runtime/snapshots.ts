import { performance } from "node:perf_hooks"
import type { Statement } from "better-sqlite3"
import { blobReader } from "../events/blobs.ts"
import { openForReading, type Sqlite } from "../events/cartridge.ts"

/** The cartridge as of one moment. */
export interface Snapshot {
  /** The last event in it. */
  readonly seq: number
  /** Queries over it; prepared once for each connection. */
  readonly query: <Queries>(prepare: (db: Sqlite) => Queries) => Queries
  /** What `find` gives, asked once for each snapshot: for what many units want to know. */
  readonly once: <T>(find: (snapshot: Snapshot, of: string) => T, of: string) => T
  /** Whether the append of this unit is in it. */
  readonly has: (unit: string) => boolean
  /** Ids of the latest events behind `seq` of these streams, and of all events of streams that begin with one of the prefixes. */
  readonly changes: (seq: number, streams: Iterable<string>, prefixes: Iterable<string>) => ReadonlyArray<string>
  readonly blob: (hash: string) => Uint8Array | undefined
  /** To be called once by each who took it. */
  readonly close: () => void
}

interface Connection {
  readonly db: Sqlite
  readonly begin: Statement
  readonly commit: Statement
  readonly seq: Statement<[], number>
  readonly byId: Statement<[string], number>
  readonly changed: Statement<[string, number], string>
  readonly changedRange: Statement<[number, string, string], string>
  readonly queries: Map<(db: Sqlite) => unknown, unknown>
}

/** Connections that are kept when nobody uses them. */
const maxIdle = 8

/**
 * So many milliseconds long a snapshot is given to others who ask in the same turn of the event loop. It is short, since an older
 * one makes conflicts with other threads likelier, and keeps the write-ahead log from being used again from its beginning.
 */
const sharedMs = 1

/**
 * In the first so many milliseconds of each period nothing is shared. The log can begin again only at a moment at which no thread
 * reads an older state; threads that are never idle would hardly have such a moment together if they shared all the time.
 */
const [unsharedMs, periodMs] = [10, 80]

/** Wall time in fractions of a millisecond, the same in all threads. */
const wallTime = (): number => performance.timeOrigin + performance.now()

/**
 * Snapshots of the cartridge at `path`: read transactions on connections that are opened as they are needed and used again.
 * Those who ask in one turn of the event loop get the same one. What happens in a turn was asked for before it began, so that a
 * snapshot that is taken in it holds everything that any of them may know of.
 */
export const snapshots = (path: string, clock = wallTime) => {
  const idle: Array<Connection> = []
  let closed = false
  let shared: OpenSnapshot | undefined
  let endsWithTurn = false

  const take = (): Connection => idle.pop() ?? connect(path)

  const giveBack = (connection: Connection): void => {
    if (closed || idle.length >= maxIdle) connection.db.close()
    else idle.push(connection)
  }

  const stopSharing = (): void => {
    shared?.close()
    shared = undefined
  }

  const endTurn = (): void => {
    endsWithTurn = false
    stopSharing()
  }

  return {
    take: (): Snapshot => {
      const now = clock()
      if (now % periodMs < unsharedMs) {
        stopSharing()
        return new OpenSnapshot(take(), giveBack, now)
      }
      if (shared !== undefined) {
        if (now - shared.takenAt < sharedMs) return shared.forOneMore()
        stopSharing()
      }
      shared = new OpenSnapshot(take(), giveBack, now)
      // Runs before the thread's next message.
      if (!endsWithTurn) queueMicrotask(endTurn)
      endsWithTurn = true
      return shared.forOneMore()
    },
    /** Who asks from now on gets a new one. */
    stopSharing,
    /** The seq that a snapshot taken now would have. */
    newest: (): number => {
      const connection = take()
      const seq = connection.seq.get() ?? 0
      giveBack(connection)
      return seq
    },
    close: (): void => {
      closed = true
      stopSharing()
      for (const { db } of idle.splice(0)) db.close()
    },
  }
}

class OpenSnapshot implements Snapshot {
  readonly seq: number
  readonly takenAt: number
  private readonly connection: Connection
  private readonly giveBack: (connection: Connection) => void
  private users = 1
  private found: Map<unknown, Map<string, unknown>> | undefined

  constructor(connection: Connection, giveBack: (connection: Connection) => void, takenAt: number) {
    this.takenAt = takenAt
    this.connection = connection
    this.giveBack = giveBack
    connection.begin.run()
    // The first read is what fixes the snapshot.
    this.seq = connection.seq.get() ?? 0
  }

  forOneMore(): this {
    this.users++
    return this
  }

  query<Queries>(prepare: (db: Sqlite) => Queries): Queries {
    const { db, queries } = this.connection
    let found = queries.get(prepare) as Queries | undefined
    if (found === undefined) {
      found = prepare(db)
      queries.set(prepare, found)
    }
    return found
  }

  once<T>(find: (snapshot: Snapshot, of: string) => T, of: string): T {
    this.found ??= new Map()
    let known = this.found.get(find) as Map<string, T> | undefined
    if (known === undefined) {
      known = new Map()
      this.found.set(find, known)
    }
    let value = known.get(of)
    if (value === undefined) {
      value = find(this, of)
      known.set(of, value)
    }
    return value
  }

  has(unit: string): boolean {
    return this.connection.byId.get(`${unit}.0`) !== undefined
  }

  changes(after: number, streams: Iterable<string>, prefixes: Iterable<string>): ReadonlyArray<string> {
    const { changed, changedRange } = this.connection
    const ids: Array<string> = []
    for (const stream of streams) ids.push(...changed.all(stream, after))
    for (const prefix of prefixes) ids.push(...changedRange.all(after, prefix, `${prefix}\u{10FFFF}`))
    return ids
  }

  blob(hash: string): Uint8Array | undefined {
    return this.query(blobReader).bytes(hash)
  }

  close(): void {
    if (--this.users > 0) return
    this.connection.commit.run()
    this.giveBack(this.connection)
  }
}

const connect = (path: string): Connection => {
  const db = openForReading(path)
  return {
    db,
    begin: db.prepare("BEGIN"),
    commit: db.prepare("COMMIT"),
    seq: db.prepare<[], number>("SELECT seq FROM events ORDER BY seq DESC LIMIT 1").pluck(),
    byId: db.prepare<[string], number>("SELECT seq FROM events WHERE id = ?").pluck(),
    changed: db.prepare<[string, number], string>("SELECT id FROM events WHERE stream = ? AND seq > ?").pluck(),
    changedRange: db
      // Events behind a recent one are few: they are walked by their order, not by their stream.
      .prepare<[number, string, string], string>("SELECT id FROM events WHERE seq > ? AND +stream >= ? AND +stream < ?")
      .pluck(),
    queries: new Map(),
  }
}
