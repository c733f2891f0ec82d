import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import type { Projection } from "./projection.ts"

/** The settings that differ from their defaults. */
export const configProjection: Projection = {
  name: "config",
  version: 1,
  tables: ["config"],
  createTables: (table) => `
    CREATE TABLE ${table("config")} (
      key        TEXT PRIMARY KEY,
      value      TEXT NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT`,
  createIndexes: "",
  prepare: (db, table) => {
    const put = db.prepare(`INSERT OR REPLACE INTO ${table("config")} VALUES (?, ?, ?)`)
    const remove = db.prepare(`DELETE FROM ${table("config")} WHERE key = ?`)
    const apply = (event: Recorded): void => {
      if (event.type === "v1.ConfigSet") put.run(event.data.key, event.data.value, event.at)
      if (event.type === "v1.ConfigUnset") remove.run(event.data.key)
    }
    return { apply }
  },
}

export const configQueries = (db: Sqlite) => {
  const one = db.prepare<[string], string>("SELECT value FROM config WHERE key = ?").pluck()
  const below = db.prepare<[string, string], { key: string; value: string }>(
    "SELECT key, value FROM config WHERE substr(key, 1, length(?)) = ? ORDER BY key",
  )
  return {
    configValue: (key: string): string | undefined => one.get(key),
    /** What is set under names that begin with `prefix`, by name. */
    configBelow: (prefix: string): ReadonlyArray<{ readonly key: string; readonly value: string }> => below.all(prefix, prefix),
  }
}
