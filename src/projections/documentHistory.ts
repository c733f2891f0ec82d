import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import { documentStream } from "../events/doc.ts"
import { isErased, type LogEntry } from "../events/event.ts"
import { streamHistory } from "./streamHistory.ts"

/** One thing that happened to a document. `size`: bytes of its canonical JSON. */
export interface DocumentChange {
  readonly seq: number
  readonly version: number
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly kind: "set" | "deleted" | "erased"
  readonly data: unknown
  readonly size: number | null
}

/** A document's changes before a version of its stream, newest first; fewer than `limit` where it is large. */
export const documentHistoryQueries = (db: Sqlite) => {
  const history = streamHistory(db)
  return {
    changes: (
      document: { readonly site: string; readonly collection: string; readonly id: string },
      before: number,
      limit: number,
    ): { readonly changes: ReadonlyArray<DocumentChange>; readonly more: boolean } => {
      const { site, collection, id } = document
      const { entries, more } = history(documentStream(site, collection, id), before, limit)
      return { changes: entries.map(changeOf), more }
    },
  }
}

const changeOf = (entry: LogEntry): DocumentChange => {
  const { seq, version, at, actor, cause } = entry
  const common = { seq, version, at, actor, cause, data: null, size: null }
  if (isErased(entry)) return { ...common, kind: "erased" }
  if (entry.type !== "v1.DocumentWritten") return { ...common, kind: "deleted" }
  const { data } = entry.data
  return { ...common, kind: "set", data, size: Buffer.byteLength(canonicalJson(data)) }
}
