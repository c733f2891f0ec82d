import type { BlobReader } from "../events/blobs.ts"
import type { Sqlite } from "../events/cartridge.ts"
import { decodeManifest, type Manifest, type ManifestFile, type ManifestServer } from "../events/manifest.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import type { FileRow } from "./files.ts"
import { prefixRange } from "./prefixRange.ts"

/** Which files of a site are asked for, by path. Without `at` those that it shows now. */
export interface FileFilter {
  readonly site: string
  readonly at?: { readonly manifest: string; readonly time: number } | undefined
  readonly prefix: string
  readonly limit: number
  readonly offset: number
}

/**
 * Part of a list of files, of which there are `total`. `json` is the list as the API answers it: thousands of files are one string on their
 * way to the edge thread, which passes it on.
 */
export interface FileList {
  readonly json: string
  readonly total: number
}

/** How a deploy answers paths that no file has. */
export interface ManifestOptions {
  readonly spa: boolean
  readonly server: Pick<ManifestServer, "form" | "entry" | "scope"> | null
}

export const fileListQueries = (db: Sqlite, blobs: Pick<BlobReader, "bytes">) => {
  const page = db.prepare<[string, string, string | Buffer, number, number], FileRow>(
    `SELECT path, hash, size, type, updated_at FROM files WHERE site = ${textParameter} AND path >= ? AND path < ?
     ORDER BY path LIMIT ${integerParameter} OFFSET ${integerParameter}`,
  )
  const count = db
    .prepare<[string, string, string | Buffer], number>("SELECT count(*) FROM files WHERE site = ? AND path >= ? AND path < ?")
    .pluck()
  const manifests = lastManifest(blobs)

  const live = db.transaction(({ site, prefix, limit, offset }: FileFilter): FileList => {
    const { lower, upper } = prefixRange(prefix)
    return { json: listJson(page.all(site, lower, upper, limit, offset)), total: count.get(site, lower, upper)! }
  })

  const earlier = ({ prefix, limit, offset }: FileFilter, { manifest, time }: NonNullable<FileFilter["at"]>): FileList => {
    const { files, paths } = manifests(manifest)
    const found = prefix === "" ? paths : paths.filter((path) => path.startsWith(prefix))
    const rows = found.slice(offset, offset + limit).map((path) => ({ path, ...files[path]!, updated_at: time }))
    return { json: listJson(rows), total: found.length }
  }

  return {
    list: (filter: FileFilter): FileList => (filter.at === undefined ? live(filter) : earlier(filter, filter.at)),
    /** One file of a manifest. */
    fileIn: (manifest: string, path: string): ManifestFile | undefined => {
      const { files } = manifests(manifest)
      return Object.hasOwn(files, path) ? files[path] : undefined
    },
    /** What a manifest says beside its files. */
    manifestOptions: (manifest: string): ManifestOptions => manifests(manifest).options,
  }
}

/** A manifest with its paths in order. The last one that was asked for is kept: whoever pages through it asks again. */
const lastManifest = (blobs: Pick<BlobReader, "bytes">) => {
  let last: KnownManifest | undefined
  return (hash: string): KnownManifest => {
    if (last?.hash !== hash) {
      const { files, spa, server } = decodeManifest(blobs.bytes(hash)!)
      const code = server === undefined ? null : { form: server.form, entry: server.entry, scope: server.scope }
      last = { hash, files, paths: Object.keys(files).sort(), options: { spa, server: code } }
    }
    return last
  }
}

interface KnownManifest {
  readonly hash: string
  readonly files: Manifest["files"]
  readonly paths: ReadonlyArray<string>
  readonly options: ManifestOptions
}

/** `mod_time` says the same as `updated_at`, under its name in Fazt 0.9. */
const listJson = (rows: ReadonlyArray<FileRow>): string =>
  JSON.stringify(
    rows.map(({ path, hash, size, type, updated_at }) => {
      const time = new Date(updated_at).toISOString()
      return { path, hash, size, type, updated_at: time, mod_time: time }
    }),
  )
