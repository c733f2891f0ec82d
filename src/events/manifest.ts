import * as Schema from "effect/Schema"
import { canonicalJson } from "./chain.ts"
import { BlobHash } from "./site.ts"

/** One file of a deploy. `type` is its Content-Type, decided when it was deployed; `size` in bytes. */
export const ManifestFile = Schema.Struct({
  hash: BlobHash,
  size: Schema.Int.pipe(Schema.nonNegative()),
  type: Schema.String,
})
export type ManifestFile = typeof ManifestFile.Type

/**
 * The server code of a deploy, found out when it was deployed. `form`: how it is written. `scope`: whether it answers the whole
 * site or what is under `/api/`. `modules`: the files that the entry imports; like the entry they are never served. `stdlib`: the
 * built-in packages that they name.
 */
export const ManifestServer = Schema.Struct({
  form: Schema.Literal("module", "api", "legacy"),
  entry: Schema.String,
  scope: Schema.Literal("site", "api"),
  modules: Schema.Array(Schema.String),
  stdlib: Schema.Array(Schema.String),
  /** Hosts that it may call; all public ones when absent. */
  fetchHosts: Schema.optionalWith(Schema.Array(Schema.String), { exact: true }),
})
export type ManifestServer = typeof ManifestServer.Type

/** What a deploy consists of: site-relative path → file. `spa`: unknown paths get `index.html`. Kept as a blob of canonical JSON. */
export const Manifest = Schema.Struct({
  files: Schema.Record({ key: Schema.String, value: ManifestFile }),
  spa: Schema.Boolean,
  server: Schema.optionalWith(ManifestServer, { exact: true }),
})
export type Manifest = typeof Manifest.Type

export const encodeManifest = (manifest: Manifest): Buffer => Buffer.from(canonicalJson(manifest))

/** Trusts its input: a manifest blob is checked when it is stored and named by its hash. */
export const decodeManifest = (bytes: Uint8Array): Manifest =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))

/** How many files a manifest has and how many bytes they take. */
export const manifestTotals = ({ files }: Manifest): { readonly files: number; readonly bytes: number } => {
  const entries = Object.values(files)
  return { files: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}

/** Paths that `to` adds to, changes in or removes from `from`, each list sorted. */
export const manifestChanges = (from: Manifest | undefined, to: Manifest) => {
  const before = from?.files ?? {}
  const added: Array<string> = []
  const changed: Array<string> = []
  for (const [path, file] of Object.entries(to.files)) {
    const old = Object.hasOwn(before, path) ? before[path] : undefined
    if (old === undefined) added.push(path)
    else if (old.hash !== file.hash) changed.push(path)
  }
  const removed = Object.keys(before).filter((path) => !Object.hasOwn(to.files, path))
  return { added: added.sort(), changed: changed.sort(), removed: removed.sort() }
}
