import type { Json, JsonObject, Path } from "../../projections/documentIndex.ts"
import { checkDepth, isObject, parsePath } from "./document.ts"
import { invalid, kindOf, quoted } from "./refusal.ts"

/** How deeply `$and`, `$or` and `$not` may stand inside each other. */
const maxQueryDepth = 10

/** How many conditions a query may have. */
const maxConditions = 100

/** How many values `$in` and `$nin` take. */
export const maxListed = 1000

export type Comparison = "$gt" | "$gte" | "$lt" | "$lte"

/** What a field's value is asked. */
export type Test =
  | { readonly op: "$eq" | "$ne" | "$contains"; readonly value: Json }
  | { readonly op: Comparison; readonly value: number | string }
  | { readonly op: "$in" | "$nin"; readonly values: ReadonlyArray<Json> }
  | { readonly op: "$exists"; readonly exists: boolean }

/** A query, checked. */
export type Condition =
  | { readonly kind: "all" | "any"; readonly of: ReadonlyArray<Condition> }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "field"; readonly path: Path; readonly test: Test }

const fieldOperators = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $contains, $exists and $not"
const topOperators = "$and, $or and $not"

/**
 * Checks a query. Fields are dot paths; several conditions must all hold. A value that is not an object of operators means
 * equality. Whatever is not understood is refused: a condition that was passed over would match too much.
 */
export const parseQuery = (query: Json): Condition => {
  checkDepth(query)
  return parser()(query, 1)
}

/** The conditions of one field, as `$pull` takes them; `undefined` if the value holds no operator. */
export const parseTests = (name: string, value: Json): Condition | undefined =>
  isOperators(name, value) ? parser()({ [name]: value }, 1) : undefined

const parser = () => {
  let conditions = 0

  const query = (value: Json, depth: number): Condition => {
    if (!isObject(value)) throw invalid(`A query is an object such as { name: "Ann" }, not ${kindOf(value)}.`)
    if (depth > maxQueryDepth) throw invalid(`$and, $or and $not may be nested at most ${maxQueryDepth} deep.`)
    return all(
      Object.entries(value).map(([name, operand]) => (name.startsWith("$") ? combined(name, operand, depth) : field(name, operand, depth))),
    )
  }

  const combined = (operator: string, operand: Json, depth: number): Condition => {
    if (operator === "$not") return { kind: "not", of: query(operand, depth + 1) }
    if (operator !== "$and" && operator !== "$or") throw unknown(operator, "in the place of a field", topOperators)
    if (!Array.isArray(operand) || operand.length === 0) {
      throw invalid(`${operator} takes a list of one or more queries, not ${Array.isArray(operand) ? "an empty list" : kindOf(operand)}.`)
    }
    const of = operand.map((item) => query(item, depth + 1))
    return operator === "$and" ? all(of) : { kind: "any", of }
  }

  const field = (name: string, operand: Json, depth: number): Condition => {
    const path = parsePath(name)
    if (!isOperators(name, operand)) return count({ kind: "field", path, test: { op: "$eq", value: operand } })
    return all(
      Object.entries(operand).map(([operator, value]) => {
        if (operator !== "$not") return count({ kind: "field", path, test: parseTest(name, operator, value) })
        if (depth >= maxQueryDepth) throw invalid(`$and, $or and $not may be nested at most ${maxQueryDepth} deep.`)
        if (!isOperators(name, value)) throw invalid(`$not of ${quoted(name)} takes operators such as { $gt: 5 }, not ${kindOf(value)}.`)
        return { kind: "not", of: field(name, value, depth + 1) }
      }),
    )
  }

  const count = (condition: Condition): Condition => {
    if (++conditions > maxConditions) throw invalid(`A query may have at most ${maxConditions} conditions.`)
    return condition
  }

  return query
}

const all = (of: ReadonlyArray<Condition>): Condition => (of.length === 1 ? of[0]! : { kind: "all", of })

/** Whether it is an object of operators; one that mixes operators and fields is refused. */
const isOperators = (field: string, value: Json): value is JsonObject => {
  if (!isObject(value)) return false
  const names = Object.keys(value)
  const operators = names.filter((name) => name.startsWith("$"))
  if (operators.length === 0) return false
  if (operators.length === names.length) return true
  throw invalid(`The condition on ${quoted(field)} mixes operators and fields. To compare with an object as it is, use { $eq: … }.`)
}

const parseTest = (field: string, op: string, value: Json): Test => {
  const wrong = (takes: string) => invalid(`${op} of ${quoted(field)} takes ${takes}, not ${kindOf(value)}.`)
  switch (op) {
    case "$eq":
    case "$ne":
    case "$contains":
      return { op, value }
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      if (typeof value !== "number" && typeof value !== "string") throw wrong("a number or a string")
      return { op, value }
    case "$in":
    case "$nin":
      if (!Array.isArray(value)) throw wrong("a list of values")
      if (value.length > maxListed) throw invalid(`${op} of ${quoted(field)} takes at most ${maxListed} values.`)
      return { op, values: value }
    case "$exists":
      if (typeof value !== "boolean") throw wrong("true or false")
      return { op, exists: value }
    default:
      throw unknown(op, `on ${quoted(field)}`, fieldOperators)
  }
}

const unknown = (operator: string, where: string, known: string) =>
  invalid(
    `There is no operator ${quoted(operator)} ${where}. There are ${known}.${operator === "$regex" ? " Patterns are not searched for: compare in your own code." : ""}`,
  )
