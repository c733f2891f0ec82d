import type { Sqlite } from "../events/cartridge.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import { prefixRange } from "./prefixRange.ts"
import { type Projection, siteAndRest } from "./projection.ts"
import { usageCounter, usageTable } from "./usage.ts"

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

/** The objects of every site, and what they come to. */
export const objectsProjection: Projection = {
  name: "objects",
  version: 2,
  tables: ["objects", "object_usage"],
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
    ) STRICT, WITHOUT ROWID;
    ${usageTable(table("object_usage"))}`,
  createIndexes: "",
  prepare: (db, table) => {
    const objects = table("objects")
    const usage = usageCounter(db, table("object_usage"))
    const sizeOf = db.prepare<[string, string], number>(`SELECT size FROM ${objects} WHERE site = ? AND path = ?`).pluck()
    const put = db.prepare(`INSERT OR REPLACE INTO ${objects} VALUES (?, ?, ?, ?, ?, ?, ?)`)
    const remove = db.prepare<[string, string], number>(`DELETE FROM ${objects} WHERE site = ? AND path = ? RETURNING size`).pluck()

    const drop = (site: string, path: string): void => {
      const before = remove.get(site, path)
      if (before !== undefined) usage.charge(site, -1, -before)
    }

    return {
      apply: (event) => {
        switch (event.type) {
          case "v1.ObjectPut": {
            const { site, path, blob, size, type } = event.data
            const before = sizeOf.get(site, path)
            put.run(site, path, blob, size, type, event.version, event.at)
            usage.charge(site, before === undefined ? 1 : 0, size - (before ?? 0))
            break
          }
          case "v1.ObjectDeleted":
            drop(event.data.site, event.data.path)
            break
        }
      },
      // The content before an erased one must not come back.
      applyErased: ({ type, stream }) => {
        if (type === "v1.ObjectPut") drop(...siteAndRest(stream))
      },
      settle: usage.settle,
      forget: usage.forget,
    }
  },
}

const columns = "path, blob, size, type, version, updated_at"

export const objectQueries = (db: Sqlite) => {
  const one = db.prepare<[string, string], ObjectRow>(`SELECT ${columns} FROM objects WHERE site = ? AND path = ?`)
  const page = db.prepare<[string, string, string | Buffer, number], ObjectRow>(
    `SELECT ${columns} FROM objects WHERE site = ${textParameter} AND path >= ? AND path < ? ORDER BY path LIMIT ${integerParameter}`,
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
