import { compareValues, type Json, type JsonObject, type Path, valueAt } from "../../projections/documentIndex.ts"
import { isEqual } from "./document.ts"
import type { Comparison, Condition, Test } from "./query.ts"

/** A document as queries see it. `order`: greater means created later. */
export interface Document {
  readonly id: string
  readonly data: JsonObject
  readonly createdAt: number
  readonly updatedAt: number
  readonly order: number
}

/** What a path leads to: what every document has stands over fields of the same name. */
export const fieldOf = (document: Document, path: Path): Json | undefined => {
  switch (path[0]) {
    case "id":
      return path.length === 1 ? document.id : undefined
    case "_createdAt":
      return path.length === 1 ? document.createdAt : undefined
    case "_updatedAt":
      return path.length === 1 ? document.updatedAt : undefined
    default:
      return valueAt(document.data, path)
  }
}

export type Matcher = (document: Document) => boolean

/** What a query means. Indexes only choose which documents it is asked about. */
export const matcher = (condition: Condition): Matcher => {
  switch (condition.kind) {
    case "all": {
      const matchers = condition.of.map(matcher)
      return (document) => matchers.every((matches) => matches(document))
    }
    case "any": {
      const matchers = condition.of.map(matcher)
      return (document) => matchers.some((matches) => matches(document))
    }
    case "not": {
      const matches = matcher(condition.of)
      return (document) => !matches(document)
    }
    case "field": {
      const { path } = condition
      const passes = passing(condition.test)
      return (document) => passes(fieldOf(document, path))
    }
  }
}

/** Whether a value, or the lack of one, passes the test. */
export const passing = (test: Test): ((value: Json | undefined) => boolean) => {
  switch (test.op) {
    case "$eq":
      return (value) => isEqual(value, test.value)
    case "$ne":
      return (value) => !isEqual(value, test.value)
    case "$contains":
      return (value) => Array.isArray(value) && value.some((item) => isEqual(item, test.value))
    case "$in":
      return (value) => test.values.some((one) => isEqual(value, one))
    case "$nin":
      return (value) => !test.values.some((one) => isEqual(value, one))
    case "$exists":
      return (value) => (value !== undefined) === test.exists
    default: {
      const isInOrder = inOrder[test.op]
      return (value) => typeof value === typeof test.value && isInOrder(compareValues(value, test.value))
    }
  }
}

const inOrder: Readonly<Record<Comparison, (comparison: number) => boolean>> = {
  $gt: (comparison) => comparison > 0,
  $gte: (comparison) => comparison >= 0,
  $lt: (comparison) => comparison < 0,
  $lte: (comparison) => comparison <= 0,
}
