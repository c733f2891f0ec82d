import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { documentStream } from "../../events/doc.ts"
import type { DocumentChange } from "../../projections/documentHistory.ts"
import type { Json, JsonObject } from "../../projections/documentIndex.ts"
import { documentPageQueries } from "../../projections/documentPages.ts"
import { type DocumentRow, documentQueries } from "../../projections/documents.ts"
import { Queries } from "../../projections/Queries.ts"
import { conditionOf } from "../../runtime/documents/collection.ts"
import { checkCollection, checkId, encodeDocument, withoutOwnFields } from "../../runtime/documents/document.ts"
import { Reads } from "../Reads.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import type { DocumentInfo, DocumentVersion } from "./contract/documents.ts"
import { documentSearch } from "./documentSearch.ts"
import { invalid, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { checked } from "./guestRefusal.ts"
import { itemChanges } from "./items.ts"
import { jsonText } from "./jsonText.ts"
import { siteQuota } from "./siteQuota.ts"
import { time } from "./views.ts"

interface Place {
  readonly site: string
  readonly collection: string
  readonly id: string
}

/** The documents of sites, for those who look after them. */
export const documentsLayer = HttpApiBuilder.group(Api, "documents", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const { db } = yield* Reads
    const find = findSite(db)
    const read = documentQueries(db)
    const pages = documentPageQueries(db)
    const search = documentSearch(db, queries)
    const changes = itemChanges(yield* CartridgeWriter, db)
    const quota = siteQuota(db, yield* Settings)

    const current = (place: Place) =>
      Effect.suspend(() => {
        const row = read.document(place.site, place.collection, place.id)
        return row === undefined ? Effect.fail(documentNotFound(place)) : Effect.succeed(row)
      })

    const documentAt = (place: Place, version: number) =>
      Effect.gen(function* () {
        const [change] = (yield* queries.documentHistory(place, version + 1, 1)).changes
        if (change?.version !== version || change.kind !== "set") return yield* Effect.fail(versionNotFound(place, version))
        const { at, size, data } = change
        return { id: place.id, version, size_bytes: size!, created_at: null, updated_at: time(at), data }
      })

    return handlers
      .handle("collections", ({ path: { site }, urlParams: { cursor, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const rows = pages.collections(site, cursor ?? "", limit + 1)
          const data = rows.slice(0, limit).map(({ collection, documents, bytes }) => ({
            collection,
            documents,
            size_bytes: bytes,
            indexes: read.indexes(site, collection),
          }))
          return { data, meta: { limit, next: rows.length > limit ? data.at(-1)!.collection : null } }
        }).pipe(refuse),
      )
      .handle("list", ({ path: { site }, urlParams: { collection, query, cursor, limit } }) =>
        Effect.gen(function* () {
          yield* find(site)
          yield* checked("collection", () => checkCollection(collection))
          const condition = query === undefined ? undefined : yield* conditionIn(query)
          const { rows, next } = yield* search({ site, collection, condition, before: yield* placeIn(cursor), limit })
          const meta = { limit, next: next === undefined ? null : `${next.created_at}.${next.seq}` }
          return jsonText(`[${rows.map(documentJson).join(",")}]`, meta)
        }).pipe(refuse),
      )
      .handle("get", ({ path: { site }, urlParams: { version, ...item } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const place = { site, ...item }
          if (version !== undefined) return { data: yield* documentAt(place, version) }
          const row = yield* current(place)
          return { data: { ...infoOf(row), data: JSON.parse(row.data) } }
        }).pipe(refuse),
      )
      .handle("set", ({ path: { site }, urlParams: { if_version, ...item }, payload }) =>
        Effect.gen(function* () {
          yield* find(site)
          const place = { site, ...item }
          const { data, text } = yield* given(place, payload.data as JsonObject)
          const before = read.document(site, place.collection, place.id)
          const stream = documentStream(site, place.collection, place.id)
          const expected = yield* changes.expected(stream, before?.version, if_version)
          if (before?.data === text) return { data: infoOf(before) }
          const bytes = Buffer.byteLength(text) - (before === undefined ? 0 : Buffer.byteLength(before.data))
          yield* quota(site, before === undefined ? 1 : 0, bytes)
          yield* changes.append(stream, expected, { type: "v1.DocumentWritten", data: { ...place, data } })
          return { data: infoOf(yield* current(place)) }
        }).pipe(refuse),
      )
      .handle("delete", ({ path: { site }, urlParams: { if_version, ...item } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const place = { site, ...item }
          const { version } = yield* current(place)
          const stream = documentStream(site, place.collection, place.id)
          yield* changes.expected(stream, version, if_version)
          yield* changes.append(stream, version, { type: "v1.DocumentDeleted", data: place })
          return { data: { message: `${quoted(place.id)} of ${place.collection} is deleted. Its history stays.` } }
        }).pipe(refuse),
      )
      .handle("history", ({ path: { site }, urlParams: { before, limit, ...item } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const place = { site, ...item }
          yield* checkPlace(place)
          const { changes, more } = yield* queries.documentHistory(place, before ?? Number.MAX_SAFE_INTEGER, limit)
          return { data: changes.map(versionView), meta: { limit, next: more ? String(changes.at(-1)!.version) : null } }
        }).pipe(refuse),
      )
  }),
)

const checkPlace = ({ collection, id }: Place) =>
  Effect.zipRight(
    checked("collection", () => checkCollection(collection)),
    checked("id", () => checkId(id)),
  )

/** A document as it is to be stored, in the form of the event and as text. What every document has is no part of its data. */
const given = (place: Place, document: JsonObject) =>
  Effect.gen(function* () {
    yield* checkPlace(place)
    if (Object.hasOwn(document, "id") && document["id"] !== place.id) return yield* Effect.fail(otherId(place.id))
    const data = withoutOwnFields(document)
    return { data, text: yield* checked("data", () => encodeDocument(data)) }
  })

const conditionIn = (query: string) =>
  Effect.flatMap(
    Effect.try({
      try: () => JSON.parse(query) as Json,
      catch: () => invalid("query", 'query is no JSON. It is such as {"author":"Ann"}.'),
    }),
    (value) => checked("query", () => conditionOf(value)),
  )

/** The place that a cursor means. */
const placeIn = (cursor: string | undefined) => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const [, created_at, seq] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? []
  if (created_at === undefined) return Effect.fail(invalid("cursor", "cursor is not one that this endpoint has given (meta.next)."))
  return Effect.succeed({ created_at: Number(created_at), seq: Number(seq) })
}

const infoOf = ({ id, version, data, created_at, updated_at }: DocumentRow): DocumentInfo => ({
  id,
  version,
  size_bytes: Buffer.byteLength(data),
  created_at: time(created_at),
  updated_at: time(updated_at),
})

/** A document as the API answers it; its data is JSON as it is stored. */
const documentJson = (row: DocumentRow): string => `${JSON.stringify(infoOf(row)).slice(0, -1)},"data":${row.data}}`

const versionView = ({ at, size, ...change }: DocumentChange): DocumentVersion => ({ ...change, at: time(at), size_bytes: size })

const quoted = (id: string): string => JSON.stringify(id.slice(0, 300))

const otherId = (id: string) => invalid("data.id", `The data has another id than the document, which is ${quoted(id)}. It needs none.`)

const documentNotFound = ({ site, collection, id }: Place) =>
  refusal("DOCUMENT_NOT_FOUND", `The collection ${collection.slice(0, 128)} of ${site} has no document ${quoted(id)}.`)

const versionNotFound = ({ collection, id }: Place, version: number) =>
  refusal(
    "DOCUMENT_NOT_FOUND",
    `The document ${quoted(id)} of ${collection.slice(0, 128)} was not there at version ${version}. Its history says when it was.`,
  )
