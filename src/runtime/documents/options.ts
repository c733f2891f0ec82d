import { compareValues, type Json, type Path } from "../../projections/documentIndex.ts"
import { isObject, parsePath } from "./document.ts"
import { type Document, fieldOf } from "./matcher.ts"
import { invalid, kindOf, quoted } from "./refusal.ts"

const maxSortFields = 8

export type Direction = 1 | -1

export interface SortField {
  readonly path: Path
  readonly direction: Direction
}

/** How results are ordered: by these fields, and where they are equal by creation, oldest (1) or newest (-1) first. */
export interface Order {
  readonly fields: ReadonlyArray<SortField>
  readonly creation: Direction
}

export interface FindOptions {
  readonly order: Order
  readonly limit: number | undefined
  readonly offset: number
}

/** Checks `{ limit, offset, order, sort }`. */
export const parseOptions = (options: Json): FindOptions => {
  if (!isObject(options)) throw invalid(`The options of find are an object such as { limit: 10 }, not ${kindOf(options)}.`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw invalid(`There is no option ${quoted(unknown)}. There are limit, offset, order and sort.`)
  return {
    limit: wholeNumber("limit", options["limit"]),
    offset: wholeNumber("offset", options["offset"]) ?? 0,
    order: parseOrder(options["sort"] ?? null, options["order"] ?? null),
  }
}

const known = ["limit", "offset", "order", "sort"]

const wholeNumber = (name: string, value: Json | undefined): number | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(`${name} is a whole number from 0, not ${typeof value === "number" ? value : kindOf(value)}.`)
}

const parseOrder = (sort: Json, order: Json): Order => {
  const creation = order === null ? -1 : directionOf("order", order)
  const fields = (sort === null ? [] : listOf(sort)).map(([name, direction]) => ({ path: parsePath(name), direction }))
  if (fields.length > maxSortFields) throw invalid(`Results can be sorted by at most ${maxSortFields} fields.`)
  // No two documents were created at the same place in the history, so nothing behind this can matter.
  const byCreation = fields.findIndex(({ path }) => path.length === 1 && path[0] === "_createdAt")
  if (byCreation === -1) return { fields, creation }
  return { fields: fields.slice(0, byCreation), creation: fields[byCreation]!.direction }
}

type Named = readonly [name: string, direction: Direction]

const listOf = (sort: Json): ReadonlyArray<Named> => {
  if (typeof sort === "string") return [signed(sort)]
  if (Array.isArray(sort)) return (sort as ReadonlyArray<Json>).map(entryOf)
  if (isObject(sort)) return Object.entries(sort).map(([name, direction]) => [name, directionOf(name, direction)])
  throw badSort(sort)
}

const entryOf = (entry: Json): Named => {
  if (typeof entry === "string") return signed(entry)
  if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== "string") throw badSort(entry)
  return [entry[0], directionOf(entry[0], entry[1])]
}

const signed = (name: string): Named => (name.startsWith("-") ? [name.slice(1), -1] : [name, 1])

const directionOf = (name: string, value: Json): Direction => {
  if (value === 1 || value === "asc") return 1
  if (value === -1 || value === "desc") return -1
  throw invalid(`The order by ${quoted(name)} is 1 or "asc", or -1 or "desc".`)
}

const badSort = (value: Json) =>
  invalid(
    `sort is { points: -1 }, "-points" or [["points", "desc"], …], and does not take ${Array.isArray(value) ? "such a list" : kindOf(value)}.`,
  )

/** The order of results. Never 0 for two documents. */
export const comparator =
  ({ fields, creation }: Order) =>
  (a: Document, b: Document): number => {
    for (const { path, direction } of fields) {
      const comparison = compareValues(fieldOf(a, path), fieldOf(b, path))
      if (comparison !== 0) return comparison * direction
    }
    return (a.order - b.order) * creation
  }
