import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import type { Recorded } from "../events/event.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import { prefixRange } from "./prefixRange.ts"
import { type Projection, siteAndRest } from "./projection.ts"
import { usageCounter, usageTable } from "./usage.ts"

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

/** The keys of every site, with their values, and what they come to. */
export const kvStoreProjection: Projection = {
  name: "kv_store",
  version: 2,
  tables: ["kv_store", "kv_usage"],
  createTables: (table) => `
    CREATE TABLE ${table("kv_store")} (
      site       TEXT NOT NULL,
      key        TEXT NOT NULL,
      size       INTEGER NOT NULL,
      expires_at INTEGER,
      version    INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      blob       TEXT,
      value      TEXT,
      PRIMARY KEY (site, key)
    ) STRICT;
    ${usageTable(table("kv_usage"))}`,
  createIndexes: "CREATE INDEX kv_store_by_expiry ON kv_store (expires_at) WHERE expires_at IS NOT NULL",
  prepare: (db, table) => {
    const keys = table("kv_store")
    const usage = usageCounter(db, table("kv_usage"))
    const find = db.prepare<[string, string], { id: number; size: number }>(
      `SELECT rowid AS id, size FROM ${keys} WHERE site = ? AND key = ?`,
    )
    const insert = db.prepare(
      `INSERT INTO ${keys} (size, expires_at, version, updated_at, blob, value, site, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    const update = db.prepare(
      `UPDATE ${keys} SET size = ?, expires_at = ?, version = ?, updated_at = ?, blob = ?, value = ? WHERE rowid = ?`,
    )
    const remove = db.prepare(`DELETE FROM ${keys} WHERE rowid = ?`)

    const put = ({ data, version, at }: Recorded & { readonly type: "v1.KvSet" }): void => {
      const { site, key, value, blob = null, size, expires = null } = data
      const text = blob === null ? canonicalJson(value ?? null) : null
      // A key's first event finds no row of it, so that looking for one can wait until that turns out to be wrong.
      const before = version === 1 ? undefined : find.get(site, key)
      if (before === undefined && insert.run(size, expires, version, at, blob, text, site, key).changes > 0) {
        usage.charge(site, 1, size)
        return
      }
      const { id, size: sizeBefore } = before ?? find.get(site, key)!
      update.run(size, expires, version, at, blob, text, id)
      usage.charge(site, 0, size - sizeBefore)
    }

    const drop = (site: string, key: string): void => {
      const before = find.get(site, key)
      if (before === undefined) return
      remove.run(before.id)
      usage.charge(site, -1, -before.size)
    }

    return {
      apply: (event) => {
        if (event.type === "v1.KvSet") put(event)
        else if (event.type === "v1.KvDeleted") drop(event.data.site, event.data.key)
      },
      // The value before an erased one must not come back.
      applyErased: ({ type, stream }) => {
        if (type === "v1.KvSet") drop(...siteAndRest(stream))
      },
      settle: usage.settle,
      forget: usage.forget,
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
    `SELECT ${columns} FROM kv_store WHERE site = ${textParameter} AND key >= ? AND key < ? AND (expires_at IS NULL OR expires_at > ?)
     ORDER BY key LIMIT ${integerParameter}`,
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
