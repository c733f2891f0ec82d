import { createWriteStream } from "node:fs"
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { Busboy } from "@fastify/busboy"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DeployRefused } from "./refused.ts"

/** A parsed `multipart/form-data` deploy: its text fields, and its zip in a temporary file. */
export interface Upload {
  readonly fields: ReadonlyMap<string, string>
  readonly file: { readonly name: string; readonly path: string } | undefined
}

const malformed = (reason: string) => new DeployRefused({ code: "BAD_REQUEST", status: 400, message: `The form cannot be read: ${reason}` })

const folderPrefix = "fazt-upload-"

const dayMs = 24 * 60 * 60 * 1000

/** Removes what uploads of this user left behind when their server was killed. */
export const removeOldUploads = async (parent: string = tmpdir()): Promise<void> => {
  const names = await readdir(parent)
  for (const name of names.filter((name) => name.startsWith(folderPrefix))) {
    const path = join(parent, name)
    // Another server may be removing it just now.
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.() || found.mtimeMs > Date.now() - dayMs) continue
    await rm(path, { recursive: true, force: true })
  }
}

/** Streams the form to disk, so that memory stays small whatever is sent, and removes the file when `use` is done. */
export const withUpload = async <T>(req: IncomingMessage, maxFileBytes: number, use: (upload: Upload) => Promise<T>): Promise<T> => {
  const folder = await newFolder()
  try {
    return await use(await receive(req, folder, maxFileBytes))
  } finally {
    await removeFolder(folder)
  }
}

/** Streams a body to disk for the same reason. Gives the file, which is there until the scope closes; fails with what reading fails with. */
export const bodyFile = (parts: () => AsyncIterable<Uint8Array>): Effect.Effect<string, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(Effect.promise(newFolder), (folder) => Effect.promise(() => removeFolder(folder)))
    const file = join(folder, "body")
    yield* Effect.tryPromise({
      try: () => pipeline(parts(), createWriteStream(file)),
      catch: (error) => ((error as NodeJS.ErrnoException).code === "ENOSPC" ? diskFull : error),
    })
    return file
  })

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), folderPrefix))

const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })

const receive = async (req: IncomingMessage, folder: string, maxFileBytes: number): Promise<Upload> => {
  const form = openForm(req, maxFileBytes)
  const fields = new Map<string, string>()
  let file: Upload["file"]
  let zip: Readable | undefined
  let writing: Promise<void> | undefined

  form.on("field", (name: string, value: string) => {
    if (!fields.has(name)) fields.set(name, value)
  })
  form.on("file", (name: string, content: Readable & { readonly truncated?: boolean }, filename: string) => {
    if (name !== "file" || file !== undefined) return void content.resume()
    const path = join(folder, "site.zip")
    zip = content
    file = { name: filename, path }
    writing = pipeline(content, createWriteStream(path)).then(() => {
      if (content.truncated === true) throw tooLarge(maxFileBytes)
    })
    // Awaited below, once the form has ended.
    writing.catch((error) => form.destroy(error))
  })

  try {
    await pipeline(req, form)
    await writing
  } catch (error) {
    // A form that ends early does not end its files: without this, the half-written zip would stay open for ever.
    zip?.destroy()
    await writing?.catch(() => undefined)
    if (error instanceof DeployRefused) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "ENOSPC") throw diskFull
    throw malformed(message)
  }
  return { fields, file }
}

const openForm = (req: IncomingMessage, maxFileBytes: number): InstanceType<typeof Busboy> => {
  try {
    return new Busboy({
      headers: req.headers as Record<string, string> & { "content-type": string },
      limits: { fileSize: maxFileBytes, files: 4, fields: 32, fieldSize: 64 * 1024, parts: 64, headerPairs: 64 },
    })
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error))
  }
}

const diskFull = new DeployRefused({
  code: "STORAGE_FAILED",
  status: 507,
  message: "The disk for temporary files is full: nothing was changed. Free some space and try again.",
})

const tooLarge = (max: number) =>
  new DeployRefused({ code: "PAYLOAD_TOO_LARGE", status: 413, message: `The zip is larger than ${max} bytes (limits.site_bytes).` })
