import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import type { Recorded } from "../events/event.ts"
import { manifestTotals } from "../events/manifest.ts"
import { integerParameter } from "../events/parameters.ts"
import type { SiteCors } from "../events/site.ts"
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

/**
 * Every site that ever was, with its live deploy and that deploy's totals, and how many there are: nobody has to count them. `cors` is JSON
 * of a `SiteCors`.
 */
export const sitesProjection: Projection = {
  name: "sites",
  version: 2,
  tables: ["sites", "site_counts"],
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
      deleted_at INTEGER,
      cors       TEXT
    ) STRICT;
    CREATE TABLE ${table("site_counts")} (
      state TEXT PRIMARY KEY,
      sites INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
  createIndexes: "CREATE INDEX sites_present ON sites (site) WHERE deleted_at IS NULL",
  prepare: (db, table, facts) => {
    const sites = table("sites")
    const create = db.prepare(`INSERT INTO ${sites} VALUES (?, NULL, NULL, 0, 0, 0, 0, ?, ?, NULL, NULL)`)
    const goLive = db.prepare(
      `UPDATE ${sites} SET deploy = ?, manifest = ?, spa = ?, deploys = deploys + ?, files = ?, bytes = ?, updated_at = ? WHERE site = ?`,
    )
    const remove = db.prepare(`UPDATE ${sites} SET updated_at = ?, deleted_at = ? WHERE site = ?`)
    const restore = db.prepare(`UPDATE ${sites} SET updated_at = ?, deleted_at = NULL WHERE site = ?`)
    const setCors = db.prepare(`UPDATE ${sites} SET cors = ? WHERE site = ?`)
    const count = db.prepare<[state: "present" | "deleted", sites: number]>(
      `INSERT INTO ${table("site_counts")} VALUES (?, ?) ON CONFLICT (state) DO UPDATE SET sites = sites + excluded.sites`,
    )

    const show = (site: string, deploy: string, hash: string, deploys: number, at: number): void => {
      const manifest = facts.manifest(hash)
      const { files, bytes } = manifestTotals(manifest)
      goLive.run(deploy, hash, manifest.spa ? 1 : 0, deploys, files, bytes, at, site)
    }

    const apply = (event: Recorded): void => {
      switch (event.type) {
        case "v1.SiteCreated":
          create.run(event.data.site, event.at, event.at)
          count.run("present", 1)
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
          count.run("present", -1)
          count.run("deleted", 1)
          break
        case "v1.SiteUndeleted":
          restore.run(event.at, event.data.site)
          count.run("present", 1)
          count.run("deleted", -1)
          break
        case "v1.SiteCorsSet": {
          const { site, ...cors } = event.data
          // Canonical, as the log has it: an event that has just been decided may have its fields in another order.
          setCors.run(canonicalJson(cors satisfies SiteCors), site)
          break
        }
        case "v1.SiteCorsUnset":
          setCors.run(null, event.data.site)
          break
      }
    }
    return { apply }
  },
}

/** The columns of a SiteRow. */
const columns = "site, deploy, deploys, files, bytes, created_at, updated_at, deleted_at"

/** Part of the list of sites, by name. `deleted`: also those that were deleted. `only`: none but these. */
export interface SitePage {
  readonly deleted: boolean
  readonly only?: ReadonlyArray<string> | undefined
  readonly limit: number
  readonly offset: number
}

export const siteQueries = (db: Sqlite) => {
  const one = db.prepare<[string], SiteRow>(`SELECT ${columns} FROM sites WHERE site = ?`)
  const page = (where: string) =>
    db.prepare<[number, number], SiteRow>(
      `SELECT ${columns} FROM sites ${where} ORDER BY site LIMIT ${integerParameter} OFFSET ${integerParameter}`,
    )
  const [present, all] = [page("WHERE deleted_at IS NULL"), page("")]
  const some = db.prepare<[string], SiteRow>(`SELECT ${columns} FROM sites WHERE site IN (SELECT value FROM json_each(?)) ORDER BY site`)
  const counts = db.prepare<[], { present: number; deleted: number }>(
    `SELECT coalesce(sum(sites) FILTER (WHERE state = 'present'), 0) AS present,
            coalesce(sum(sites) FILTER (WHERE state = 'deleted'), 0) AS deleted FROM site_counts`,
  )
  const live = db.prepare<[string], { deploy: string; manifest: string; cors: string | null }>(
    "SELECT deploy, manifest, cors FROM sites WHERE site = ? AND deleted_at IS NULL AND deploy IS NOT NULL",
  )
  const cors = db.prepare<[string], string | null>("SELECT cors FROM sites WHERE site = ?").pluck()
  const liveManifests = db
    .prepare<[], string>("SELECT manifest FROM sites WHERE deleted_at IS NULL AND manifest IS NOT NULL ORDER BY updated_at DESC")
    .pluck()
  const liveDeploys = db.prepare<[number], { site: string; deploy: string; manifest: string }>(
    "SELECT site, deploy, manifest FROM sites WHERE deleted_at IS NULL AND deploy IS NOT NULL ORDER BY updated_at DESC LIMIT ?",
  )
  return {
    site: (site: string): SiteRow | undefined => one.get(site),
    /** A page of sites, and how many there are on all pages. Takes as long as the page is, however many sites there are. */
    sites: ({ deleted, only, limit, offset }: SitePage): { readonly sites: ReadonlyArray<SiteRow>; readonly total: number } => {
      if (only !== undefined) {
        const found = some.all(JSON.stringify(only)).filter(({ deleted_at }) => deleted || deleted_at === null)
        return { sites: found.slice(offset, offset + limit), total: found.length }
      }
      const total = counts.get()!
      return { sites: (deleted ? all : present).all(limit, offset), total: total.present + (deleted ? total.deleted : 0) }
    },
    /** How many sites there are, and how many there were. */
    counts: (): { readonly present: number; readonly deleted: number } => counts.get()!,
    /** What the site shows now; nothing if it shows nothing. `cors` is JSON of a `SiteCors`. */
    live: (site: string) => live.get(site),
    /** Which other origins' pages may call the site's code, if any may. */
    cors: (site: string): SiteCors | undefined => {
      const text = cors.get(site)
      return text === undefined || text === null ? undefined : JSON.parse(text)
    },
    /** What is live where, the latest change first. */
    liveDeploys: (limit: number) => liveDeploys.all(limit),
    liveManifests: (): ReadonlyArray<string> => liveManifests.all(),
  }
}
