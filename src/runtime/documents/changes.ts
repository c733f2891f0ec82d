import { isPlace, type Json, type JsonObject, type Path, valueAt } from "../../projections/documentIndex.ts"
import { checkDepth, checkId, isEqual, isObject, isOwnField, parsePath, setOwn } from "./document.ts"
import { passing } from "./matcher.ts"
import { type Condition, parseTests } from "./query.ts"
import { invalid, kindOf, quoted } from "./refusal.ts"

/** How many fields one update may change. */
const maxChanges = 200

/** Changes a document's data, in place. */
export type DataChange = (data: JsonObject, id: string) => void

/**
 * Checks what an update does. Bare fields are set, like those in `$set`. Whatever its order, fields are set first, then `$unset`,
 * `$inc`, `$push` and `$pull`.
 */
export const parseChanges = (changes: Json): DataChange => {
  checkDepth(changes)
  if (!isObject(changes)) throw invalid(`The changes of an update are an object such as { name: "Ann" }, not ${kindOf(changes)}.`)
  const entries = Object.entries(changes)
  const unknown = entries.find(([name]) => name.startsWith("$") && !operators.includes(name))
  if (unknown !== undefined) throw invalid(`There is no operator ${quoted(unknown[0])} for updates. There are ${operators.join(", ")}.`)
  const given = (operator: string): Json => (Object.hasOwn(changes, operator) ? changes[operator]! : {})
  const steps = [
    ...entries.filter(([name]) => !name.startsWith("$")).map(([name, value]) => bare(name, value)),
    ...fieldsOf("$set", given("$set"), (path, value) => (data) => put(data, path, value)),
    ...fieldsOf("$unset", unsetFields(given("$unset")), (path) => (data) => unset(data, path)),
    ...fieldsOf("$inc", given("$inc"), increment),
    ...fieldsOf("$push", given("$push"), push),
    ...fieldsOf("$pull", given("$pull"), pull),
  ]
  if (steps.length > maxChanges) throw invalid(`One update may change at most ${maxChanges} fields.`)
  return (data, id) => {
    for (const step of steps) step(data, id)
  }
}

const operators = ["$set", "$unset", "$inc", "$push", "$pull"]

/** A document that was read may be written back whole: the times are the store's, and the id has to be its own. */
const bare = (name: string, value: Json): DataChange => {
  if (name === "_createdAt" || name === "_updatedAt") return () => {}
  if (name !== "id") return setter("a field", name, value)
  checkId(value)
  return (_, id) => {
    if (value !== id) throw invalid(`The id of a document cannot be changed (from ${quoted(id)} to ${quoted(String(value))}).`)
  }
}

const setter = (operator: string, name: string, value: Json): DataChange => {
  const path = changeable(operator, name)
  return (data) => put(data, path, value)
}

const fieldsOf = (
  operator: string,
  fields: Json,
  change: (path: Path, value: Json, name: string) => DataChange,
): ReadonlyArray<DataChange> => {
  if (!isObject(fields)) throw invalid(`${operator} takes an object of fields, not ${kindOf(fields)}.`)
  return Object.entries(fields).map(([name, value]) => change(changeable(operator, name), value, name))
}

const changeable = (operator: string, name: string): Path => {
  const path = parsePath(name)
  if (isOwnField(path[0])) throw invalid(`${operator} cannot change ${path[0]}: a document's id and times are the store's.`)
  return path
}

const unsetFields = (fields: Json): Json => {
  if (!Array.isArray(fields)) return fields
  const names = {}
  for (const name of fields as ReadonlyArray<Json>) {
    if (typeof name !== "string") throw invalid(`$unset takes names of fields, not ${kindOf(name)}.`)
    setOwn(names, name, true)
  }
  return names
}

/** Sets what a path leads to, and makes the objects on the way that are not there. */
const put = (data: JsonObject, path: Path, given: Json): void => {
  const value = typeof given === "object" ? structuredClone(given) : given
  let at: Json = data
  path.forEach((name, i) => {
    const isLast = i === path.length - 1
    if (Array.isArray(at)) {
      const items: Array<Json> = at
      if (!isPlace(name)) throw invalid(`${shown(path, i)} is a list, and ${quoted(name)} is not the place of an element.`)
      if (Number(name) > items.length) throw invalid(`${shown(path, i)} has ${items.length} elements: setting ${name} would leave a gap.`)
      if (isLast) items[Number(name)] = value
      else {
        if (Number(name) === items.length) items.push({})
        at = items[Number(name)]!
      }
    } else if (isObject(at)) {
      if (isLast) setOwn(at, name, value)
      else {
        if (!Object.hasOwn(at, name)) setOwn(at, name, {})
        at = at[name]!
      }
    } else throw invalid(`${quoted(path.join("."))} cannot be set: ${shown(path, i)} is ${kindOf(at)}.`)
  })
}

const shown = (path: Path, length: number): string => quoted(path.slice(0, length).join("."))

const unset = (data: JsonObject, path: Path): void => {
  const parent = valueAt(data, path.slice(0, -1))
  const name = path.at(-1)!
  if (Array.isArray(parent)) throw invalid(`$unset cannot take an element out of a list (${quoted(path.join("."))}). Use $pull.`)
  if (isObject(parent) && Object.hasOwn(parent, name)) delete (parent as Record<string, Json>)[name]
}

const increment = (path: Path, by: Json, name: string): DataChange => {
  if (typeof by !== "number") throw invalid(`$inc of ${quoted(name)} takes a number, not ${kindOf(by)}.`)
  return (data) => {
    const value = valueAt(data, path) ?? 0
    if (typeof value !== "number") throw invalid(`$inc cannot add to ${quoted(name)}: it is ${kindOf(value)}.`)
    if (!Number.isFinite(value + by)) throw invalid(`$inc makes ${quoted(name)} too large.`)
    put(data, path, value + by)
  }
}

/** The list that a path leads to; `undefined` if it leads nowhere. */
const listAt = (operator: string, data: JsonObject, path: Path): ReadonlyArray<Json> | undefined => {
  const value = valueAt(data, path)
  if (value === undefined || Array.isArray(value)) return value
  throw invalid(`${operator} needs a list, and ${quoted(path.join("."))} is ${kindOf(value)}.`)
}

const push = (path: Path, value: Json): DataChange => {
  const added = pushed(value)
  return (data) => put(data, path, [...(listAt("$push", data, path) ?? []), ...added])
}

/** One value, or those of `{ $each: [...] }`. */
const pushed = (value: Json): ReadonlyArray<Json> => {
  if (!isObject(value) || !Object.keys(value).some((name) => name.startsWith("$"))) return [value]
  const each = value["$each"]
  if (Object.keys(value).length === 1 && Array.isArray(each)) return each
  throw invalid("$push takes a value, or { $each: [values] }.")
}

/** Takes out the elements that are equal to the value, or that pass the operators. */
const pull = (path: Path, value: Json, name: string): DataChange => {
  const isPulled = pulled(parseTests(name, value), value)
  return (data) => {
    const list = listAt("$pull", data, path)
    if (list?.some(isPulled))
      put(
        data,
        path,
        list.filter((item) => !isPulled(item)),
      )
  }
}

const pulled = (tests: Condition | undefined, value: Json): ((item: Json) => boolean) => {
  if (tests === undefined) return (item) => isEqual(item, value)
  switch (tests.kind) {
    case "field":
      return passing(tests.test)
    case "not": {
      const passes = pulled(tests.of, value)
      return (item) => !passes(item)
    }
    default: {
      const all = tests.of.map((test) => pulled(test, value))
      return (item) => all.every((passes) => passes(item))
    }
  }
}
