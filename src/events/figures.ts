import type { Sqlite } from "./cartridge.ts"

/** How much a cartridge's file holds. */
export interface Figures {
  readonly page_size: number
  readonly page_count: number
  /** Pages that hold nothing any more, and are used before the file grows. */
  readonly free_pages: number
  readonly sqlite_version: string
  /** Migrations of the truth tables that have been made. */
  readonly schema_version: number
  readonly blobs: number
  readonly blob_bytes: number
}

/** Looks at every blob's row, so it may take its time. */
export const cartridgeFigures = (db: Sqlite): Figures => {
  const pragma = (name: string): number => db.pragma(name, { simple: true }) as number
  const [blobs, bytes] = db.prepare<[], [number, number | null]>("SELECT count(*), sum(size) FROM blobs").raw().get()!
  return {
    page_size: pragma("page_size"),
    page_count: pragma("page_count"),
    free_pages: pragma("freelist_count"),
    sqlite_version: db.prepare<[], string>("SELECT sqlite_version()").pluck().get()!,
    schema_version: pragma("user_version"),
    blobs,
    blob_bytes: bytes ?? 0,
  }
}
