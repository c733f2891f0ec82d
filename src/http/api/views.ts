import type { SiteCors } from "../../events/site.ts"
import type { DeploymentRow } from "../../projections/deployments.ts"
import type { SiteRow } from "../../projections/sites.ts"
import type { App } from "./contract/apps.ts"
import type { Deployment } from "./contract/deploys.ts"
import type { Cors, Site } from "./contract/sites.ts"

/** RFC 3339, from epoch milliseconds. */
export const time = (ms: number): string => new Date(ms).toISOString()

export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms))

/** Where sites are reached. */
export interface Addresses {
  /** The API and the admin's page. */
  readonly admin: () => string
  readonly site: (name: string) => string
  readonly preview: (name: string, deploy: string) => string
}

/** The port is left out where it is the scheme's own, or nothing listens. */
export const addresses = (scheme: "http" | "https", domain: string, listening: () => number | undefined): Addresses => {
  const at = (host: string): string => {
    const port = listening()
    return port === undefined || port === (scheme === "http" ? 80 : 443) ? `${scheme}://${host}` : `${scheme}://${host}:${port}`
  }
  return {
    admin: () => at(domain === "localhost" ? domain : `admin.${domain}`),
    site: (name) => at(name === "root" && domain !== "localhost" ? domain : `${name}.${domain}`),
    preview: (name, deploy) => at(`${deploy}--${name}.${domain}`),
  }
}

export const siteView = (row: SiteRow, { site }: Addresses): Site => ({
  site: row.site,
  url: site(row.site),
  deploy: row.deploy,
  deploys: row.deploys,
  file_count: row.files,
  size_bytes: row.bytes,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
  deleted_at: row.deleted_at === null ? null : time(row.deleted_at),
  Name: row.site,
  Path: `vfs://${row.site}`,
  FileCount: row.files,
  SizeBytes: row.bytes,
  ModTime: time(row.updated_at),
})

/** `live`: the site's deploy that is live, if it has one. */
export const appView = (row: SiteRow, live: DeploymentRow | undefined): App => ({
  id: row.site,
  name: row.site,
  source: live === undefined || live.source === null ? null : JSON.parse(live.source).kind,
  file_count: row.files,
  size_bytes: row.bytes,
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
})

export const corsView = (cors: SiteCors | undefined): Cors => ({
  origins: cors?.origins ?? [],
  methods: cors?.methods ?? null,
  headers: cors?.headers ?? null,
  credentials: cors?.credentials ?? false,
  max_age: cors?.maxAge ?? null,
})

export const deploymentView = (row: DeploymentRow, site: SiteRow, { preview }: Addresses): Deployment => ({
  seq: row.seq,
  kind: row.kind,
  deploy: row.deploy,
  live: row.kind === "deploy" && row.deploy === site.deploy && site.deleted_at === null,
  at: time(row.at),
  actor: row.actor,
  source: row.source === null ? null : JSON.parse(row.source),
  message: row.message,
  file_count: row.files,
  size_bytes: row.bytes,
  added: row.added,
  changed: row.changed,
  removed: row.removed,
  preview_url: row.deploy === null || site.deleted_at !== null ? null : preview(site.site, row.deploy),
})
