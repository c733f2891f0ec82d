import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import type { Manifest } from "../events/manifest.ts"
import type { Projection } from "./projection.ts"

/** A file of a live deploy. `updated_at`: when this path last got other content (epoch milliseconds). */
export interface FileRow {
  readonly path: string
  readonly hash: string
  readonly size: number
  readonly type: string
  readonly updated_at: number
}

/** The files that each site shows now. Their bytes are blobs. */
export const filesProjection: Projection = {
  name: "files",
  version: 1,
  tables: ["files"],
  createTables: (table) => `
    CREATE TABLE ${table("files")} (
      site       TEXT NOT NULL,
      path       TEXT NOT NULL,
      hash       TEXT NOT NULL,
      size       INTEGER NOT NULL,
      type       TEXT NOT NULL,
      updated_at INTEGER NOT NULL,
      PRIMARY KEY (site, path)
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "",
  prepare: (db, table, facts) => {
    const files = table("files")
    const current = db.prepare<[string], FileRow>(`SELECT path, hash, size, type, updated_at FROM ${files} WHERE site = ?`)
    const put = db.prepare(`INSERT OR REPLACE INTO ${files} VALUES (?, ?, ?, ?, ?, ?)`)
    const remove = db.prepare(`DELETE FROM ${files} WHERE site = ? AND path = ?`)
    const removeAll = db.prepare(`DELETE FROM ${files} WHERE site = ?`)

    /** Makes the site's rows those of the manifest, touching only the ones that differ. */
    const show = (site: string, manifest: Manifest, at: number): void => {
      const before = new Map(current.all(site).map((row) => [row.path, row]))
      for (const [path, { hash, size, type }] of Object.entries(manifest.files)) {
        const old = before.get(path)
        if (old === undefined || old.hash !== hash || old.type !== type) put.run(site, path, hash, size, type, at)
        before.delete(path)
      }
      for (const path of before.keys()) remove.run(site, path)
    }

    const apply = (event: Recorded): void => {
      switch (event.type) {
        case "v1.SiteDeployed":
        case "v1.SiteRolledBack":
          show(event.data.site, facts.manifest(event.data.manifest), event.at)
          break
        case "v1.SiteUndeleted":
          if (event.data.manifest !== null) show(event.data.site, facts.manifest(event.data.manifest), event.at)
          break
        case "v1.SiteDeleted":
          removeAll.run(event.data.site)
          break
      }
    }
    return { apply }
  },
}

export const fileQueries = (db: Sqlite) => {
  const all = db.prepare<[string], FileRow>("SELECT path, hash, size, type, updated_at FROM files WHERE site = ? ORDER BY path")
  const one = db.prepare<[string, string], FileRow>("SELECT path, hash, size, type, updated_at FROM files WHERE site = ? AND path = ?")
  return {
    files: (site: string): ReadonlyArray<FileRow> => all.all(site),
    file: (site: string, path: string): FileRow | undefined => one.get(site, path),
  }
}
