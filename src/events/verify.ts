import type { Sqlite } from "./cartridge.ts"
import { chainHash, genesis, sha256 } from "./chain.ts"
import { erasureStream } from "./erasure.ts"
import { logReader, type Row } from "./log.ts"

/** The first row that is not as it was written. */
export interface BadRow {
  readonly seq: number
  readonly reason: string
}

/** Part of a walk along the chain. */
export interface Verified {
  /** The last seq that was found good, and its hash (hex): where the next part goes on. */
  readonly seq: number
  readonly hash: string
  /** Bytes of payload that were hashed. */
  readonly bytes: number
  /** Whether the end of the log was reached. */
  readonly done: boolean
  readonly bad: BadRow | undefined
}

/** Walks the chain from behind `after` over about `budget` bytes, at most `limit` rows. */
export const verifyPart = (
  db: Sqlite,
  after: { readonly seq: number; readonly hash: string } = { seq: 0, hash: Buffer.from(genesis).toString("hex") },
  { budget = 64 * 1024 * 1024, limit = 50_000 } = {},
): Verified => {
  const log = logReader(db)
  let previous: Uint8Array = Buffer.from(after.hash, "hex")
  let { seq } = after
  let bytes = 0
  let rows = 0

  const result = (done: boolean, bad?: BadRow): Verified => ({ seq, hash: Buffer.from(previous).toString("hex"), bytes, done, bad })

  while (bytes < budget && rows < limit) {
    const page = log.rows(seq + 1, Math.min(500, limit - rows))
    for (const row of page) {
      const reason = fault(row, seq, previous, log.streamVersion)
      if (reason !== undefined) return result(true, { seq: row.seq, reason })
      bytes += row.data === null ? 0 : Buffer.byteLength(row.data)
      seq = row.seq
      previous = row.hash
    }
    rows += page.length
    if (page.length === 0) return result(true)
  }
  return result(false)
}

const fault = (row: Row, seq: number, previous: Uint8Array, streamVersion: (stream: string) => number): string | undefined => {
  if (row.seq !== seq + 1) return `${row.seq - seq - 1} event(s) before it are missing`
  if (row.data === null) {
    if (streamVersion(erasureStream(row.seq)) === 0) return "its payload is gone, and no event says that it was erased"
  } else if (!sha256(row.data).equals(row.data_hash)) return "its payload was changed"
  if (!chainHash(previous, row, row.data_hash).equals(row.hash)) return "its envelope or hash was changed, or an event before it was"
  return undefined
}
