import type { Sqlite } from "../events/cartridge.ts"
import { kvStream } from "../events/kv.ts"
import { type Change, changesOf } from "./streamHistory.ts"

/** What a key was set to. `blob`: where the value is when it is too large to be in the event. */
interface KvDetails {
  readonly value: unknown
  readonly blob: string | null
  readonly size: number | null
  readonly expires_at: number | null
}

/** One thing that happened to a key. */
export type KvChange = Change & KvDetails

const none: KvDetails = { value: null, blob: null, size: null, expires_at: null }

/** A key's changes before a version of its stream. */
export const kvHistoryQueries = (db: Sqlite) => {
  const changes = changesOf(db, none, (event) => {
    if (event.type !== "v1.KvSet") return undefined
    const { value, blob, size, expires } = event.data
    return { value: value ?? null, blob: blob ?? null, size, expires_at: expires ?? null }
  })
  return { changes: (site: string, key: string, before: number, limit: number) => changes(kvStream(site, key), before, limit) }
}
