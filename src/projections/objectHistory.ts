import type { Sqlite } from "../events/cartridge.ts"
import { isErased, type LogEntry } from "../events/event.ts"
import { objectStream } from "../events/object.ts"
import { streamHistory } from "./streamHistory.ts"

/** One thing that happened to an object. */
export interface ObjectChange {
  readonly seq: number
  readonly version: number
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly kind: "set" | "deleted" | "erased"
  /** The SHA-256 of its content, which is a blob. */
  readonly blob: string | null
  readonly size: number | null
  readonly type: string | null
}

/** An object's changes before a version of its stream, newest first. */
export const objectHistoryQueries = (db: Sqlite) => {
  const history = streamHistory(db)
  return {
    changes: (
      site: string,
      path: string,
      before: number,
      limit: number,
    ): { readonly changes: ReadonlyArray<ObjectChange>; readonly more: boolean } => {
      const { entries, more } = history(objectStream(site, path), before, limit)
      return { changes: entries.map(changeOf), more }
    },
  }
}

const changeOf = (entry: LogEntry): ObjectChange => {
  const { seq, version, at, actor, cause } = entry
  const common = { seq, version, at, actor, cause, blob: null, size: null, type: null }
  if (isErased(entry)) return { ...common, kind: "erased" }
  if (entry.type !== "v1.ObjectPut") return { ...common, kind: "deleted" }
  const { blob, size, type } = entry.data
  return { ...common, kind: "set", blob, size, type }
}
