import { createReadStream } from "node:fs"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { StoredBlob } from "./blobSink.ts"

/** The files below a folder that belong to a site, as site paths: no hidden ones, no links. */
const siteFilesIn = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replace(/^\/+/, ""))
    .filter((path) => !path.split("/").some((segment) => segment.startsWith(".")))
    .sort()
}

/** Stores a folder's files as blobs and gives the body of the request that publishes them. */
export const storeFolder = async (
  sink: { readonly store: (content: AsyncIterable<Uint8Array>) => Promise<StoredBlob>; readonly flush: () => Promise<void> },
  folder: string,
): Promise<{ readonly files: Record<string, StoredBlob> }> => {
  const files: Array<readonly [path: string, file: StoredBlob]> = []
  for (const path of await siteFilesIn(folder)) files.push([path, await sink.store(createReadStream(join(folder, path)))])
  await sink.flush()
  return { files: Object.fromEntries(files) }
}
