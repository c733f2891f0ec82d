import type { Sqlite } from "../events/cartridge.ts"
import { prefixRange } from "./prefixRange.ts"
import { type Projection, siteAndRest } from "./projection.ts"

/** An object; its bytes are a blob. */
export interface ObjectRow {
  readonly path: string
  readonly blob: string
  readonly size: number
  /** Its MIME type. */
  readonly type: string
  readonly version: number
  readonly updated_at: number
}

/** The objects of every site. */
export const objectsProjection: Projection = {
  name: "objects",
  version: 1,
  tables: ["objects"],
  createTables: (table) => `
    CREATE TABLE ${table("objects")} (
      site       TEXT NOT NULL,
      path       TEXT NOT NULL,
      blob       TEXT NOT NULL,
      size       INTEGER NOT NULL,
      type       TEXT NOT NULL,
      version    INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      PRIMARY KEY (site, path)
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "",
  prepare: (db, table) => {
    const put = db.prepare(`INSERT OR REPLACE INTO ${table("objects")} VALUES (?, ?, ?, ?, ?, ?, ?)`)
    const remove = db.prepare(`DELETE FROM ${table("objects")} WHERE site = ? AND path = ?`)
    return (event) => {
      switch (event.type) {
        case "v1.ObjectPut": {
          const { site, path, blob, size, type } = event.data
          put.run(site, path, blob, size, type, event.version, event.at)
          break
        }
        case "v1.ObjectDeleted":
          remove.run(event.data.site, event.data.path)
          break
      }
    }
  },
  // The content before an erased one must not come back.
  prepareErased: (db, table) => {
    const remove = db.prepare(`DELETE FROM ${table("objects")} WHERE site = ? AND path = ?`)
    return ({ type, stream }) => {
      if (type === "v1.ObjectPut") remove.run(...siteAndRest(stream))
    }
  },
}

const columns = "path, blob, size, type, version, updated_at"

export const objectQueries = (db: Sqlite) => {
  const one = db.prepare<[string, string], ObjectRow>(`SELECT ${columns} FROM objects WHERE site = ? AND path = ?`)
  const page = db.prepare<[string, string, string | Buffer, number], ObjectRow>(
    `SELECT ${columns} FROM objects WHERE site = ? AND path >= ? AND path < ? ORDER BY path LIMIT ?`,
  )
  return {
    object: (site: string, path: string): ObjectRow | undefined => one.get(site, path),
    /** Objects whose path begins with `prefix`, in the order of its UTF-8 bytes. */
    objects: (
      site: string,
      { prefix, after, limit }: { readonly prefix: string; readonly after?: string | undefined; readonly limit: number },
    ): ReadonlyArray<ObjectRow> => {
      const { lower, upper } = prefixRange(prefix, after)
      return page.all(site, lower, upper, limit)
    },
  }
}
