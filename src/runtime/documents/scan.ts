import type { JsonObject } from "../../projections/documentIndex.ts"
import { isExactKey } from "../../projections/documentIndex.ts"
import type { DocumentQueries, DocumentRow, IndexedRow } from "../../projections/documents.ts"
import { type Document, matcher } from "./matcher.ts"
import { comparator, type Order } from "./options.ts"
import { type Plan, planOf } from "./plan.ts"
import type { Condition } from "./query.ts"
import { tooMuch } from "./refusal.ts"

/** How many documents one query may look at. One that has to look at more is refused: an index would help it. */
const maxScanned = 100_000

/** How much one query may hold at a time, in characters of JSON. */
const maxHeld = 32 * 1024 * 1024

/** How much is done before the deadline is looked at again: characters of JSON, of which each document costs some more. */
const deadlineEvery = 512 * 1024
const documentCost = 512

/** A document, with the text that it is stored as. */
export interface Found extends Document {
  readonly text: string
}

/** A document that has not been parsed yet. */
export type Stored = Omit<Found, "data">

/** The documents of one collection: the rows of a snapshot, and over them what units of work have made of some of them. */
export interface Collection {
  readonly site: string
  readonly name: string
  readonly queries: DocumentQueries
  /** By id; `undefined` are deleted. */
  readonly overlay: ReadonlyMap<string, Stored | undefined>
  /** Throws when the time is over. */
  readonly checkDeadline: () => void
}

export const storedOf = (row: DocumentRow): Stored => ({
  id: row.id,
  text: row.data,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  order: row.seq,
})

export const parsed = (stored: Stored): Found => ({ ...stored, data: JSON.parse(stored.text) as JsonObject })

/** The documents that match, in order, at most `window` of them. */
export const select = (collection: Collection, condition: Condition, order: Order, window: number | undefined): ReadonlyArray<Found> => {
  const matches = matching(condition)
  const plan = planFor(collection, condition, order, window)
  const compare = comparator(order)
  const kept = keeper(compare, window)
  const isEnough = enough(plan, order, window)
  for (const row of rowsOf(collection, plan)) {
    if (isEnough.before(row, kept.count())) break
    const document = collection.overlay.has(row.id) ? undefined : matches(storedOf(row))
    if (document !== undefined) kept.add(document)
    if (isEnough.after(row, kept.count())) break
  }
  for (const stored of collection.overlay.values()) {
    const document = stored === undefined ? undefined : matches(stored)
    if (document !== undefined) kept.add(document)
  }
  return kept.sorted()
}

/** How many documents match. */
export const countMatching = (collection: Collection, condition: Condition): number => {
  const { overlay, queries, site, name } = collection
  const present = [...overlay.values()].filter((stored) => stored !== undefined)
  if (isEverything(condition)) {
    const hidden = [...overlay.keys()].filter((id) => queries.document(site, name, id) !== undefined)
    return queries.collection(site, name).documents - hidden.length + present.length
  }
  const matches = matching(condition)
  let count = present.filter((stored) => matches(stored) !== undefined).length
  for (const row of rowsOf(collection, planFor(collection, condition, { fields: [], creation: -1 }, undefined))) {
    if (!overlay.has(row.id) && matches(storedOf(row)) !== undefined) count++
  }
  return count
}

const isEverything = (condition: Condition): boolean => condition.kind === "all" && condition.of.length === 0

const planFor = ({ site, name, queries }: Collection, condition: Condition, order: Order, window: number | undefined): Plan =>
  planOf(condition, {
    order,
    window,
    indexes: queries.indexes(site, name),
    documents: () => queries.collection(site, name).documents,
    entries: (range) => queries.entries(site, name, range, maxScanned),
  })

/** Parses a document and gives it back if it matches. */
export const matching = (condition: Condition): ((stored: Stored) => Found | undefined) => {
  const matches = matcher(condition)
  const needles = textsIn(condition)
  return (stored) => {
    for (const needle of needles) if (!stored.text.includes(needle)) return undefined
    const document = parsed(stored)
    return matches(document) ? document : undefined
  }
}

/**
 * Texts that every document holds that matches: canonical JSON has one way to write a string, so a document without it need not
 * be parsed.
 */
const textsIn = (condition: Condition): ReadonlyArray<string> => {
  if (condition.kind === "all") return condition.of.flatMap(textsIn)
  if (condition.kind !== "field" || condition.path[0] === "id") return []
  const { test } = condition
  return (test.op === "$eq" || test.op === "$contains") && typeof test.value === "string" ? [JSON.stringify(test.value)] : []
}

type Row = DocumentRow & { readonly key?: Buffer }

function* rowsOf(collection: Collection, plan: Plan): Generator<Row> {
  let scanned = 0
  let unchecked = 0
  for (const row of unboundedRows(collection, plan)) {
    if (++scanned > maxScanned) {
      throw tooMuch(
        `This query has to look at more than ${maxScanned} documents of ${collection.name}. Declare an index with ds.index(collection, field) on a field that it compares, or use limit.`,
      )
    }
    unchecked += documentCost + row.data.length
    if (unchecked > deadlineEvery) {
      unchecked = 0
      collection.checkDeadline()
    }
    yield row
  }
}

function* unboundedRows({ site, name, queries }: Collection, plan: Plan): Generator<Row> {
  switch (plan.by) {
    case "ids":
      for (const id of plan.ids) {
        const row = queries.document(site, name, id)
        if (row !== undefined) yield row
      }
      break
    case "creation":
      yield* queries.byCreation(site, name, plan.direction, plan.from, plan.to)
      break
    case "index":
      for (const range of plan.ranges) yield* queries.byIndex(site, name, range, plan.direction, plan.creation)
  }
}

/** Whether rows that come in some order can add nothing any more to the first `window` results. */
const enough = (plan: Plan, { fields }: Order, window: number | undefined) => {
  const never = () => false
  const sorted = plan.by === "ids" || window === undefined ? "no" : plan.sorted
  if (sorted === "no") return { before: never, after: never }
  const isFull = (count: number): boolean => count >= window!
  if (sorted === "fully") return { before: never, after: (_: Row, count: number) => isFull(count) }
  // Documents whose keys are equal may still have to be sorted among each other.
  let last: Buffer | undefined
  return {
    before: (row: Row, count: number): boolean => {
      const isNewKey = last === undefined || !last.equals((row as IndexedRow).key)
      last = (row as IndexedRow).key
      return isNewKey && isFull(count)
    },
    after: (row: Row, count: number): boolean => fields.length === 1 && isExactKey((row as IndexedRow).key) && isFull(count),
  }
}

/** Keeps the first `window` of what it is given, and a few more until it sorts. */
const keeper = (compare: (a: Document, b: Document) => number, window: number | undefined) => {
  let documents: Array<Found> = []
  let held = 0
  let count = 0
  const prune = (): void => {
    documents.sort(compare)
    if (window === undefined || documents.length <= window) return
    documents = documents.slice(0, window)
    held = documents.reduce((sum, { text }) => sum + text.length, 0)
  }
  return {
    add: (document: Found): void => {
      documents.push(document)
      held += document.text.length
      count++
      if (window !== undefined && documents.length > 2 * window + 1000) prune()
      if (held > maxHeld) prune()
      if (held > maxHeld) throw tooMuch("This query finds more than it can hold. Ask for less at a time, with limit or a narrower query.")
    },
    /** How many it has been given. */
    count: () => count,
    sorted: (): ReadonlyArray<Found> => {
      prune()
      return documents
    },
  }
}
