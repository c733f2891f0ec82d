import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import type { Projection } from "./projection.ts"

/** A variable that a site has now. `ref` names the value in the vault; `set_at` in epoch milliseconds. */
export interface EnvRow {
  readonly name: string
  readonly ref: string
  readonly set_at: number
  readonly set_by: string
}

/** The environment variables of every site: their names, and where their values are. */
export const envVarsProjection: Projection = {
  name: "env_vars",
  version: 1,
  tables: ["env_vars"],
  createTables: (table) => `
    CREATE TABLE ${table("env_vars")} (
      site   TEXT NOT NULL,
      name   TEXT NOT NULL,
      ref    TEXT NOT NULL,
      set_at INTEGER NOT NULL,
      set_by TEXT NOT NULL,
      PRIMARY KEY (site, name)
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "",
  prepare: (db, table) => {
    const put = db.prepare(`INSERT OR REPLACE INTO ${table("env_vars")} VALUES (?, ?, ?, ?, ?)`)
    const remove = db.prepare(`DELETE FROM ${table("env_vars")} WHERE site = ? AND name = ?`)
    const apply = (event: Recorded): void => {
      if (event.type === "v1.EnvSet") put.run(event.data.site, event.data.name, event.data.ref, event.at, event.actor)
      if (event.type === "v1.EnvUnset") remove.run(event.data.site, event.data.name)
    }
    return { apply }
  },
}

export const envQueries = (db: Sqlite) => {
  const all = db.prepare<[string], EnvRow>("SELECT name, ref, set_at, set_by FROM env_vars WHERE site = ? ORDER BY name")
  const one = db.prepare<[string, string], EnvRow>("SELECT name, ref, set_at, set_by FROM env_vars WHERE site = ? AND name = ?")
  return {
    variables: (site: string): ReadonlyArray<EnvRow> => all.all(site),
    variable: (site: string, name: string): EnvRow | undefined => one.get(site, name),
  }
}
