import Database from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Sqlite } from "../../../src/events/cartridge.ts"
import type { Recorded } from "../../../src/events/event.ts"
import type { Json } from "../../../src/projections/documentIndex.ts"
import { documentQueries, documentsProjection } from "../../../src/projections/documents.ts"
import { conditionOf } from "../../../src/runtime/documents/collection.ts"
import { parseOptions } from "../../../src/runtime/documents/options.ts"
import { type Collection, countMatching, select } from "../../../src/runtime/documents/scan.ts"

let db: Sqlite
let collection: Collection
let apply: (event: Recorded) => void
const documents = 104_500

beforeAll(() => {
  const name = (table: string) => table
  db = new Database(":memory:")
  db.exec(documentsProjection.createTables(name))
  db.exec(documentsProjection.createIndexes)
  ;({ apply } = documentsProjection.prepare(db, name, { manifest: () => ({ files: {}, spa: false }) }))
  db.prepare(
    `WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
     INSERT INTO documents SELECT n + 1, 'a', 'c', 'd' || n, '{"n":' || n || ',"odd":' || (n % 2) || '}', n, n, 1 FROM numbers`,
  ).run(documents)
  db.prepare("INSERT INTO document_collections VALUES ('a', 'c', ?, 1)").run(documents)
  collection = { site: "a", name: "c", queries: documentQueries(db), overlay: new Map(), checkDeadline: () => {} }
})
afterAll(() => db.close())

const find = (query: Json, options: Json = {}) => {
  const { order, limit } = parseOptions(options)
  return select(collection, conditionOf(query), order, limit).map(({ data }) => data["n"])
}

describe("a large collection", () => {
  it("is not searched to its end, and the error says what helps", () => {
    const message =
      "This query has to look at more than 100000 documents of c. Declare an index with ds.index(collection, field) on a field that it compares, or use limit."
    expect(() => find({ n: -1 })).toThrow(message)
    expect(() => countMatching(collection, conditionOf({ n: -1 }))).toThrow(message)
    expect(() => find({}, { sort: "n", limit: 1 })).toThrow(message)
    expect(() => find({}, { limit: 100_001 })).toThrow(message)
  })

  it("is answered from its end or its beginning, by id and by time, without an index", () => {
    expect(find({ odd: 1 }, { limit: 3 })).toEqual([104_499, 104_497, 104_495])
    expect(find({}, { order: "asc", limit: 3 })).toEqual([0, 1, 2])
    expect(find("d50000")).toEqual([50_000])
    expect(find({ id: { $in: ["d5", "d50000", "none"] } })).toEqual([50_000, 5])
    expect(find({ _createdAt: { $gte: 50_000, $lt: 50_003 } })).toEqual([50_002, 50_001, 50_000])
    expect(countMatching(collection, conditionOf({}))).toBe(documents)
  })

  it("is answered fast where there is an index", () => {
    apply({ type: "v1.DocumentIndexDeclared", data: { site: "a", collection: "c", field: "n" } } as Recorded)
    apply({ type: "v1.DocumentIndexDeclared", data: { site: "a", collection: "c", field: "odd" } } as Recorded)
    const started = performance.now()
    expect(find({ n: 50_000 })).toEqual([50_000])
    expect(find({ n: { $gte: 100, $lt: 103 } })).toEqual([102, 101, 100])
    expect(find({ n: { $gte: 100 } }, { limit: 3 })).toEqual([104_499, 104_498, 104_497])
    expect(find({ n: { $lt: 100 } }, { limit: 3 })).toEqual([99, 98, 97])
    expect(find({}, { sort: "-n", limit: 3 })).toEqual([104_499, 104_498, 104_497])
    expect(find({ odd: { $gte: 1 } }, { sort: "n", limit: 3 })).toEqual([1, 3, 5])
    expect(find({ n: { $gt: 50_000 } }, { sort: "n", limit: 2 })).toEqual([50_001, 50_002])
    expect(find({ n: { $in: [7, 70_000, -1] } }, { sort: "n" })).toEqual([7, 70_000])
    expect(find({ odd: 1 }, { limit: 2 })).toEqual([104_499, 104_497])
    expect(find({ odd: { $exists: false } })).toEqual([])
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
