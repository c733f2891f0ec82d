import type { Sqlite } from "../events/cartridge.ts"
import { integerParameter, textParameter } from "../events/parameters.ts"
import type { CollectionRow, DocumentRow } from "./documents.ts"

/** A part of a collection, the newest document first: only those before one that is known, and only so much at a time. */
export interface DocumentWalk {
  readonly site: string
  readonly collection: string
  /** Only documents that were created before this one. */
  readonly before: { readonly created_at: number; readonly seq: number } | undefined
  /** Only those that have this place in an index. */
  readonly index: { readonly field: string; readonly key: Uint8Array } | undefined
  /** Only those that were created between these times, both included. */
  readonly from: number
  readonly to: number
  readonly maxDocuments: number
  /** The walk ends once the documents' JSON has more characters. */
  readonly maxCharacters: number
}

const columns = "d.seq, d.id, d.data, d.created_at, d.updated_at, d.version"

/** Queries for whoever looks through a site's documents; what code asks is in `documents.ts`. */
export const documentPageQueries = (db: Sqlite) => {
  // Events never go back in time, so the order by time is the order by seq.
  const byCreation = db.prepare<[string, string, number, number, number, number], DocumentRow>(
    `SELECT ${columns} FROM documents d WHERE site = ${textParameter} AND collection = ${textParameter} AND created_at BETWEEN ? AND ?
     AND (created_at, seq) < (?, ?) ORDER BY created_at DESC, seq DESC`,
  )
  const byIndex = db.prepare<[string, string, string, Uint8Array, number], DocumentRow>(
    `SELECT ${columns} FROM document_index i JOIN documents d ON d.seq = i.seq
     WHERE i.site = ${textParameter} AND i.collection = ${textParameter} AND i.field = ${textParameter} AND i.value = ? AND i.seq < ?
     ORDER BY i.seq DESC`,
  )
  const collections = db.prepare<[string, string, number], CollectionRow>(
    `SELECT collection, documents, bytes FROM document_collections WHERE site = ${textParameter} AND collection > ${textParameter}
     ORDER BY collection LIMIT ${integerParameter}`,
  )

  const rowsOf = ({ site, collection, before, index, from, to }: DocumentWalk): IterableIterator<DocumentRow> => {
    const { created_at, seq } = before ?? afterAll
    if (index === undefined) return byCreation.iterate(site, collection, from, Math.min(to, created_at), created_at, seq)
    return byIndex.iterate(site, collection, index.field, index.key, seq)
  }

  return {
    documents: (walk: DocumentWalk): { readonly rows: ReadonlyArray<DocumentRow>; readonly more: boolean } => {
      const rows: Array<DocumentRow> = []
      let characters = 0
      for (const row of rowsOf(walk)) {
        if (rows.length === walk.maxDocuments || characters > walk.maxCharacters) return { rows, more: true }
        rows.push(row)
        characters += row.data.length
      }
      return { rows, more: false }
    },
    /** Collections by name, those after `after`. */
    collections: (site: string, after: string, limit: number): ReadonlyArray<CollectionRow> => collections.all(site, after, limit),
  }
}

const afterAll = { created_at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }
