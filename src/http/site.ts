import type { BlobReader } from "../events/blobs.ts"
import type { Sqlite } from "../events/cartridge.ts"
import { decodeManifest, type Manifest, type ManifestServer } from "../events/manifest.ts"
import { deploymentQueries } from "../projections/deployments.ts"
import { fileQueries } from "../projections/files.ts"
import { siteQueries } from "../projections/sites.ts"
import { type CorsRules, corsRules } from "./cors.ts"
import { type HeaderRules, parseHeaders } from "./rules/headers.ts"
import { MAX_RULE_FILE_BYTES } from "./rules/lines.ts"
import { parseRedirects, type Redirects } from "./rules/redirects.ts"

/** One file as it is served. `modified`: when its path last got other content, epoch milliseconds. */
export interface SiteFile {
  readonly hash: string
  readonly size: number
  readonly type: string
  readonly modified: number
}

/** One deploy of a site, all of it, at one moment: what a request is served from from beginning to end. */
export interface SiteSnapshot {
  readonly site: string
  readonly deploy: string
  /** Reached by the deploy's own address: not to be indexed. */
  readonly preview: boolean
  /** The blob that says what the deploy consists of. */
  readonly manifest: string
  readonly spa: boolean
  readonly server: ManifestServer | undefined
  /** Files of the server code: never served. */
  readonly serverFiles: ReadonlySet<string>
  readonly files: ReadonlyMap<string, SiteFile>
  readonly redirects: Redirects | undefined
  readonly headers: HeaderRules | undefined
  /** Who of other origins may call its code; of most sites nobody. */
  readonly cors: CorsRules | undefined
  /** Request headers that its rules look at. */
  readonly varyOn: ReadonlyArray<string>
  /** What the static server has worked out about paths of this snapshot. */
  readonly plans: Map<string, unknown>
}

/** Server code by its name, also where another entry comes before it. */
const rootEntries = ["main.js", "main.ts", "main.mjs"]

/** All snapshots in memory together hold at most so many files. */
const maxFiles = 500_000

/** The deploys that are being served, read from the cartridge when first asked for. */
export const siteSnapshots = (db: Sqlite, blobs: BlobReader) => {
  const { live } = siteQueries(db)
  const { files } = fileQueries(db)
  const { deployment } = deploymentQueries(db)
  const snapshots = new Map<string, SiteSnapshot>()
  let total = 0

  const remember = (key: string, snapshot: SiteSnapshot): SiteSnapshot => {
    snapshots.set(key, snapshot)
    total += snapshot.files.size
    for (const oldest of snapshots.keys()) {
      if (total <= maxFiles || oldest === key) break
      forget(oldest)
    }
    return snapshot
  }

  const forget = (key: string): void => {
    total -= snapshots.get(key)?.files.size ?? 0
    snapshots.delete(key)
  }

  const textOf = (all: ReadonlyMap<string, SiteFile>, path: string): string | undefined => {
    const file = all.get(path)
    return file === undefined || file.size > MAX_RULE_FILE_BYTES ? undefined : blobs.bytes(file.hash)?.toString("utf8")
  }

  const snapshot = (
    site: string,
    deploy: string,
    preview: boolean,
    manifest: string,
    { spa, server }: Manifest,
    all: ReadonlyMap<string, SiteFile>,
    cors: string | null,
  ): SiteSnapshot => {
    const redirects = textOf(all, "_redirects")
    const headers = textOf(all, "_headers")
    const rules = redirects === undefined ? undefined : parseRedirects(redirects).rules
    return {
      site,
      deploy,
      preview,
      manifest,
      spa,
      server,
      serverFiles: new Set(server === undefined ? [] : [...rootEntries, server.entry, ...server.modules]),
      files: all,
      redirects: rules,
      headers: headers === undefined ? undefined : parseHeaders(headers).rules,
      cors: cors === null ? undefined : corsRules(JSON.parse(cors)),
      varyOn: rules === undefined ? [] : varyOn(rules),
      plans: new Map(),
    }
  }

  /** Both reads in one transaction, so that a deploy in between cannot mix two states. */
  const loadLive = db.transaction((site: string): SiteSnapshot | undefined => {
    const current = live(site)
    if (current === undefined) return undefined
    const all = new Map(files(site).map(({ path, hash, size, type, updated_at }) => [path, { hash, size, type, modified: updated_at }]))
    return snapshot(site, current.deploy, false, current.manifest, decodeManifest(blobs.bytes(current.manifest)!), all, current.cors)
  })

  const loadDeploy = (site: string, deploy: string): SiteSnapshot | undefined => {
    const current = live(site)
    if (current === undefined) return undefined
    const row = deployment(site, deploy)
    if (row === undefined || row.manifest === null) return undefined
    const manifest = decodeManifest(blobs.bytes(row.manifest)!)
    const all = new Map(
      Object.entries(manifest.files).map(([path, { hash, size, type }]) => [path, { hash, size, type, modified: row.at }]),
    )
    return snapshot(site, deploy, true, row.manifest, manifest, all, current.cors)
  }

  const cached = (key: string, load: () => SiteSnapshot | undefined): SiteSnapshot | undefined => {
    const known = snapshots.get(key)
    if (known !== undefined) {
      snapshots.delete(key)
      snapshots.set(key, known)
      return known
    }
    const loaded = load()
    return loaded === undefined ? undefined : remember(key, loaded)
  }

  return {
    /** What the site shows now; nothing if it does not exist, is deleted, or has no deploy yet. */
    live: (site: string): SiteSnapshot | undefined => cached(site, () => loadLive(site)),
    /** Any deploy of a site that is not deleted. */
    deploy: (site: string, deploy: string): SiteSnapshot | undefined => cached(`${deploy}--${site}/`, () => loadDeploy(site, deploy)),
    /** To be called after each commit that concerns the site. Deploys never change, but a deleted site shows none. */
    changed: (site: string): void => {
      forget(site)
      for (const key of snapshots.keys()) if (key.endsWith(`--${site}/`)) forget(key)
    },
  }
}

const varyOn = ({ rules }: Redirects): ReadonlyArray<string> => [
  ...(rules.some(({ conditions }) => conditions.languages.length > 0) ? ["Accept-Language"] : []),
  ...(rules.some(({ conditions }) => conditions.cookies.length > 0) ? ["Cookie"] : []),
]

export type SiteSnapshots = ReturnType<typeof siteSnapshots>
