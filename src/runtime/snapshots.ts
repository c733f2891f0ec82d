import type { Statement } from "better-sqlite3"
import { blobReader } from "../events/blobs.ts"
import { openForReading, type Sqlite } from "../events/cartridge.ts"

/** The cartridge as of one moment. */
export interface Snapshot {
  /** The last event in it. */
  readonly seq: number
  /** Queries over it; prepared once for each connection. */
  readonly query: <Queries>(prepare: (db: Sqlite) => Queries) => Queries
  /** Whether the append of this unit is in it. */
  readonly has: (unit: string) => boolean
  /** Ids of the latest events behind `seq` of these streams, and of all events of streams that begin with one of the prefixes. */
  readonly changes: (seq: number, streams: ReadonlyArray<string>, prefixes: ReadonlyArray<string>) => ReadonlyArray<string>
  readonly blob: (hash: string) => Uint8Array | undefined
  /** Gives the connection back. Closing twice does nothing. */
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

/** Snapshots of the cartridge at `path`: read transactions on connections that are opened as they are needed and used again. */
export const snapshots = (path: string) => {
  const idle: Array<Connection> = []
  let closed = false

  const take = (): Connection => idle.pop() ?? connect(path)

  const giveBack = (connection: Connection): void => {
    if (closed || idle.length >= maxIdle) connection.db.close()
    else idle.push(connection)
  }

  return {
    take: (): Snapshot => {
      const connection = take()
      connection.begin.run()
      // The first read is what fixes the snapshot.
      const seq = connection.seq.get() ?? 0
      let open = true
      return {
        seq,
        query: (prepare) => prepared(connection, prepare),
        has: (unit) => connection.byId.get(`${unit}.0`) !== undefined,
        changes: (after, streams, prefixes) => [
          ...streams.flatMap((stream) => connection.changed.all(stream, after)),
          ...prefixes.flatMap((prefix) => connection.changedRange.all(after, prefix, `${prefix}\u{10FFFF}`)),
        ],
        blob: (hash) => prepared(connection, blobReader).bytes(hash),
        close: () => {
          if (!open) return
          open = false
          connection.commit.run()
          giveBack(connection)
        },
      }
    },
    /** The seq that a snapshot taken now would have. */
    newest: (): number => {
      const connection = take()
      const seq = connection.seq.get() ?? 0
      giveBack(connection)
      return seq
    },
    close: (): void => {
      closed = true
      for (const { db } of idle.splice(0)) db.close()
    },
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

const prepared = <Queries>({ db, queries }: Connection, prepare: (db: Sqlite) => Queries): Queries => {
  let found = queries.get(prepare) as Queries | undefined
  if (found === undefined) {
    found = prepare(db)
    queries.set(prepare, found)
  }
  return found
}
