import { closeSync, openSync } from "node:fs"
import Database from "better-sqlite3"

export type Sqlite = Database.Database

/** SQLite below this can corrupt a WAL file that several connections use. */
const oldestSafeSqlite = "3.51.3"

/** Says in the file's header that it is a cartridge: "Fazt" in ASCII. */
const applicationId = 0x46617a74

export interface Migration {
  readonly name: string
  readonly sql: string
}

/** The file cannot be used as a cartridge; the message says why and what to do. */
export class CartridgeUnusable extends Error {
  override readonly name = "CartridgeUnusable"
}

export const compareVersions = (a: string, b: string): number => {
  const [x, y] = [a.split(".").map(Number), b.split(".").map(Number)]
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const assertSafeSqlite = (version: string): void => {
  if (compareVersions(version, oldestSafeSqlite) < 0) {
    throw new CartridgeUnusable(`SQLite ${version} can corrupt its write-ahead log. Fazt needs ${oldestSafeSqlite} or newer.`)
  }
}

const sqliteVersion = (db: Sqlite): string => db.prepare("SELECT sqlite_version()").pluck().get() as string

const open = (path: string, options: Database.Options): Sqlite => {
  try {
    const db = new Database(path, options)
    // The first read is what finds out that a file is no database.
    db.pragma("schema_version")
    return db
  } catch (cause) {
    throw new CartridgeUnusable(`Cannot open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** A cartridge holds secrets: only its owner may read it. SQLite gives the files beside it the same mode. */
export const createPrivately = (path: string): void => {
  try {
    closeSync(openSync(path, "a", 0o600))
  } catch (cause) {
    throw new CartridgeUnusable(`Cannot open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/**
 * Opens the one read-write connection and brings the truth tables up to date.
 * Every COMMIT is on disk before it returns (`synchronous=FULL`).
 */
export const openForWriting = (path: string, migrations: ReadonlyArray<Migration>): Sqlite => {
  createPrivately(path)
  const db = open(path, {})
  assertSafeSqlite(sqliteVersion(db))
  const id = db.pragma("application_id", { simple: true })
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number
  if (id !== applicationId && tables > 0) {
    db.close()
    throw new CartridgeUnusable(`${path} is an SQLite file, but not a Fazt cartridge. Give another path with --db.`)
  }
  db.pragma("journal_mode = WAL")
  db.pragma("synchronous = FULL")
  db.pragma("foreign_keys = OFF")
  db.pragma("journal_size_limit = 67108864")
  // Moving pages from the write-ahead log into the file each 16 MB instead of SQLite's 4 MB moves a page that is written again and again
  // less often. More would gain little, and hold up a commit for longer at a time.
  db.pragma("wal_autocheckpoint = 4000")
  // What is deleted or moved leaves no copy in the pages that are written anyway, or an erasure later could not find them all.
  db.pragma("secure_delete = FAST")
  db.pragma(`application_id = ${applicationId}`)
  migrate(db, path, migrations)
  return db
}

const migrate = (db: Sqlite, path: string, migrations: ReadonlyArray<Migration>): void => {
  const done = db.pragma("user_version", { simple: true }) as number
  if (done > migrations.length) {
    db.close()
    throw new CartridgeUnusable(
      `${path} was written by a newer Fazt (schema ${done}, this release knows ${migrations.length}). Use that release.`,
    )
  }
  for (let n = done; n < migrations.length; n++) {
    db.transaction(() => {
      db.exec(migrations[n]!.sql)
      db.pragma(`user_version = ${n + 1}`)
    }).immediate()
  }
}

/** Opens a read-only connection; it never waits for the writer. */
export const openForReading = (path: string): Sqlite => {
  const db = open(path, { readonly: true, fileMustExist: true })
  db.pragma("query_only = ON")
  return db
}
