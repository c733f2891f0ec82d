import type { Sqlite } from "../events/cartridge.ts"
import type { Recorded } from "../events/event.ts"
import { manifestTotals } from "../events/manifest.ts"
import type { Projection } from "./projection.ts"

/** A site as lists show it. `deploy` is the live one; times are epoch milliseconds. */
export interface SiteRow {
  readonly site: string
  readonly deploy: string | null
  readonly deploys: number
  readonly files: number
  readonly bytes: number
  readonly created_at: number
  readonly updated_at: number
  readonly deleted_at: number | null
}

/** Every site that ever was, with its live deploy and that deploy's totals. */
export const sitesProjection: Projection = {
  name: "sites",
  version: 1,
  tables: ["sites"],
  createTables: (table) => `
    CREATE TABLE ${table("sites")} (
      site       TEXT PRIMARY KEY,
      deploy     TEXT,
      manifest   TEXT,
      spa        INTEGER NOT NULL,
      deploys    INTEGER NOT NULL,
      files      INTEGER NOT NULL,
      bytes      INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      deleted_at INTEGER
    ) STRICT`,
  createIndexes: "",
  prepare: (db, table, facts) => {
    const sites = table("sites")
    const create = db.prepare(`INSERT INTO ${sites} VALUES (?, NULL, NULL, 0, 0, 0, 0, ?, ?, NULL)`)
    const goLive = db.prepare(
      `UPDATE ${sites} SET deploy = ?, manifest = ?, spa = ?, deploys = deploys + ?, files = ?, bytes = ?, updated_at = ? WHERE site = ?`,
    )
    const remove = db.prepare(`UPDATE ${sites} SET updated_at = ?, deleted_at = ? WHERE site = ?`)
    const restore = db.prepare(`UPDATE ${sites} SET updated_at = ?, deleted_at = NULL WHERE site = ?`)

    const show = (site: string, deploy: string, hash: string, deploys: number, at: number): void => {
      const manifest = facts.manifest(hash)
      const { files, bytes } = manifestTotals(manifest)
      goLive.run(deploy, hash, manifest.spa ? 1 : 0, deploys, files, bytes, at, site)
    }

    const apply = (event: Recorded): void => {
      switch (event.type) {
        case "v1.SiteCreated":
          create.run(event.data.site, event.at, event.at)
          break
        case "v1.SiteDeployed": {
          const { site, deploy, manifest } = event.data
          show(site, deploy, manifest, 1, event.at)
          break
        }
        case "v1.SiteRolledBack": {
          const { site, to, manifest } = event.data
          show(site, to, manifest, 0, event.at)
          break
        }
        case "v1.SiteDeleted":
          remove.run(event.at, event.at, event.data.site)
          break
        case "v1.SiteUndeleted":
          restore.run(event.at, event.data.site)
          break
      }
    }
    return { apply }
  },
}

/** The columns of a SiteRow. */
const columns = "site, deploy, deploys, files, bytes, created_at, updated_at, deleted_at"

export const siteQueries = (db: Sqlite) => {
  const one = db.prepare<[string], SiteRow>(`SELECT ${columns} FROM sites WHERE site = ?`)
  const present = db.prepare<[], SiteRow>(`SELECT ${columns} FROM sites WHERE deleted_at IS NULL ORDER BY site`)
  const all = db.prepare<[], SiteRow>(`SELECT ${columns} FROM sites ORDER BY site`)
  const live = db.prepare<[string], { deploy: string; manifest: string }>(
    "SELECT deploy, manifest FROM sites WHERE site = ? AND deleted_at IS NULL AND deploy IS NOT NULL",
  )
  const liveManifests = db
    .prepare<[], string>("SELECT manifest FROM sites WHERE deleted_at IS NULL AND manifest IS NOT NULL ORDER BY updated_at DESC")
    .pluck()
  const liveDeploys = db.prepare<[number], { site: string; deploy: string; manifest: string }>(
    "SELECT site, deploy, manifest FROM sites WHERE deleted_at IS NULL AND deploy IS NOT NULL ORDER BY updated_at DESC LIMIT ?",
  )
  return {
    site: (site: string): SiteRow | undefined => one.get(site),
    sites: (options: { readonly deleted: boolean }): ReadonlyArray<SiteRow> => (options.deleted ? all : present).all(),
    /** What the site shows now; nothing if it shows nothing. */
    live: (site: string) => live.get(site),
    /** What is live where, the latest change first. */
    liveDeploys: (limit: number) => liveDeploys.all(limit),
    liveManifests: (): ReadonlyArray<string> => liveManifests.all(),
  }
}
