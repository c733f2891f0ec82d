import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import { prefixRange } from "./prefixRange.ts"
import { type Projection, siteAndRest } from "./projection.ts"

/** A key. `value` is canonical JSON, `null` when it is in the blob. Times are epoch milliseconds. */
export interface KvRow {
  readonly key: string
  readonly value: string | null
  readonly blob: string | null
  /** Bytes of the value's JSON. */
  readonly size: number
  /** From then on the key counts as absent, though its row stays until the key is deleted. */
  readonly expires_at: number | null
  /** The version of its stream. */
  readonly version: number
  readonly updated_at: number
}

/** The keys of every site, with their values. */
export const kvStoreProjection: Projection = {
  name: "kv_store",
  version: 1,
  tables: ["kv_store"],
  createTables: (table) => `
    CREATE TABLE ${table("kv_store")} (
      site       TEXT NOT NULL,
      key        TEXT NOT NULL,
      value      TEXT,
      blob       TEXT,
      size       INTEGER NOT NULL,
      expires_at INTEGER,
      version    INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      PRIMARY KEY (site, key)
    ) STRICT`,
  createIndexes: "CREATE INDEX kv_store_by_expiry ON kv_store (expires_at) WHERE expires_at IS NOT NULL",
  prepare: (db, table) => {
    const put = db.prepare(
      `INSERT INTO ${table("kv_store")} VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value,
       blob = excluded.blob, size = excluded.size, expires_at = excluded.expires_at, version = excluded.version,
       updated_at = excluded.updated_at`,
    )
    const remove = db.prepare(`DELETE FROM ${table("kv_store")} WHERE site = ? AND key = ?`)
    return (event) => {
      switch (event.type) {
        case "v1.KvSet": {
          const { site, key, value, blob, size, expires } = event.data
          const text = blob === undefined ? canonicalJson(value ?? null) : null
          put.run(site, key, text, blob ?? null, size, expires ?? null, event.version, event.at)
          break
        }
        case "v1.KvDeleted":
          remove.run(event.data.site, event.data.key)
          break
      }
    }
  },
  // The value before an erased one must not come back.
  prepareErased: (db, table) => {
    const remove = db.prepare(`DELETE FROM ${table("kv_store")} WHERE site = ? AND key = ?`)
    return ({ type, stream }) => {
      if (type === "v1.KvSet") remove.run(...siteAndRest(stream))
    }
  },
}

const columns = "key, value, blob, size, expires_at, version, updated_at"

export interface KvPage {
  readonly prefix: string
  /** Only keys after this one. */
  readonly after?: string | undefined
  /** Keys that have expired by then are left out. */
  readonly now: number
  readonly limit: number
}

/** A key whose time was up. */
export type ExpiredKey = { readonly site: string } & Pick<KvRow, "key" | "version">

export const kvQueries = (db: Sqlite) => {
  const one = db.prepare<[string, string, number], KvRow>(
    `SELECT ${columns} FROM kv_store WHERE site = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)`,
  )
  const stored = db.prepare<[string, string], number>("SELECT size FROM kv_store WHERE site = ? AND key = ?").pluck()
  const page = db.prepare<[string, string, string | Buffer, number, number], KvRow>(
    `SELECT ${columns} FROM kv_store WHERE site = ? AND key >= ? AND key < ? AND (expires_at IS NULL OR expires_at > ?)
     ORDER BY key LIMIT ?`,
  )
  const expired = db.prepare<[number, number], ExpiredKey>(
    "SELECT site, key, version FROM kv_store WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
  )
  return {
    key: (site: string, key: string, now: number): KvRow | undefined => one.get(site, key, now),
    /** The size of the row that is there, expired or not. */
    storedSize: (site: string, key: string): number | undefined => stored.get(site, key),
    /** Keys that begin with `prefix` (which stands for itself), in the order of their UTF-8 bytes. */
    keys: (site: string, { prefix, after, now, limit }: KvPage): ReadonlyArray<KvRow> => {
      const { lower, upper } = prefixRange(prefix, after)
      return page.all(site, lower, upper, now, limit)
    },
    expired: (now: number, limit: number): ReadonlyArray<ExpiredKey> => expired.all(now, limit),
  }
}
