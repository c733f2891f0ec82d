import { blobReader } from "../events/blobs.ts"
import type { Sqlite } from "../events/cartridge.ts"
import { decodeManifest, type Manifest, type ManifestServer } from "../events/manifest.ts"
import type { SiteFiles } from "./code/files.ts"
import type { Program } from "./program.ts"

/** The files of a manifest, as far as server code is concerned. */
export const manifestFiles = (
  blobs: { readonly bytes: (hash: string) => Buffer | undefined },
  { files }: Pick<Manifest, "files">,
): SiteFiles => ({
  has: (path) => Object.hasOwn(files, path),
  size: (path) => files[path]!.size,
  read: (path) => blobs.bytes(files[path]!.hash)!.toString("utf8"),
})

/** Programs, read from a cartridge. The manifest, which can be long, is read when a file is first looked for. */
export const programReader = (db: Sqlite) => {
  const blobs = blobReader(db)
  return (site: string, manifest: string, server: ManifestServer): Program => {
    let known: SiteFiles | undefined
    const files = (): SiteFiles => (known ??= manifestFiles(blobs, decodeManifest(blobs.bytes(manifest)!)))
    return {
      site,
      server,
      files: { has: (path) => files().has(path), size: (path) => files().size(path), read: (path) => files().read(path) },
    }
  }
}
