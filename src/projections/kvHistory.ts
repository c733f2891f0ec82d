import type { Sqlite } from "../events/cartridge.ts"
import { decode } from "../events/codec.ts"
import { isErased } from "../events/event.ts"
import { kvStream } from "../events/kv.ts"

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

/** The values of one answer take about so many bytes at most. */
const maxBytes = 8 * 1024 * 1024

interface Row {
  readonly seq: number
  readonly id: string
  readonly version: number
  readonly type: string
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly data: string | null
}

/** A key's changes before a version of its stream, newest first; fewer than `limit` where the values are large. */
export const kvHistoryQueries = (db: Sqlite) => {
  const page = db.prepare<[string, number, number], Row>(
    `SELECT seq, id, version, type, at, actor, cause, data FROM events WHERE stream = ? AND version < ? ORDER BY version DESC LIMIT ?`,
  )
  return {
    changes: (
      site: string,
      key: string,
      before: number,
      limit: number,
    ): { readonly changes: ReadonlyArray<KvChange>; readonly more: boolean } => {
      const stream = kvStream(site, key)
      const changes: Array<KvChange> = []
      let bytes = 0
      for (const row of page.iterate(stream, before, limit + 1)) {
        if (changes.length === limit || bytes > maxBytes) return { changes, more: true }
        bytes += row.data?.length ?? 0
        changes.push(changeOf(stream, row))
      }
      return { changes, more: false }
    },
  }
}

const changeOf = (stream: string, { data, ...row }: Row): KvChange => {
  const { seq, version, at, actor, cause } = row
  const entry = decode({ ...row, stream }, data)
  const common = { seq, version, at, actor, cause, value: null, blob: null, size: null, expires_at: null }
  if (isErased(entry)) return { ...common, kind: "erased" }
  if (entry.type !== "v1.KvSet") return { ...common, kind: "deleted" }
  const { value, blob, size, expires } = entry.data
  return { ...common, kind: "set", value: value ?? null, blob: blob ?? null, size, expires_at: expires ?? null }
}
