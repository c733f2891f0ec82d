import { createTwoFilesPatch } from "diff"
import type { BlobReader } from "../events/blobs.ts"
import { decodeManifest, type Manifest, type ManifestFile, manifestChanges } from "../events/manifest.ts"

export interface ManifestDiff {
  readonly added: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly patches: ReadonlyArray<{ readonly path: string; readonly patch: string }>
}

/** Files beyond this are compared by hash only. */
const maxTextBytes = 1024 * 1024

/** All patches of one answer together. */
const maxPatchBytes = 8 * 1024 * 1024

/** What differs between two manifests; with `text`, unified diffs of the files that are text. */
export const diffManifests = (blobs: BlobReader, from: string, to: string, text: boolean): ManifestDiff => {
  const [before, after] = [from, to].map((hash) => decodeManifest(blobs.bytes(hash)!)) as [Manifest, Manifest]
  const changes = manifestChanges(before, after)
  const patches: Array<{ readonly path: string; readonly patch: string }> = []
  let bytes = 0
  if (text) {
    for (const path of [...changes.added, ...changes.changed, ...changes.removed].sort()) {
      const [a, b] = [textOf(blobs, before.files[path]), textOf(blobs, after.files[path])]
      if (a === undefined || b === undefined) continue
      const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, a, b, undefined, undefined, { context: 3, timeout: 2000 })
      if (patch === undefined) continue
      bytes += patch.length
      if (bytes > maxPatchBytes) break
      patches.push({ path, patch })
    }
  }
  return { ...changes, patches }
}

/** The file's text; "" if it is not there, nothing if it is no text or too large to compare. */
const textOf = (blobs: BlobReader, file: ManifestFile | undefined): string | undefined => {
  if (file === undefined) return ""
  if (file.size > maxTextBytes) return undefined
  const bytes = blobs.bytes(file.hash)
  if (bytes === undefined || bytes.includes(0)) return undefined
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
