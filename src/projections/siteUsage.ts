import type { Sqlite } from "../events/cartridge.ts"

/** What a site's data comes to. Bytes are those of values (as canonical JSON) and of objects' content; keys and paths are free. */
export interface SiteUsage {
  readonly kv_keys: number
  readonly kv_bytes: number
  readonly documents: number
  readonly document_bytes: number
  readonly objects: number
  readonly object_bytes: number
}

/** How much a site stores. Each store counts what is its own. Three short searches take a tenth of the time of one statement that joins them. */
export const siteUsageQueries = (db: Sqlite) => {
  const countOf = (table: string) =>
    db.prepare<[string], readonly [items: number, bytes: number]>(`SELECT items, bytes FROM ${table} WHERE site = ?`).raw()
  const [kv, documentsOf, objectsOf] = [countOf("kv_usage"), countOf("document_usage"), countOf("object_usage")]
  return {
    usage: (site: string): SiteUsage => {
      const [kv_keys, kv_bytes] = kv.get(site) ?? nothing
      const [documents, document_bytes] = documentsOf.get(site) ?? nothing
      const [objects, object_bytes] = objectsOf.get(site) ?? nothing
      return { kv_keys, kv_bytes, documents, document_bytes, objects, object_bytes }
    },
  }
}

const nothing = [0, 0] as const
