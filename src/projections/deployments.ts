import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import type { Recorded } from "../events/event.ts"
import { manifestChanges } from "../events/manifest.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import type { Projection } from "./projection.ts"

/**
 * One line of a site's history. `kind`: `deploy`, `rollback`, `delete` or `undelete`; `deploy` is what was live afterwards.
 * `added`, `changed` and `removed` count files against what was live before. `at` in epoch milliseconds.
 */
export interface DeploymentRow {
  readonly seq: number
  readonly kind: "deploy" | "rollback" | "delete" | "undelete"
  readonly deploy: string | null
  readonly manifest: string | null
  readonly at: number
  readonly actor: string
  readonly source: string | null
  readonly message: string | null
  readonly files: number | null
  readonly bytes: number | null
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/** A deploy of any site. */
export type NewDeploy = DeploymentRow & { readonly site: string; readonly deploy: string }

/** What was published when, by whom, and what it changed. */
export const deploymentsProjection: Projection = {
  name: "deployments",
  version: 2,
  tables: ["deployments"],
  createTables: (table) => `
    CREATE TABLE ${table("deployments")} (
      site     TEXT NOT NULL,
      seq      INTEGER NOT NULL,
      kind     TEXT NOT NULL,
      deploy   TEXT,
      manifest TEXT,
      at       INTEGER NOT NULL,
      actor    TEXT NOT NULL,
      source   TEXT,
      message  TEXT,
      files    INTEGER,
      bytes    INTEGER,
      added    INTEGER NOT NULL,
      changed  INTEGER NOT NULL,
      removed  INTEGER NOT NULL,
      PRIMARY KEY (site, seq)
    ) STRICT, WITHOUT ROWID`,
  createIndexes: `
    CREATE UNIQUE INDEX deployments_by_deploy ON deployments (site, deploy) WHERE kind = 'deploy';
    CREATE INDEX deployments_by_time ON deployments (seq) WHERE kind = 'deploy'`,
  prepare: (db, table, facts) => {
    const deployments = table("deployments")
    const before = db
      .prepare<[string], string | null>(`SELECT manifest FROM ${deployments} WHERE site = ? ORDER BY seq DESC LIMIT 1`)
      .pluck()
    const insert = db.prepare(`INSERT INTO ${deployments} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)

    /** How many files the manifest adds to, changes in and removes from what was live before. */
    const changes = (site: string, manifest: string | null) => {
      const old = before.get(site)
      if (old === manifest || manifest === null) return [0, 0, 0]
      const { added, changed, removed } = manifestChanges(old ? facts.manifest(old) : undefined, facts.manifest(manifest))
      return [added.length, changed.length, removed.length]
    }

    const apply = (event: Recorded): void => {
      switch (event.type) {
        case "v1.SiteDeployed": {
          const { site, deploy, manifest, source, message, files, bytes } = event.data
          const counts = changes(site, manifest)
          insert.run(
            site,
            event.seq,
            "deploy",
            deploy,
            manifest,
            event.at,
            event.actor,
            canonicalJson(source),
            message ?? null,
            files,
            bytes,
            ...counts,
          )
          break
        }
        case "v1.SiteRolledBack": {
          const { site, to, manifest } = event.data
          insert.run(site, event.seq, "rollback", to, manifest, event.at, event.actor, null, null, null, null, ...changes(site, manifest))
          break
        }
        case "v1.SiteDeleted":
          insert.run(event.data.site, event.seq, "delete", null, null, event.at, event.actor, null, null, null, null, 0, 0, 0)
          break
        case "v1.SiteUndeleted": {
          const { site, deploy, manifest } = event.data
          insert.run(
            site,
            event.seq,
            "undelete",
            deploy,
            manifest,
            event.at,
            event.actor,
            null,
            null,
            null,
            null,
            ...changes(site, manifest),
          )
          break
        }
      }
    }
    return { apply }
  },
}

const columns = "seq, kind, deploy, manifest, at, actor, source, message, files, bytes, added, changed, removed"

export const deploymentQueries = (db: Sqlite) => {
  const page = db.prepare<[string, number, number], DeploymentRow>(
    `SELECT ${columns} FROM deployments WHERE site = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  )
  const one = db.prepare<[string, string], DeploymentRow>(
    `SELECT ${columns} FROM deployments WHERE site = ? AND deploy = ? AND kind = 'deploy'`,
  )
  const before = db
    .prepare<[string, string, string], string>(
      `SELECT deploy FROM deployments WHERE site = ? AND deploy IS NOT NULL
       AND seq < (SELECT seq FROM deployments WHERE site = ? AND deploy = ? AND kind = 'deploy') ORDER BY seq DESC LIMIT 1`,
    )
    .pluck()
  const startingWith = db
    .prepare<[string, string], string>(
      "SELECT deploy FROM deployments WHERE site = ? AND kind = 'deploy' AND deploy GLOB ? || '*' ORDER BY deploy LIMIT 2",
    )
    .pluck()
  const ofSite = db.prepare<[string, number, number], NewDeploy>(
    `SELECT site, ${columns} FROM deployments WHERE site = ${textParameter} AND kind = 'deploy'
     ORDER BY seq DESC LIMIT ${integerParameter} OFFSET ${integerParameter}`,
  )
  const newest = db.prepare<[number], NewDeploy>(
    `SELECT site, ${columns} FROM deployments WHERE kind = 'deploy' ORDER BY seq DESC LIMIT ${integerParameter}`,
  )
  return {
    /** A site's deploys, the newest first, whatever is live now. */
    deploys: (site: string, limit: number, offset: number): ReadonlyArray<NewDeploy> => ofSite.all(site, limit, offset),
    /** The newest deploys of all sites, or of these. */
    newestDeploys: (limit: number, sites?: ReadonlyArray<string>): ReadonlyArray<NewDeploy> =>
      sites === undefined
        ? newest.all(limit)
        : sites
            .flatMap((site) => ofSite.all(site, limit, 0))
            .sort((a, b) => b.seq - a.seq)
            .slice(0, limit),
    /** A site's history, newest first, `limit` lines before `before`. */
    history: (site: string, before: number, limit: number): ReadonlyArray<DeploymentRow> => page.all(site, before, limit),
    deployment: (site: string, deploy: string): DeploymentRow | undefined => one.get(site, deploy),
    /** What was live when this deploy was published. */
    deployBefore: (site: string, deploy: string): string | undefined => before.get(site, site, deploy),
    /** Deploys whose id begins so, at most two: one means that the prefix says which. */
    deploysStartingWith: (site: string, prefix: string): ReadonlyArray<string> => startingWith.all(site, prefix),
  }
}
