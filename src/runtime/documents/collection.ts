import { collectionPrefix, documentStream } from "../../events/doc.ts"
import type { Json, JsonObject } from "../../projections/documentIndex.ts"
import { documentQueries } from "../../projections/documents.ts"
import { GuestError } from "../host.ts"
import type { Mutation } from "../layers.ts"
import { chargeStorage, type StorageLimits } from "../quota.ts"
import type { Unit } from "../unit.ts"
import type { DataChange } from "./changes.ts"
import { checkCollection, checkId, encodeDocument, isObject, withoutOwnFields } from "./document.ts"
import type { FindOptions, Order } from "./options.ts"
import { pinnedIds } from "./plan.ts"
import { type Condition, parseQuery } from "./query.ts"
import { invalid, kindOf, quoted, tooMuch } from "./refusal.ts"
import { type Collection, countMatching, type Found, type Stored, select, storedOf } from "./scan.ts"

/** What a unit of work has made of a document. */
interface DocumentMutation extends Mutation {
  readonly unit: string
  readonly id: string
  /** What is there now; `undefined` once deleted. */
  readonly document: Stored | undefined
  /** Whether there was a document when the unit began. */
  readonly wasThere: boolean
  /** Where the unit's events place the document, if it is new. */
  readonly order: number
  /** The unit has put it in the place of one that was there. */
  readonly fresh: boolean
}

/** Documents that are not in the log yet come after all that are, in the order in which they were written. */
let nextOrder = 2 ** 52

/** The most that one call of find may answer with, in characters of JSON. */
const maxAnswer = 8 * 1024 * 1024

const byCreation: Order = { fields: [], creation: 1 }

export interface CollectionOptions {
  readonly unit: Unit
  readonly limits: StorageLimits
  /** Throws when the time is over. */
  readonly checkDeadline: () => void
}

/** One collection of documents, as one unit of work sees and changes it. Results are JSON. */
export const collectionOf = (name: string, { unit, limits, checkDeadline }: CollectionOptions) => {
  checkCollection(name)
  const { site } = unit
  const queries = unit.query(documentQueries)
  const streamOf = (id: string): string => documentStream(site, name, id)

  const get = (id: string): Stored | undefined => {
    const written = unit.read<DocumentMutation>(streamOf(id))
    if (written !== undefined) return written.document
    const row = queries.document(site, name, id)
    return row === undefined ? undefined : storedOf(row)
  }

  /** What a query is asked about. One that names ids depends on these documents only, any other on the whole collection. */
  const viewFor = (condition: Condition): Collection => {
    const ids = pinnedIds(condition)
    const mutations =
      ids === undefined
        ? [...unit.readRange<DocumentMutation>(collectionPrefix(site, name)).values()]
        : ids.map((id) => unit.read<DocumentMutation>(streamOf(id))).filter((mutation) => mutation !== undefined)
    return { site, name, queries, checkDeadline, overlay: new Map(mutations.map(({ id, document }) => [id, document])) }
  }

  const all = (condition: Condition): ReadonlyArray<Found> => select(viewFor(condition), condition, byCreation, undefined)

  /** All of the changes or, if one cannot be, none. */
  const write = (changes: ReadonlyArray<Change>): void => {
    const writes = changes
      .map(({ id, before, data }) => ({ id, before, data, text: data === undefined ? undefined : encodeDocument(data) }))
      .filter(({ before, text }) => text !== before?.text)
    let [items, bytes] = [0, 0]
    for (const { before, text } of writes) {
      items += countOf(text) - countOf(before?.text)
      bytes += bytesOf(text) - bytesOf(before?.text)
    }
    chargeStorage(unit, limits, items, bytes)
    for (const { id, before, data, text } of writes) {
      const stream = streamOf(id)
      const mutation = mutationOf(id, before, text, unit.peek<DocumentMutation>(stream))
      if (data === undefined) unit.write(stream, { type: "v1.DocumentDeleted", data: { site, collection: name, id } }, mutation)
      else {
        const written = { site, collection: name, id, data, ...(mutation.fresh ? { fresh: true as const } : {}) }
        unit.write(stream, { type: "v1.DocumentWritten", data: written }, mutation)
      }
    }
  }

  /** `last`: what was made of the document last, by this unit or by one before it. */
  const mutationOf = (
    id: string,
    before: Stored | undefined,
    text: string | undefined,
    last: DocumentMutation | undefined,
  ): DocumentMutation => {
    const own = last?.unit === unit.id ? last : undefined
    const order = own?.document === undefined ? nextOrder++ : own.order
    const wasThere = own?.wasThere ?? before !== undefined
    const fresh = text !== undefined && (before === undefined ? wasThere : own?.fresh === true)
    const document: Stored | undefined =
      text === undefined
        ? undefined
        : { id, text, createdAt: before?.createdAt ?? unit.now, updatedAt: unit.now, order: before?.order ?? order }
    return { size: text === undefined ? undefined : bytesOf(text), unit: unit.id, id, document, wasThere, order, fresh }
  }

  return {
    /** Puts a new document in, with its own id or the one given here, and returns the id. */
    insert: (document: Json, newId: () => string): string => {
      if (!isObject(document)) throw invalid(`A document is an object such as { name: "Ann" }, not ${kindOf(document)}.`)
      const given = Object.hasOwn(document, "id") ? document["id"] : null
      const id = given === null ? newId() : checkId(given)
      if (get(id) !== undefined) {
        throw new GuestError(
          `There is a document ${quoted(id)} in ${name} already. Change it with ds.update, or insert under another id.`,
          { code: "DS_EXISTS" },
        )
      }
      write([{ id, before: undefined, data: withoutOwnFields(document) }])
      return id
    },

    find: (condition: Condition, { order, limit, offset }: FindOptions): string => {
      const window = limit === undefined ? undefined : limit + offset
      const found = select(viewFor(condition), condition, order, window).slice(offset)
      const size = found.reduce((sum, { text }) => sum + text.length, 0)
      if (size > maxAnswer)
        throw tooMuch(`This query finds more than ${maxAnswer / 1024 ** 2} MiB of documents. Ask for fewer at a time, with limit.`)
      return `[${found.map(jsonOf).join(",")}]`
    },

    /** `undefined` if there is none. */
    findOne: (condition: Condition): string | undefined => {
      const [found] = select(viewFor(condition), condition, { fields: [], creation: -1 }, 1)
      return found === undefined ? undefined : jsonOf(found)
    },

    /** How many documents matched. */
    update: (condition: Condition, change: DataChange): number => {
      const found = all(condition)
      for (const { data, id } of found) change(data, id)
      write(found.map((document) => ({ id: document.id, before: document, data: document.data })))
      return found.length
    },

    /** How many documents were deleted. */
    delete: (condition: Condition): number => {
      const found = all(condition)
      write(found.map(deletion))
      return found.length
    },

    count: (condition: Condition): number => countMatching(viewFor(condition), condition),

    /** Deletes all but the newest, and says how many. */
    deleteOldest: (keep: number): number => {
      const condition = parseQuery({})
      const view = viewFor(condition)
      const surplus = countMatching(view, condition) - keep
      if (surplus <= 0) return 0
      const oldest = select(view, condition, byCreation, surplus)
      write(oldest.map(deletion))
      return oldest.length
    },
  }
}

/** The collections of a site that hold documents. */
export const collectionNames = (unit: Unit): ReadonlyArray<string> => {
  const queries = unit.query(documentQueries)
  const written = new Map<string, number>()
  for (const [stream, { id, document }] of unit.readRange<DocumentMutation>(`doc/${unit.site}/`)) {
    const name = stream.split("/", 3)[2]!
    const before = queries.document(unit.site, name, id) === undefined ? 0 : 1
    written.set(name, (written.get(name) ?? 0) + countOf(document?.text) - before)
  }
  const counts = new Map(queries.collections(unit.site).map(({ collection, documents }) => [collection, documents]))
  for (const [name, more] of written) counts.set(name, (counts.get(name) ?? 0) + more)
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([name]) => name)
    .sort()
}

/** What a document becomes; without data it is deleted. */
interface Change {
  readonly id: string
  readonly before: Stored | undefined
  readonly data: JsonObject | undefined
}

const deletion = (document: Stored): Change => ({ id: document.id, before: document, data: undefined })

const bytesOf = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text))

const countOf = (text: string | undefined): number => (text === undefined ? 0 : 1)

/** A document as user code gets it. What is its own comes last, so that it stands over a field of the same name. */
export const jsonOf = ({ id, text, createdAt, updatedAt }: Stored): string =>
  `${text.slice(0, -1)}${text === "{}" ? "" : ","}"id":${JSON.stringify(id)},"_createdAt":${createdAt},"_updatedAt":${updatedAt}}`

/** A query as user code gives it: an object, or a document's id. */
export const conditionOf = (query: Json): Condition =>
  typeof query === "string" ? { kind: "field", path: ["id"], test: { op: "$eq", value: query } } : parseQuery(query)
