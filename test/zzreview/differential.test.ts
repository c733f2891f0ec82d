import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Json, JsonObject } from "../../src/projections/documentIndex.ts"
import { parseChanges } from "../../src/runtime/documents/changes.ts"
import { conditionOf } from "../../src/runtime/documents/collection.ts"
import { type Document, matcher } from "../../src/runtime/documents/matcher.ts"
import { comparator, parseOptions } from "../../src/runtime/documents/options.ts"
import type { Ds } from "../../src/runtime/prelude/ds.ts"
import { withStore } from "../runtime/documents/store.ts"

const long = "x".repeat(127)
const scalar = fc.constantFrom<Json>(
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  1e300,
  -1e-300,
  2 ** 53,
  "",
  "0",
  "a",
  "b",
  "B",
  "é",
  "😀",
  "\ufffd",
  "\ud800",
  "a\0",
  "\0",
  `${long}a`,
  `${long}aa`,
  `${long}ab`,
  `${long}b`,
  "a') OR 1=1 --",
  '"',
)
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("b", "0"), scalar),
)
const name = fc.constantFrom("a", "b", "__proto__", "x'y")
const path = fc.constantFrom(
  "a",
  "b",
  "a.b",
  "a.0",
  "a.b.0",
  "b.0",
  "__proto__",
  "__proto__.b",
  "x'y",
  "constructor",
  "id",
  "_createdAt",
  "_updatedAt",
)
const ids = ["d0", "d1", "d2", "d3", "d4", "d5"]
const id = fc.constantFrom(...ids)

/** An object that owns each name, `__proto__` too. */
const owning = (entries: ReadonlyArray<readonly [string, Json]>): JsonObject =>
  JSON.parse(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`)

const data = fc.array(fc.tuple(name, value), { maxLength: 4 }).map(owning)

const test = fc.oneof(
  value,
  fc
    .oneof(
      fc.tuple(fc.constantFrom("$eq", "$ne", "$contains"), value),
      fc.tuple(
        fc.constantFrom("$gt", "$gte", "$lt", "$lte"),
        scalar.filter((one) => typeof one === "number" || typeof one === "string"),
      ),
      fc.tuple(fc.constantFrom("$in", "$nin"), fc.array(value, { maxLength: 3 })),
      fc.tuple(fc.constant("$exists"), fc.boolean()),
    )
    .map((entry) => owning([entry])),
  fc
    .tuple(scalar, scalar)
    .filter(([a, b]) => typeof a === typeof b && (typeof a === "number" || typeof a === "string"))
    .map(([$gte, $lt]) => ({ $gte: $gte!, $lt: $lt! })),
)
const conditions = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.tuple(path, test), { maxLength: 2 }).map(owning) },
  { weight: 1, arbitrary: fc.array(id, { maxLength: 3 }).map(($in) => ({ id: { $in } })) },
)
const query: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: conditions },
  { weight: 1, arbitrary: fc.record({ $or: fc.array(conditions, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ $and: fc.array(conditions, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ $not: conditions }) },
  { weight: 1, arbitrary: fc.tuple(path, test).map(([name, one]) => ({ $not: owning([[name, one]]), [name === "a" ? "b" : "a"]: one })) },
)
const options = fc.record(
  {
    limit: fc.nat(5),
    offset: fc.nat(3),
    order: fc.constantFrom("asc", "desc"),
    sort: fc.array(fc.tuple(path, fc.constantFrom(1, -1)), { maxLength: 3 }),
  },
  { requiredKeys: [] },
)
const changes = fc.oneof(
  fc.array(fc.tuple(fc.constantFrom("a", "b", "a.b", "a.0", "__proto__.b", "x'y"), value), { maxLength: 2 }).map(owning),
  fc.tuple(fc.constantFrom("a", "b", "a.b"), fc.constantFrom(1, -2.5)).map(([name, by]) => ({ $inc: { [name]: by } })),
  fc.tuple(fc.constantFrom("a", "b"), scalar).map(([name, one]) => ({ $push: { [name]: one } })),
  fc.tuple(fc.constantFrom("a", "b"), scalar).map(([name, one]) => ({ $pull: { [name]: one } })),
  fc.constantFrom("a", "b", "a.b").map((name) => ({ $unset: { [name]: true } })),
)

type Operation =
  | { readonly do: "insert"; readonly id: string; readonly data: JsonObject }
  | { readonly do: "update"; readonly query: Json; readonly changes: Json }
  | { readonly do: "delete"; readonly query: Json }
  | { readonly do: "deleteOldest"; readonly keep: number }
  | { readonly do: "index" | "dropIndex"; readonly field: string }

const field = fc.constantFrom("a", "b", "a.b", "a.0", "__proto__", "x'y")
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("insert" as const), id, data }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("update" as const), query, changes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), query: fc.oneof(id, query) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteOldest" as const), keep: fc.integer({ min: 2, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("index" as const), field }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("dropIndex" as const), field }) },
)

const jsonOf = (value: unknown): string => JSON.stringify(value)

/** What the documents mean, without storage: a list in the order of creation. */
const model = () => {
  let documents: ReadonlyArray<Document> = []
  let order = 0
  const matching = (query: Json): ReadonlyArray<Document> => documents.filter(matcher(conditionOf(query)))
  const without = (gone: ReadonlyArray<Document>): number => {
    documents = documents.filter((document) => !gone.includes(document))
    return gone.length
  }
  return {
    apply: (operation: Operation, now: number): unknown => {
      switch (operation.do) {
        case "insert":
          if (documents.some(({ id }) => id === operation.id)) throw new Error("there is one")
          documents = [...documents, { id: operation.id, data: operation.data, createdAt: now, updatedAt: now, order: order++ }]
          return operation.id
        case "update": {
          const change = parseChanges(operation.changes)
          const found = matching(operation.query)
          const changed = new Map(
            found.map((document) => {
              const data = JSON.parse(jsonOf(document.data))
              change(data, document.id)
              return [document, data] as const
            }),
          )
          documents = documents.map((document) => {
            const data = changed.get(document)
            if (data === undefined || sorted(data) === sorted(document.data)) return document
            return { ...document, data, updatedAt: now }
          })
          return found.length
        }
        case "delete":
          return without(matching(operation.query))
        case "deleteOldest":
          return without(documents.slice(0, Math.max(0, documents.length - operation.keep)))
        default:
          return undefined
      }
    },
    find: (query: Json, options: Json): ReadonlyArray<unknown> => {
      const { order, limit, offset } = parseOptions(options)
      const found = [...matching(query)].sort(comparator(order))
      return found.slice(offset, limit === undefined ? undefined : offset + limit).map(shown)
    },
    count: (query: Json): number => matching(query).length,
  }
}

const shown = ({ id, data, createdAt, updatedAt }: Document): string =>
  sorted(owning([...Object.entries(data), ["id", id], ["_createdAt", createdAt], ["_updatedAt", updatedAt]]))

/** JSON with sorted names, whatever the names are. */
const sorted = (value: Json): string => {
  if (typeof value !== "object" || value === null) return jsonOf(value)
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`
  const object = value as JsonObject
  return `{${Object.keys(object)
    .sort()
    .map((name) => `${jsonOf(name)}:${sorted(object[name]!)}`)
    .join(",")}}`
}

const perform = (ds: Ds, operation: Operation): unknown => {
  switch (operation.do) {
    case "insert":
      return ds.insert("c", owning([...Object.entries(operation.data), ["id", operation.id]]))
    case "update":
      return ds.update("c", operation.query as object as never, operation.changes as object)
    case "delete":
      return ds.delete("c", operation.query as never)
    case "deleteOldest":
      return ds.deleteOldest("c", operation.keep)
    case "index":
      return void ds.index("c", operation.field)
    case "dropIndex":
      return void ds.dropIndex("c", operation.field)
  }
}

const outcome = (run: () => unknown): unknown => {
  try {
    return { value: run() }
  } catch (error) {
    return { failed: error instanceof Error }
  }
}

const questions = fc.array(fc.tuple(query, options), { minLength: 8, maxLength: 8 })

/** Units of work; `waits`: the next begins when this one has been written. */
const history = fc.array(fc.record({ operations: fc.array(operation, { maxLength: 8 }), waits: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
})

describe("documents", () => {
  it("are what the plain meaning of queries and changes says, with indexes and without, on disk, pending and in the same request", async () => {
    await fc.assert(
      fc.asyncProperty(history, questions, async (units, asked) => {
        let now = 1000
        await withStore(
          async ({ begin, commit }) => {
            const meaning = model()
            const check = (ds: Ds): void => {
              for (const [query, options] of asked) {
                const found = ds.find("c", query as never, options as never).map((document) => sorted(document as Json))
                expect([query, options, found]).toEqual([query, options, meaning.find(query, options)])
                expect([query, ds.count("c", query as never)]).toEqual([query, meaning.count(query)])
                expect(ds.findOne("c", query as never)?.id).toBe(JSON.parse((meaning.find(query, {})[0] as string) ?? "{}").id)
              }
            }
            const writing: Array<Promise<void>> = []
            for (const { operations, waits } of units) {
              const { unit, enter } = begin()
              for (const operation of operations) {
                const expected = outcome(() => meaning.apply(operation, now))
                expect([operation, outcome(() => enter((ds) => perform(ds, operation)))]).toEqual([operation, expected])
              }
              enter(check)
              writing.push(commit(unit))
              if (!waits) continue
              await Promise.all(writing)
              now++
            }
            const late = begin()
            late.enter(check)
            late.unit.abandon()
            await Promise.all(writing)
            const { unit, enter } = begin()
            enter(check)
            unit.abandon()
          },
          { now: () => now },
        )
      }),
      { numRuns: 1500 },
    )
  })
})
