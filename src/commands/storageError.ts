import { StorageFailed } from "../events/EventLog.ts"
import type { WriterReply } from "./writerRequest.ts"

const sqliteCode = (error: unknown): string | undefined => {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined
}

/** There is no room for what was to be written. */
export const isFull = (error: unknown): boolean => sqliteCode(error) === "SQLITE_FULL"

/** The storage itself failed, as opposed to a request that was refused. */
export const isStorageError = (error: unknown): boolean =>
  /^SQLITE_(FULL|IOERR|CANTOPEN|CORRUPT|READONLY|NOMEM|BUSY|LOCKED)/.test(sqliteCode(error) ?? "")

export const failureOf = (error: unknown): WriterReply => {
  if (!isStorageError(error)) return { ok: false, defect: error }
  const reason = error instanceof Error ? error.message : String(error)
  return { ok: false, error: new StorageFailed({ reason, full: isFull(error) }) }
}
