import * as Effect from "effect/Effect"
import type { Sqlite } from "../../events/cartridge.ts"
import type { DocumentWalk } from "../../projections/documentPages.ts"
import { type DocumentRow, documentQueries } from "../../projections/documents.ts"
import type { Queries } from "../../projections/Queries.ts"
import { type PlanOptions, planOf } from "../../runtime/documents/plan.ts"
import type { Condition } from "../../runtime/documents/query.ts"
import { matching, storedOf } from "../../runtime/documents/scan.ts"

/** The most that one answer looks at, in characters of JSON, of which each document costs some more. */
const maxLooked = 8 * 1024 * 1024
const documentCost = 512

/** The most that one answer holds, in characters of JSON; the document that passes it is still in it. */
const maxHeld = 2 * 1024 * 1024

/** Documents are looked through by so many at a time, so that between two parts other requests have their turn. */
const part = { documents: 500, characters: 256 * 1024 }

export interface DocumentSearch {
  readonly site: string
  readonly collection: string
  /** Without it every document is found. */
  readonly condition: Condition | undefined
  /** Only documents that were created before this one. */
  readonly before: DocumentWalk["before"]
  readonly limit: number
}

/** `next`: where to go on; nothing at the end. */
export interface DocumentsFound {
  readonly rows: ReadonlyArray<DocumentRow>
  readonly next: NonNullable<DocumentWalk["before"]> | undefined
}

/** Finds documents, the newest first, with bounded work: what is read is read in the reader thread, and compared here in small parts. */
export const documentSearch = (db: Sqlite, queries: Pick<typeof Queries.Service, "documents">) => {
  const read = documentQueries(db)

  /** The documents that a query may match, all of them and perhaps others. */
  const placeOf = (site: string, collection: string, condition: Condition | undefined): Place => {
    if (condition === undefined) return everything
    const options = (indexes: ReadonlyArray<string>): PlanOptions => ({
      order: { fields: [], creation: -1 },
      window: undefined,
      indexes,
      documents: () => read.collection(site, collection).documents,
      entries: () => Number.MAX_SAFE_INTEGER,
    })
    const plan = planOf(condition, options(read.indexes(site, collection)))
    if (plan.by === "ids" && plan.ids.length < 2) {
      const row = plan.ids.length === 0 ? undefined : read.document(site, collection, plan.ids[0]!)
      return { by: "rows", rows: row === undefined ? [] : [row] }
    }
    // The documents with one value are in the index in the order that is wanted here; those of several values are not.
    const [range, ...more] = plan.by === "index" && plan.sorted === "fully" ? plan.ranges : []
    if (range !== undefined && more.length === 0) return { ...everything, index: { field: range.field, key: range.from } }
    const walk = planOf(condition, options([]))
    return walk.by === "creation" ? { ...everything, from: walk.from, to: walk.to } : everything
  }

  return ({ site, collection, condition, before, limit }: DocumentSearch): Effect.Effect<DocumentsFound> =>
    Effect.gen(function* () {
      const place = placeOf(site, collection, condition)
      const matches = condition === undefined ? () => true : matching(condition)
      if (place.by === "rows") return { rows: place.rows.filter((row) => matches(storedOf(row)) !== undefined), next: undefined }
      const { index, from, to } = place
      const size =
        condition === undefined
          ? { maxDocuments: limit, maxCharacters: maxHeld }
          : { maxDocuments: part.documents, maxCharacters: part.characters }
      const found: Array<DocumentRow> = []
      let [looked, held] = [0, 0]
      let last = before
      for (;;) {
        const { rows, more } = yield* queries.documents({ site, collection, before: last, index, from, to, ...size })
        for (const [i, row] of rows.entries()) {
          last = { created_at: row.created_at, seq: row.seq }
          looked += documentCost + row.data.length
          if (matches(storedOf(row)) === undefined) continue
          found.push(row)
          held += row.data.length
          if (found.length === limit || held > maxHeld) return { rows: found, next: more || i < rows.length - 1 ? last : undefined }
        }
        if (!more) return { rows: found, next: undefined }
        if (looked > maxLooked) return { rows: found, next: last }
      }
    })
}

type Place =
  | { readonly by: "rows"; readonly rows: ReadonlyArray<DocumentRow> }
  | ({ readonly by: "walk" } & Pick<DocumentWalk, "index" | "from" | "to">)

const everything = { by: "walk", index: undefined, from: 0, to: Number.MAX_SAFE_INTEGER } as const
