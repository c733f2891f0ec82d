import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { failed, messageOf, systemCode } from "../errors.ts"
import type { ProgressBar } from "../progressBar.ts"
import type { LocalFile } from "./walk.ts"

/** A file was written to while it was deployed: what was hashed is no more. */
export class FileChanged extends Data.TaggedError("FileChanged")<{ readonly path: string }> {
  override get message(): string {
    return `${this.path} changes while it is being deployed`
  }
}

export interface HashedFile extends LocalFile {
  readonly hash: string
}

/** Names every file by its content, reading a few at a time and none as a whole. */
export const hashFiles = (files: ReadonlyArray<LocalFile>, bar: ProgressBar) =>
  Effect.forEach(files, (file) => hashFile(file, bar), { concurrency: 4 })

const hashFile = (file: LocalFile, bar: ProgressBar): Effect.Effect<HashedFile, FileChanged | ReturnType<typeof failed>> =>
  Effect.tryPromise({
    try: async (signal) => {
      const hash = createHash("sha256")
      let size = 0
      for await (const chunk of createReadStream(file.absolute, { signal, highWaterMark: 256 * 1024 })) {
        hash.update(chunk)
        size += chunk.length
        bar.add(chunk.length)
      }
      return { ...file, hash: hash.digest("hex"), size }
    },
    catch: (cause) =>
      systemCode(cause) === "ENOENT"
        ? new FileChanged({ path: file.path })
        : failed("UNREADABLE", `cannot read ${file.path}: ${messageOf(cause)}`),
  })
