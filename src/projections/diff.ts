import { createTwoFilesPatch } from "diff"
import type { BlobReader } from "../events/blobs.ts"
import { decodeManifest, type Manifest, type ManifestFile, manifestChanges } from "../events/manifest.ts"

export interface ManifestDiff {
  readonly added: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly patches: ReadonlyArray<{ readonly path: string; readonly patch: string }>
  /** Files that differ in a way that is not shown: binary, too large, or more than one answer has room or time for. */
  readonly omitted: ReadonlyArray<string>
}

/** Files beyond this are compared by hash only. */
const maxTextBytes = 1024 * 1024

/** What one answer may take: it holds up all other queries. */
const answerLimits = { ms: 3000, inputBytes: 16 * 1024 * 1024, patchBytes: 8 * 1024 * 1024 }

/** What differs between two manifests; with `text`, unified diffs of the files that are text. */
export const diffManifests = (
  blobs: Pick<BlobReader, "bytes">,
  from: string,
  to: string,
  text: boolean,
  limits = answerLimits,
): ManifestDiff => {
  const [before, after] = [from, to].map((hash) => decodeManifest(blobs.bytes(hash)!)) as [Manifest, Manifest]
  const changes = manifestChanges(before, after)
  const patches: Array<{ readonly path: string; readonly patch: string }> = []
  const omitted: Array<string> = []
  const deadline = performance.now() + limits.ms
  let { inputBytes, patchBytes } = limits

  const patchOf = (path: string): string | undefined => {
    const [old, now] = [fileOf(before, path), fileOf(after, path)]
    const size = (old?.size ?? 0) + (now?.size ?? 0)
    if (size > inputBytes || performance.now() >= deadline) return undefined
    if (Math.max(old?.size ?? 0, now?.size ?? 0) > maxTextBytes) return undefined
    inputBytes -= size
    const [a, b] = [textOf(blobs, old), textOf(blobs, now)]
    if (a === undefined || b === undefined) return undefined
    const timeout = Math.max(1, deadline - performance.now())
    const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, a, b, undefined, undefined, { context: 3, timeout })
    if (patch === undefined || patch.length > patchBytes) return undefined
    patchBytes -= patch.length
    return patch
  }

  for (const path of text ? [...changes.added, ...changes.changed, ...changes.removed].sort() : []) {
    const patch = patchOf(path)
    if (patch === undefined) omitted.push(path)
    else patches.push({ path, patch })
  }
  return { ...changes, patches, omitted }
}

const fileOf = ({ files }: Manifest, path: string): ManifestFile | undefined => (Object.hasOwn(files, path) ? files[path] : undefined)

/** The file's text; "" if it is not there, nothing if it is no text. */
const textOf = (blobs: Pick<BlobReader, "bytes">, file: ManifestFile | undefined): string | undefined => {
  if (file === undefined) return ""
  const bytes = blobs.bytes(file.hash)
  if (bytes === undefined || bytes.includes(0)) return undefined
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
