import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import type { Projection, TableName } from "./projection.ts"

/** What a site's data comes to. Bytes are those of values (as canonical JSON) and of objects' content; keys and paths are free. */
export interface SiteUsage {
  readonly kv_keys: number
  readonly kv_bytes: number
  readonly documents: number
  readonly document_bytes: number
  readonly objects: number
  readonly object_bytes: number
}

/** How much each site stores. `site_usage_items` holds every item's size, so that its next event is charged with the difference. */
export const siteUsageProjection: Projection = {
  name: "site_usage",
  version: 1,
  tables: ["site_usage", "site_usage_items"],
  createTables: (table) => `
    CREATE TABLE ${table("site_usage")} (
      site           TEXT PRIMARY KEY,
      kv_keys        INTEGER NOT NULL,
      kv_bytes       INTEGER NOT NULL,
      documents      INTEGER NOT NULL,
      document_bytes INTEGER NOT NULL,
      objects        INTEGER NOT NULL,
      object_bytes   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ${table("site_usage_items")} (
      stream TEXT PRIMARY KEY,
      size   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "",
  prepare: (db, table) => {
    const items = itemStatements(db, table)
    return (event) => {
      switch (event.type) {
        case "v1.KvSet":
        case "v1.ObjectPut":
          items.put(event.stream, event.data.size)
          break
        case "v1.DocumentWritten":
          items.put(event.stream, Buffer.byteLength(canonicalJson(event.data.data)))
          break
        case "v1.KvDeleted":
        case "v1.ObjectDeleted":
        case "v1.DocumentDeleted":
          items.remove(event.stream)
          break
      }
    }
  },
  prepareErased: (db, table) => {
    const items = itemStatements(db, table)
    return ({ type, stream }) => {
      if (type === "v1.KvSet" || type === "v1.ObjectPut" || type === "v1.DocumentWritten") items.remove(stream)
    }
  },
}

/** What is counted of an item, by the first part of its stream. */
const countsOf: Readonly<Record<string, readonly [items: keyof SiteUsage, bytes: keyof SiteUsage]>> = {
  kv: ["kv_keys", "kv_bytes"],
  doc: ["documents", "document_bytes"],
  object: ["objects", "object_bytes"],
}

const itemStatements = (db: Sqlite, table: TableName) => {
  const usage = table("site_usage")
  const items = table("site_usage_items")
  const sizeOf = db.prepare<[string], number>(`SELECT size FROM ${items} WHERE stream = ?`).pluck()
  const put = db.prepare(`INSERT INTO ${items} VALUES (?, ?) ON CONFLICT DO UPDATE SET size = excluded.size`)
  const remove = db.prepare<[string], number>(`DELETE FROM ${items} WHERE stream = ? RETURNING size`).pluck()
  const begin = db.prepare(`INSERT INTO ${usage} VALUES (?, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`)
  const add = new Map(
    Object.entries(countsOf).map(([kind, [count, bytes]]) => [
      kind,
      db.prepare<[number, number, string]>(`UPDATE ${usage} SET ${count} = ${count} + ?, ${bytes} = ${bytes} + ? WHERE site = ?`),
    ]),
  )

  const charge = (stream: string, count: number, bytes: number): void => {
    const [kind, site] = stream.split("/", 2)
    const statement = add.get(kind!)
    if (statement === undefined || site === undefined) return
    if (statement.run(count, bytes, site).changes > 0) return
    begin.run(site)
    statement.run(count, bytes, site)
  }

  return {
    put: (stream: string, size: number): void => {
      const before = sizeOf.get(stream)
      if (before === size) return
      put.run(stream, size)
      charge(stream, before === undefined ? 1 : 0, size - (before ?? 0))
    },
    remove: (stream: string): void => {
      const before = remove.get(stream)
      if (before !== undefined) charge(stream, -1, -before)
    },
  }
}

const nothing: SiteUsage = { kv_keys: 0, kv_bytes: 0, documents: 0, document_bytes: 0, objects: 0, object_bytes: 0 }

export const siteUsageQueries = (db: Sqlite) => {
  const one = db.prepare<[string], SiteUsage>(
    "SELECT kv_keys, kv_bytes, documents, document_bytes, objects, object_bytes FROM site_usage WHERE site = ?",
  )
  return { usage: (site: string): SiteUsage => one.get(site) ?? nothing }
}
