import type { Sqlite } from "../events/cartridge.ts"
import { canonicalJson } from "../events/chain.ts"
import { documentStream } from "../events/doc.ts"
import { type Change, changesOf } from "./streamHistory.ts"

/** What was written. `size`: bytes of its canonical JSON. */
interface DocumentDetails {
  readonly data: unknown
  readonly size: number | null
}

/** One thing that happened to a document. */
export type DocumentChange = Change & DocumentDetails

const none: DocumentDetails = { data: null, size: null }

/** A document's changes before a version of its stream. */
export const documentHistoryQueries = (db: Sqlite) => {
  const changes = changesOf(db, none, (event) => {
    if (event.type !== "v1.DocumentWritten") return undefined
    const { data } = event.data
    return { data, size: Buffer.byteLength(canonicalJson(data)) }
  })
  return {
    changes: (document: { readonly site: string; readonly collection: string; readonly id: string }, before: number, limit: number) =>
      changes(documentStream(document.site, document.collection, document.id), before, limit),
  }
}
