import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { exactly, Flag, Limit } from "../../src/http/api/contract/common.ts"
import { tellIssues } from "../../src/http/api/issues.ts"

const told = <A, I>(schema: Schema.Schema<A, I>, value: unknown) => {
  const error = Either.getOrThrow(Either.flip(Schema.decodeUnknownEither(schema, { errors: "all" })(value)))
  return tellIssues(ParseResult.ArrayFormatter.formatErrorSync(error))
}

const Word = Schema.Literal("read", "deploy", "kv")
const Short = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64))
const Params = exactly(Schema.Struct({ deleted: Flag, limit: Limit(1000, 100) }))
const Secret = Schema.String.annotations({ message: () => "it is no text" })

// Lists and objects are not quoted: anything may be in them.
describe("what does not fit a schema is told as", () => {
  // biome-ignore format: a table.
  it.each<[what: string, Schema.Schema.AnyNoContext, value: unknown, field: string, constraint: string, message: string]>([
    ["a missing field", Schema.Struct({ a: Word }), {}, "a", "is missing", "a: is missing"],
    ["one of many words", Schema.Struct({ a: Schema.Array(Word) }), { a: ["read", "bogus"] },
      "a.1", "one of read, deploy, kv", 'a.1: Expected one of read, deploy, kv, actual "bogus"'],
    ["one of two words", Schema.Struct({ a: Schema.Literal("x", "y") }), { a: 5 }, "a", "x or y", "a: Expected x or y, actual 5"],
    ["one word", Schema.Struct({ a: Schema.Literal("x") }), { a: "y" }, "a", "x", 'a: Expected x, actual "y"'],
    ["one of many words that may be left out", Schema.Struct({ a: Schema.optional(Word) }), { a: 1 },
      "a", "one of read, deploy, kv", "a: Expected one of read, deploy, kv, actual 1"],
    ["a flag of an address", Params, { deleted: "1" }, "deleted", "true or false", 'deleted: Expected true or false, actual "1"'],
    ["a flag that is given twice", Params, { deleted: ["true", "true"] },
      "deleted", "true or false", 'deleted: Expected true or false, actual ["true","true"]'],
    ["a number of an address", Params, { limit: "abc" }, "limit", "a number", 'limit: Expected a number, actual "abc"'],
    ["a number that is given twice", Params, { limit: ["1", "2"] }, "limit", "a string", 'limit: Expected a string, actual ["1","2"]'],
    ["a number out of bounds", Params, { limit: "0" },
      "limit", "a number between 1 and 1000", "limit: Expected a number between 1 and 1000, actual 0"],
    ["a number that is not whole", Params, { limit: "1.5" }, "limit", "a whole number", "limit: Expected a whole number, actual 1.5"],
    ["a string", Schema.Struct({ a: Short }), { a: true }, "a", "a string", "a: Expected a string, actual true"],
    ["a string that is too short", Schema.Struct({ a: Short }), { a: "" },
      "a", "a string of at least 1 character", 'a: Expected a string of at least 1 character, actual ""'],
    ["a boolean", Schema.Struct({ a: Schema.optional(Schema.Boolean) }), { a: "x" }, "a", "true or false", 'a: Expected true or false, actual "x"'],
    ["a list", Schema.Struct({ a: Schema.Array(Word) }), { a: "read" }, "a", "a list", "a: Expected a list"],
    ["a list that is too long", Schema.Struct({ a: Schema.Array(Word).pipe(Schema.maxItems(1)) }), { a: ["read", "kv"] },
      "a", "a list of at most 1 item", "a: Expected a list of at most 1 item"],
    ["a list or null", Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.Array(Word))) }), { a: 1 },
      "a", "a list or null", "a: Expected a list or null"],
    ["an element of a list that may be null", Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))) }), { a: [1] },
      "a.0", "a string", "a.0: Expected a string, actual 1"],
    ["an object", Schema.Struct({ site: Schema.String }), 5, "", "an object with site", "Expected an object with site"],
    ["an object of which something may be left out",
      Schema.Struct({ a: Schema.Struct({ b: Schema.Struct({ c: Word }), d: Schema.optional(Word), e: Schema.String }) }), { a: 5 },
      "a", "an object with b, e, perhaps d", "a: Expected an object with b, e, perhaps d"],
    ["an object of which everything may be left out", Schema.Struct({ to: Schema.optional(Schema.String) }), [],
      "", "an object, perhaps with to", "Expected an object, perhaps with to"],
    ["an object with any names", Schema.Struct({ a: Schema.Record({ key: Schema.String, value: Word }) }), { a: 5 },
      "a", "an object", "a: Expected an object"],
    ["an object with a name of its own", Schema.Struct({ a: Word }).annotations({ identifier: "Login" }), 5,
      "", "an object", "Expected an object"],
    ["something within what may be left out", Schema.Struct({ a: Schema.optional(Schema.Struct({ b: Word })) }), { a: {} },
      "a.b", "is missing", "a.b: is missing"],
    ["an unknown field", exactly(Schema.Struct({ a: Word, b: Word })), { a: "kv", b: "kv", bb: 1 },
      "bb", "not known here; known are: a, b", "bb: not known here; known are: a, b"],
    ["an unknown field beside the only one", exactly(Schema.Struct({ in: exactly(Schema.Struct({ a: Word })) })), { in: { a: "kv", "b.c": 1 } },
      "in.b.c", "not known here; known is: a", "in.b.c: not known here; known is: a"],
    ["an unknown parameter", Params, { limti: "5" },
      "limti", "not known here; known are: deleted, limit", "limti: not known here; known are: deleted, limit"],
    ["what the schema says by itself", Schema.Struct({ a: Schema.optional(Secret) }), { a: 12345 }, "a", "it is no text", "a: it is no text"],
  ])("%s", (_what, schema, value, field, constraint, message) => {
    expect(told(schema, value)).toEqual({ message, issues: [{ field, constraint }] })
  })

  it("one issue for each field, and words for the first", () => {
    expect(told(Schema.Struct({ a: Word, b: Schema.Number, c: Word }), { a: "x", b: "y" })).toEqual({
      message: 'a: Expected one of read, deploy, kv, actual "x"',
      issues: [
        { field: "a", constraint: "one of read, deploy, kv" },
        { field: "b", constraint: "a number" },
        { field: "c", constraint: "is missing" },
      ],
    })
  })

  it("twenty issues at most, and no more of a value than shows what it is", () => {
    expect(
      told(
        Schema.Array(Schema.Number),
        Array.from({ length: 50 }, () => "x"),
      ).issues,
    ).toHaveLength(20)
    expect(told(Schema.Struct({ a: Schema.Number }), { a: "x".repeat(5000) }).message).toMatch(/^a: Expected a number, actual "x{199}…$/)
  })
})
