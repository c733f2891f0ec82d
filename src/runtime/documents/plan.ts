import { indexKey, type Json, keyBounds, type Path } from "../../projections/documentIndex.ts"
import type { IndexRange } from "../../projections/documents.ts"
import { isId } from "./document.ts"
import type { Direction, Order } from "./options.ts"
import type { Condition, Test } from "./query.ts"

/**
 * How the documents that a query may match are found, all of them and perhaps others: the matcher decides about each.
 * `sorted` says what the rows' order is worth:
 * `fully`: it is the order of the results; `byFirst`: it is the order of the first sort field; `no`: they have to be sorted.
 */
export type Plan =
  | { readonly by: "ids"; readonly ids: ReadonlyArray<string> }
  | { readonly by: "creation"; readonly direction: Direction; readonly from: number; readonly to: number; readonly sorted: "fully" | "no" }
  | {
      readonly by: "index"
      readonly ranges: ReadonlyArray<IndexRange>
      readonly direction: Direction
      readonly creation: Direction
      readonly sorted: "fully" | "byFirst" | "no"
    }

export interface PlanOptions {
  readonly order: Order
  /** How many results are wanted at most, `undefined` for all. */
  readonly window: number | undefined
  /** The fields that are indexed. */
  readonly indexes: ReadonlyArray<string>
  readonly documents: () => number
  /** How many entries an index has in a range. */
  readonly entries: (range: IndexRange) => number
}

/** The documents that a query names by their ids; `undefined` if it does not. */
export const pinnedIds = (condition: Condition): ReadonlyArray<string> | undefined => {
  for (const { path, test } of required(condition)) {
    if (path.length > 1 || path[0] !== "id") continue
    if (test.op === "$eq") return idsAmong([test.value])
    if (test.op === "$in") return idsAmong(test.values)
  }
  return undefined
}

/** Those that documents can have. */
const idsAmong = (values: ReadonlyArray<Json>): ReadonlyArray<string> => [
  ...new Set(values.filter((value) => typeof value === "string" && isId(value)) as ReadonlyArray<string>),
]

export const planOf = (condition: Condition, options: PlanOptions): Plan => {
  const ids = pinnedIds(condition)
  if (ids !== undefined) return { by: "ids", ids }
  const tests = required(condition)
  const { order, window, indexes } = options
  const [first] = order.fields
  const indexed = tests.filter(({ path }) => indexes.includes(path.join(".")))
  const creation = { direction: order.creation, creation: order.creation }

  for (const { path, test } of indexed) {
    const keys = equalTo(test)
    if (keys === undefined) continue
    const ranges = keys.map((key) => ({ field: path.join("."), from: key, to: key }))
    return { by: "index", ranges, ...creation, sorted: ranges.length <= 1 && first === undefined ? "fully" : "no" }
  }

  const ranged = indexed.find(({ test }) => isComparison(test))
  if (ranged !== undefined) {
    const range = rangeOf(ranged.path, indexed)
    if (first !== undefined && first.path.join(".") === range.field) return walk(range, order)
    if (window === undefined || first !== undefined || isWorthwhile(range, window, options)) {
      return { by: "index", ranges: [range], ...creation, sorted: "no" }
    }
  }

  if (first !== undefined && window !== undefined && indexes.includes(first.path.join("."))) {
    return walk({ field: first.path.join("."), from: Buffer.of(0), to: Buffer.of(255) }, order)
  }
  return { by: "creation", direction: order.creation, ...createdBetween(tests), sorted: first === undefined ? "fully" : "no" }
}

const walk = (range: IndexRange, { fields, creation }: Order): Plan => ({
  by: "index",
  ranges: [range],
  direction: fields[0]!.direction,
  creation,
  sorted: "byFirst",
})

interface Required {
  readonly path: Path
  readonly test: Test
}

/** The conditions on fields that hold for whatever the query matches. */
const required = (condition: Condition): ReadonlyArray<Required> => {
  if (condition.kind === "field") return [condition]
  return condition.kind === "all" ? condition.of.flatMap(required) : []
}

/** The keys of the values that pass, if these are few. */
const equalTo = (test: Test): ReadonlyArray<Buffer> | undefined => {
  if (test.op === "$eq") return [indexKey(test.value)]
  if (test.op === "$exists" && !test.exists) return [indexKey(undefined)]
  if (test.op !== "$in") return undefined
  const keys = new Map(test.values.map(indexKey).map((key) => [key.toString("latin1"), key]))
  return [...keys.values()]
}

type ComparisonTest = Extract<Test, { readonly value: number | string }> & { readonly op: "$gt" | "$gte" | "$lt" | "$lte" }

const isComparison = (test: Test): test is ComparisonTest =>
  test.op === "$gt" || test.op === "$gte" || test.op === "$lt" || test.op === "$lte"

/** What the comparisons of one field leave, with both ends, since the matcher looks again. */
const rangeOf = (path: Path, tests: ReadonlyArray<Required>): IndexRange => {
  const field = path.join(".")
  const comparisons = tests.filter((one) => one.path.join(".") === field).map(({ test }) => test)
  const values = comparisons.filter(isComparison)
  const type = typeof values[0]!.value as "number" | "string"
  let [from, to]: ReadonlyArray<Buffer> & readonly [Buffer, Buffer] = keyBounds(type)
  for (const { op, value } of values) {
    if (typeof value !== type) continue
    const key = indexKey(value)
    if (op === "$gt" || op === "$gte") from = key.compare(from) > 0 ? key : from
    else to = key.compare(to) < 0 ? key : to
  }
  return { field, from, to }
}

/** Whether reading all of a range costs less than going back in time until enough has been found. */
const isWorthwhile = (range: IndexRange, window: number, { documents, entries }: PlanOptions): boolean => {
  const found = entries(range)
  return found * found <= window * documents()
}

const createdBetween = (tests: ReadonlyArray<Required>): { readonly from: number; readonly to: number } => {
  let from = 0
  let to = Number.MAX_SAFE_INTEGER
  for (const { path, test } of tests) {
    if (path.length > 1 || path[0] !== "_createdAt" || !("value" in test) || typeof test.value !== "number") continue
    if (test.op === "$eq" || test.op === "$gt" || test.op === "$gte") from = Math.max(from, test.value)
    if (test.op === "$eq" || test.op === "$lt" || test.op === "$lte") to = Math.min(to, test.value)
  }
  return { from, to }
}
