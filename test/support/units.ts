import type { Writer } from "../../src/commands/writer.ts"
import type { WriterReply } from "../../src/commands/writerRequest.ts"
import type { Appended } from "../../src/events/EventLog.ts"
import type { StorageLimits } from "../../src/runtime/quota.ts"
import { openStorage, type Storage } from "../../src/runtime/storage.ts"
import type { Unit } from "../../src/runtime/unit.ts"
import { ask, withWriter } from "./cartridge.ts"

export const noLimits: StorageLimits = { storageKeys: 1e9, storageBytes: 1e12 }

/** A storage as one sandbox thread has it, over a fresh cartridge with its writer. */
export const withStorage = <T>(use: (storage: Storage, writer: Writer, path: string) => T | Promise<T>): Promise<T> =>
  withWriter(async (writer, path) => {
    const storage = openStorage(path)
    try {
      return await use(storage, writer, path)
    } finally {
      storage.close()
    }
  })

/** Ends the unit, sends what it wrote, and tells the storage the verdict. `undefined`: there was nothing to send. */
export const commit = async (storage: Storage, writer: Pick<Writer, "submit">, unit: Unit): Promise<WriterReply | undefined> => {
  const writes = unit.finish()
  if (writes === undefined) return undefined
  const reply = await ask(writer, { kind: "unit", ...writes })
  if (reply.ok) storage.committed(unit.id, (reply.value as Appended).last)
  else storage.failed(unit.id)
  return reply
}

let made = 0

/** Runs a body as a unit of work of its own that has to be accepted. */
export const inUnit = async <T>(
  storage: Storage,
  writer: Pick<Writer, "submit">,
  body: (unit: Unit) => T,
  { site = "a", now = 1_000_000 } = {},
): Promise<T> => {
  const unit = storage.begin(site, `unit-${made++}`, now)
  const result = body(unit)
  const reply = await commit(storage, writer, unit)
  if (reply?.ok === false) throw "error" in reply ? reply.error : reply.defect
  return result
}
