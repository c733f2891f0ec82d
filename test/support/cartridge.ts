import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeWriter, type Writer, type WriterOptions } from "../../src/commands/writer.ts"
import type { WriterReply, WriterRequest } from "../../src/commands/writerRequest.ts"
import { migrations } from "../../src/resources.ts"

/** In memory where the machine has such a folder: a test that needs the disk says so. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

export const temporaryFolder = (): string => mkdtempSync(join(scratch, "fazt-test-"))

/** A folder that is removed when the callback's promise settles. */
export const inTemporaryFolder = async <T>(use: (folder: string) => T | Promise<T>): Promise<T> => {
  const folder = temporaryFolder()
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const writerOptions = (path: string, over: Partial<WriterOptions> = {}): WriterOptions => ({
  path,
  migrations: migrations(),
  release: "0.1.0",
  masterKey: undefined,
  holder: "a test",
  now: Date.now,
  onCommitted: () => {},
  onRebuild: () => {},
  ...over,
})

/** A writer on a fresh cartridge. */
export const withWriter = <T>(use: (writer: Writer, path: string) => T | Promise<T>, over: Partial<WriterOptions> = {}): Promise<T> =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "data.db")
    const writer = makeWriter(writerOptions(path, over))
    try {
      return await use(writer, path)
    } finally {
      writer.close()
    }
  })

/** Submits and waits for the last reply. */
export const ask = (writer: Pick<Writer, "submit">, request: WriterRequest): Promise<WriterReply> =>
  new Promise((resolve) =>
    writer.submit(request, (reply) => {
      if (!(reply.ok && reply.progress === true)) resolve(reply)
    }),
  )

/** Submits and expects success. */
export const tell = async (writer: Pick<Writer, "submit">, request: WriterRequest): Promise<unknown> => {
  const reply = await ask(writer, request)
  if (reply.ok) return reply.value
  throw "error" in reply ? reply.error : reply.defect
}
