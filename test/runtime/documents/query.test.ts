import { describe, expect, it } from "vitest"
import type { Json, JsonObject } from "../../../src/projections/documentIndex.ts"
import { conditionOf } from "../../../src/runtime/documents/collection.ts"
import { matcher } from "../../../src/runtime/documents/matcher.ts"

const matches = (data: Json, query: Json): boolean =>
  matcher(conditionOf(query))({ id: "the-id", data: data as JsonObject, createdAt: 100, updatedAt: 200, order: 1 })

/** JSON as it comes in: an object literal could not have `__proto__` for a field. */
const json = (text: string): Json => JSON.parse(text)

describe("a query", () => {
  const cases: ReadonlyArray<readonly [what: string, data: Json, query: Json, expected: boolean]> = [
    ["that is empty matches all", { a: 1 }, {}, true],
    ["compares a field", { a: 1 }, { a: 1 }, true],
    ["compares a field with another value", { a: 1 }, { a: 2 }, false],
    ["needs all of its fields", { a: 1, b: 2 }, { a: 1, b: 3 }, false],
    ["holds numbers and strings apart", { a: 1 }, { a: "1" }, false],
    ["holds true and 1 apart", { a: true }, { a: 1 }, false],
    ["holds 0 and false apart", { a: 0 }, { a: false }, false],
    ["finds true", { a: true }, { a: true }, true],
    ["finds null", { a: null }, { a: null }, true],
    ["does not take a missing field for null", {}, { a: null }, false],
    ["takes 0 and -0 for the same", { a: 0 }, { a: -0 }, true],
    ["compares objects, in any order of fields", { a: { x: 1, y: [2] } }, { a: { y: [2], x: 1 } }, true],
    ["compares objects as a whole", { a: { x: 1, y: 2 } }, { a: { x: 1 } }, false],
    ["tells an empty object from a list", { a: [] }, { a: {} }, false],
    ["compares lists in order", { a: [1, 2] }, { a: [2, 1] }, false],
    ["does not look into lists by itself", { a: [1, 2] }, { a: 1 }, false],
    ["follows dots", { a: { b: { c: 1 } } }, { "a.b.c": 1 }, true],
    ["follows dots into lists", { a: [{ b: 5 }] }, { "a.0.b": 5 }, true],
    ["knows no length of lists", { a: [1] }, { "a.length": 1 }, false],
    ["knows no length of strings", { a: "x" }, { "a.length": 1 }, false],
    ["takes only plain numbers for places", { a: [1] }, { "a.00": 1 }, false],
    ["finds numbers that are names", { a: { "0": 1 } }, { "a.0": 1 }, true],
    ["asks for the id", {}, { id: "the-id" }, true],
    ["asks for the id, not for a field of that name", { id: "other" }, { id: "other" }, false],
    ["asks for the time of creation", {}, { _createdAt: { $gte: 100 } }, true],
    ["asks for the time of the last change", {}, { _updatedAt: 200 }, true],
    ["may be an id", {}, "the-id", true],
    ["may be another id", {}, "another", false],
    ["may be what no id can be", {}, "", false],
    ["inherits nothing", {}, { constructor: { $exists: true } }, false],
    ["inherits nothing by __proto__", {}, json('{"__proto__":{"$exists":true}}'), false],
    ["inherits nothing along a path", { a: {} }, { "a.__proto__.toString": { $exists: true } }, false],
    ["finds a field called __proto__", json('{"__proto__":{"x":1}}'), json('{"__proto__.x":1}'), true],
    ["$eq", { a: 1 }, { a: { $eq: 1 } }, true],
    ["$eq takes operators for data", { a: { $gt: 1 } }, { a: { $eq: { $gt: 1 } } }, true],
    ["$ne", { a: 1 }, { a: { $ne: 1 } }, false],
    ["$ne another", { a: 2 }, { a: { $ne: 1 } }, true],
    ["$ne matches what is missing", {}, { a: { $ne: 1 } }, true],
    ["$ne null matches what is missing", {}, { a: { $ne: null } }, true],
    ["$gt", { a: 2 }, { a: { $gt: 1 } }, true],
    ["$gt of the same", { a: 1 }, { a: { $gt: 1 } }, false],
    ["$gte of the same", { a: 1 }, { a: { $gte: 1 } }, true],
    ["$lt", { a: 0.5 }, { a: { $lt: 1 } }, true],
    ["$lte of the same", { a: "x" }, { a: { $lte: "x" } }, true],
    ["two comparisons", { a: 5 }, { a: { $gt: 1, $lt: 5 } }, false],
    ["strings by code unit: capitals first", { a: "Z" }, { a: { $lt: "a" } }, true],
    ["strings by code unit: beyond U+FFFF before U+FFFD", { a: "😀" }, { a: { $lt: "\ufffd" } }, true],
    ["numbers are not compared with strings", { a: 5 }, { a: { $gt: "1" } }, false],
    ["null is not compared", { a: null }, { a: { $gte: 0 } }, false],
    ["true is not compared", { a: true }, { a: { $gte: 0 } }, false],
    ["what is missing is not compared", {}, { a: { $lt: 5 } }, false],
    ["$in", { a: "y" }, { a: { $in: ["x", "y"] } }, true],
    ["$in of objects", { a: { b: 1 } }, { a: { $in: [{ b: 1 }] } }, true],
    ["$in of nothing", { a: 1 }, { a: { $in: [] } }, false],
    ["$in with null does not match what is missing", {}, { a: { $in: [null] } }, false],
    ["$nin", { a: 1 }, { a: { $nin: [1, 2] } }, false],
    ["$nin matches what is missing", {}, { a: { $nin: [1] } }, true],
    ["$nin of nothing", { a: 1 }, { a: { $nin: [] } }, true],
    ["$contains", { a: ["x", "y"] }, { a: { $contains: "y" } }, true],
    ["$contains of objects", { a: [{ b: 1 }] }, { a: { $contains: { b: 1 } } }, true],
    ["$contains does not look into strings", { a: "xyz" }, { a: { $contains: "y" } }, false],
    ["$exists", { a: null }, { a: { $exists: true } }, true],
    ["$exists false", {}, { a: { $exists: false } }, true],
    ["$exists false of what is there", { a: 0 }, { a: { $exists: false } }, false],
    ["$or", { a: 2 }, { $or: [{ a: 1 }, { a: 2 }] }, true],
    ["$or of none", { a: 3 }, { $or: [{ a: 1 }, { a: 2 }] }, false],
    ["$or beside a field", { a: 2, b: 1 }, { b: 2, $or: [{ a: 1 }, { a: 2 }] }, false],
    ["$and", { a: 2 }, { $and: [{ a: { $gt: 1 } }, { a: { $lt: 3 } }] }, true],
    ["$not", { a: 2 }, { $not: { a: 2 } }, false],
    ["$not of a comparison matches what is missing", {}, { $not: { a: { $gt: 1 } } }, true],
    ["$not of a field", { a: 2 }, { a: { $not: { $gt: 1 } } }, false],
    ["$not of a field beside another operator", { a: 2 }, { a: { $gt: 1, $not: { $in: [3] } } }, true],
    ["a field whose name has quotes", { "a'\"": 1 }, { "a'\"": 1 }, true],
    ["a field whose name has brackets", { "a[0]": 1 }, { "a[0]": 1 }, true],
    ["a field whose name has U+0000", { "a\0b": 1 }, { "a\0b": 1 }, true],
    ["a field whose name is SQL", { a: 1 }, { "a') OR 1=1 --": 1 }, false],
    ["a field whose name is a JSON path", { a: 1 }, { a$: 1 }, false],
  ]

  it.each(cases)("%s", (_, data, query, expected) => {
    expect(matches(data, query)).toBe(expected)
  })

  const nested = (depth: number): Json => (depth === 0 ? { a: 1 } : { $not: nested(depth - 1) })
  const refused: ReadonlyArray<readonly [what: string, query: Json, message: RegExp]> = [
    ["an unknown operator", { a: { $size: 1 } }, /^There is no operator "\$size" on "a"\. There are \$eq, .*\$exists and \$not\.$/],
    ["$regex", { a: { $regex: "x" } }, /\$regex.*Patterns are not searched for/],
    ["an operator in the place of a field", { $nor: [] }, /"\$nor" in the place of a field\. There are \$and, \$or and \$not\./],
    ["a JSON path", { "$.x": 1 }, /no operator "\$\.x" in the place of a field/],
    ["an operator that every object has", { a: json('{"$constructor":1}') }, /\$constructor/],
    ["operators beside fields", { a: { $gt: 1, b: 2 } }, /mixes operators and fields/],
    ["a comparison with null", { a: { $gt: null } }, /\$gt of "a" takes a number or a string, not null/],
    ["a comparison with an object", { a: { $lt: {} } }, /not an object/],
    ["$in of no list", { a: { $in: 1 } }, /\$in of "a" takes a list of values, not a number/],
    ["$in of too long a list", { a: { $in: Array(1001).fill(1) } }, /at most 1000 values/],
    ["$exists of a number", { a: { $exists: 1 } }, /takes true or false/],
    ["$or of an object", { $or: { a: 1 } }, /takes a list of one or more queries, not an object/],
    ["$or of nothing", { $or: [] }, /not an empty list/],
    ["$and of values", { $and: [1] }, /A query is an object .* not a number/],
    ["$not of a value", { a: { $not: 5 } }, /takes operators/],
    ["a query that is a list", [], /not a list/],
    ["a query that is null", null, /not null/],
    ["an empty name", { "": 1 }, /not the name of a field/],
    ["a name of dots", { "a..b": 1 }, /not the name of a field/],
    ["a very long name", { ["x".repeat(257)]: 1 }, /not the name of a field/],
    ["too many names", { [`${"a.".repeat(32)}a`]: 1 }, /not the name of a field/],
    ["too many conditions", { $or: Array.from({ length: 101 }, (_, i) => ({ a: i })) }, /at most 100 conditions/],
    ["too many conditions on one field", { a: { $not: { $in: [] }, $ne: 1 }, $and: Array(99).fill({ b: 1 }) }, /at most 100 conditions/],
    ["too deep a query", nested(10), /nested at most 10 deep/],
    ["too deep a value", { a: { $eq: JSON.parse("[".repeat(200) + "]".repeat(200)) } }, /nested at most 100 deep/],
  ]

  it.each(refused)("is refused if it has %s", (_, query, message) => {
    expect(() => conditionOf(query)).toThrow(message)
  })

  it("may be as deep and as large as the limits say", () => {
    expect(() => conditionOf(nested(9))).not.toThrow()
    expect(() => conditionOf({ $or: Array.from({ length: 100 }, (_, i) => ({ a: i })) })).not.toThrow()
  })
})
