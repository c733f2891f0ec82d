import { createHash, hash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readFile } from "node:fs/promises"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type CliError, failed, messageOf, systemCode } from "../errors.ts"
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

/** A file up to this size is read at once, which is many times faster; a larger one flows through. */
export const small = 1024 * 1024

/** Names every file by its content, a few at a time: memory stays small whatever their size. */
export const hashFiles = (files: ReadonlyArray<LocalFile>, bar: ProgressBar) =>
  Effect.forEach(files, (file) => hashFile(file, bar), { concurrency: 8 })

const hashFile = (file: LocalFile, bar: ProgressBar): Effect.Effect<HashedFile, FileChanged | CliError> =>
  Effect.tryPromise({
    try: async (signal) => {
      if (file.size <= small) {
        const bytes = await readFile(file.absolute)
        bar.add(bytes.length)
        return { ...file, hash: hash("sha256", bytes), size: bytes.length }
      }
      const hasher = createHash("sha256")
      let size = 0
      for await (const chunk of createReadStream(file.absolute, { signal, highWaterMark: 256 * 1024 })) {
        hasher.update(chunk)
        size += chunk.length
        bar.add(chunk.length)
      }
      return { ...file, hash: hasher.digest("hex"), size }
    },
    catch: (cause) =>
      systemCode(cause) === "ENOENT"
        ? new FileChanged({ path: file.path })
        : failed("UNREADABLE", `cannot read ${file.path}: ${messageOf(cause)}`),
  })
