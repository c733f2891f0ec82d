import type { Sqlite } from "../events/cartridge.ts"
import { isErased, type LogEntry } from "../events/event.ts"
import { kvStream } from "../events/kv.ts"
import { streamHistory } from "./streamHistory.ts"

/** One thing that happened to a key. `blob`: where the value is when it is too large to be in the event. */
export interface KvChange {
  readonly seq: number
  readonly version: number
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly kind: "set" | "deleted" | "erased"
  readonly value: unknown
  readonly blob: string | null
  readonly size: number | null
  readonly expires_at: number | null
}

/** A key's changes before a version of its stream, newest first; fewer than `limit` where the values are large. */
export const kvHistoryQueries = (db: Sqlite) => {
  const history = streamHistory(db)
  return {
    changes: (
      site: string,
      key: string,
      before: number,
      limit: number,
    ): { readonly changes: ReadonlyArray<KvChange>; readonly more: boolean } => {
      const { entries, more } = history(kvStream(site, key), before, limit)
      return { changes: entries.map(changeOf), more }
    },
  }
}

const changeOf = (entry: LogEntry): KvChange => {
  const { seq, version, at, actor, cause } = entry
  const common = { seq, version, at, actor, cause, value: null, blob: null, size: null, expires_at: null }
  if (isErased(entry)) return { ...common, kind: "erased" }
  if (entry.type !== "v1.KvSet") return { ...common, kind: "deleted" }
  const { value, blob, size, expires } = entry.data
  return { ...common, kind: "set", value: value ?? null, blob: blob ?? null, size, expires_at: expires ?? null }
}
