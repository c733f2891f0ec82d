import { existsSync } from "node:fs"
import Database from "better-sqlite3"
import { cartridgePath } from "../config.ts"
import { createPrivately, openForReading, type Sqlite } from "./cartridge.ts"

/** Another process writes to the cartridge. */
export class CartridgeLocked extends Error {
  override readonly name = "CartridgeLocked"
}

export interface CartridgeLock {
  readonly release: () => void
}

/**
 * Takes the sole right to write to a cartridge, until `release` or the death of the process.
 *
 * The lock is SQLite's own file lock on an empty file beside the cartridge: the kernel drops it when the process dies, however it
 * dies, and two processes can never both have it. The file stays, since removing it would let two processes lock two files.
 */
export const lockCartridge = (given: string): CartridgeLock => {
  const path = cartridgePath(given)
  createPrivately(`${path}.lock`)
  const db = new Database(`${path}.lock`, { timeout: 0 })
  try {
    // No journal beside it: nothing is ever written.
    db.pragma("journal_mode = MEMORY")
    db.exec("BEGIN EXCLUSIVE")
  } catch (cause) {
    db.close()
    throw new CartridgeLocked(`${path} is in use: ${holderOf(path)} writes to it. Stop that one first, or give another file with --db.`, {
      cause,
    })
  }
  return { release: () => db.close() }
}

/** Leaves word of who holds the lock. */
export const noteHolder = (db: Sqlite, holder: string): void => {
  db.prepare("INSERT INTO meta (key, value) VALUES ('holder', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(holder)
}

const holderOf = (path: string): string => {
  if (!existsSync(path)) return "another process"
  const db = openForReading(path)
  try {
    return (db.prepare("SELECT value FROM meta WHERE key = 'holder'").pluck().get() as string | undefined) ?? "another process"
  } catch {
    // The other process is just creating the file.
    return "another process"
  } finally {
    db.close()
  }
}
