import Database from "better-sqlite3"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Sqlite } from "../../src/events/cartridge.ts"
import { type DocumentEvent, documentStream, indexStream } from "../../src/events/doc.ts"
import type { Erased, Recorded } from "../../src/events/event.ts"
import { compareValues, indexKey, isExactKey, type Json, valueAt } from "../../src/projections/documentIndex.ts"
import { documentQueries, documentsProjection } from "../../src/projections/documents.ts"

let db: Sqlite
let seq: number
let apply: (event: DocumentEvent, at?: number) => number
let erase: (seq: number, event: DocumentEvent) => void
beforeEach(() => {
  const name = (table: string) => table
  db = new Database(":memory:")
  db.exec(documentsProjection.createTables(name))
  db.exec(documentsProjection.createIndexes)
  const applier = documentsProjection.prepare(db, name, { manifest: () => ({ files: {}, spa: false }) })
  seq = 0
  apply = (event, at = 100 + seq) => {
    applier.apply({ ...event, seq: ++seq, stream: streamOf(event), version: seq, at } as Recorded)
    return seq
  }
  erase = (seq, event) => applier.applyErased!({ seq, type: event.type, stream: streamOf(event), data: null } as Erased)
})
afterEach(() => db.close())

const streamOf = ({ data }: DocumentEvent): string =>
  "id" in data ? documentStream(data.site, data.collection, data.id) : indexStream(data.site, data.collection, data.field)

const written = (id: string, data: object, more: { readonly fresh?: true; readonly site?: string } = {}): DocumentEvent => ({
  type: "v1.DocumentWritten",
  data: { site: "a", collection: "c", id, data, ...more },
})
const deleted = (id: string): DocumentEvent => ({ type: "v1.DocumentDeleted", data: { site: "a", collection: "c", id } })
const declared = (field: string): DocumentEvent => ({ type: "v1.DocumentIndexDeclared", data: { site: "a", collection: "c", field } })
const dropped = (field: string): DocumentEvent => ({ type: "v1.DocumentIndexDropped", data: { site: "a", collection: "c", field } })

const rows = () =>
  [...documentQueries(db).byCreation("a", "c", 1)].map(({ id, data, seq, created_at, updated_at }) => [
    id,
    data,
    seq,
    created_at,
    updated_at,
  ])

/** What an index holds: the ids in its order. */
const indexed = (field: string, value: 1 | -1 = 1) =>
  [...documentQueries(db).byIndex("a", "c", { field, from: Buffer.of(0), to: Buffer.of(255) }, value, 1)].map(({ id }) => id).join(" ")

const totals = () => documentQueries(db).collections("a")

describe("documents", () => {
  it("keep the place and the time of their creation when they change", () => {
    apply(written("x", { b: 1, a: 2 }))
    apply(written("y", {}))
    apply(written("x", { a: 3 }))
    expect(rows()).toEqual([
      ["x", '{"a":3}', 1, 100, 102],
      ["y", "{}", 2, 101, 101],
    ])
    expect(totals()).toEqual([{ collection: "c", documents: 2, bytes: 9 }])
  })

  it("are new ones when they come back, in a later request or in the same", () => {
    apply(written("x", { n: 1 }))
    apply(written("y", { n: 1 }))
    apply(written("z", { n: 1 }))
    apply(deleted("x"))
    apply(written("x", { n: 2 }))
    apply(written("y", { n: 2 }, { fresh: true }))
    expect(rows().map(([id, , seq, created]) => [id, seq, created])).toEqual([
      ["z", 3, 102],
      ["x", 5, 104],
      ["y", 6, 105],
    ])
    expect(totals()).toEqual([{ collection: "c", documents: 3, bytes: 21 }])
  })

  it("leave no collection behind", () => {
    apply(written("x", {}))
    apply(deleted("x"))
    apply(deleted("x"))
    expect([rows(), totals()]).toEqual([[], []])
  })

  it("go when their last change is erased, instead of showing an earlier one", () => {
    const event = written("a/b", { n: 1 })
    apply(event)
    apply(declared("n"))
    erase(3, event)
    expect([rows(), indexed("n"), totals()]).toEqual([[], "", []])
    erase(4, event)
  })

  it("belong to their sites", () => {
    apply(written("x", {}, { site: "b" }))
    apply(written("x", { n: 1 }))
    apply(deleted("x"))
    expect(documentQueries(db).document("b", "c", "x")).toMatchObject({ id: "x", seq: 1 })
    expect(documentQueries(db).document("a", "c", "x")).toBeUndefined()
  })
})

describe("an index", () => {
  it("holds every document there is, in the order of values, and follows changes", () => {
    apply(written("1", { n: 5 }))
    apply(written("2", { n: "5" }))
    apply(written("3", {}))
    apply(declared("n"))
    apply(declared("n"))
    apply(written("4", { n: -1 }))
    expect(indexed("n")).toBe("3 4 1 2")
    expect(indexed("n", -1)).toBe("2 1 4 3")
    apply(written("1", { n: null }))
    apply(written("2", { n: "5", other: true }))
    apply(deleted("4"))
    apply(written("3", { n: 9 }, { fresh: true }))
    expect(indexed("n")).toBe("1 3 2")
    apply(dropped("n"))
    expect([indexed("n"), documentQueries(db).indexes("a", "c")]).toEqual(["", []])
    expect(db.prepare("SELECT count(*) FROM document_index").pluck().get()).toBe(0)
  })

  it("is filled from more documents than one page", () => {
    for (let n = 0; n < 1201; n++) apply(written(`d${n}`, { n: n % 7 }))
    apply(declared("n"))
    expect(db.prepare("SELECT count(*) FROM document_index").pluck().get()).toBe(1201)
  })
})

describe("the order of values", () => {
  const long = "x".repeat(200)
  const inOrder: ReadonlyArray<Json | undefined> = [
    undefined,
    null,
    false,
    true,
    -1e300,
    -2,
    -1.5,
    -5e-324,
    0,
    5e-324,
    0.1,
    1,
    2 ** 53,
    1e300,
    "",
    "\0",
    "A",
    "B",
    "a",
    "a\0",
    "aa",
    "é",
    "\ud7ff",
    "😀",
    "\udc00",
    "\ufffd",
    "\uffff",
  ]

  it("is the same in indexes and in comparisons", () => {
    for (const [i, a] of inOrder.entries()) {
      for (const [j, b] of inOrder.entries()) {
        expect([a, b, Math.sign(compareValues(a, b))]).toEqual([a, b, Math.sign(i - j)])
        expect([a, b, Math.sign(indexKey(a).compare(indexKey(b)))]).toEqual([a, b, Math.sign(i - j)])
      }
    }
  })

  it("puts 0 and -0 at one place", () => {
    expect(indexKey(-0).equals(indexKey(0))).toBe(true)
    expect(compareValues(-0, 0)).toBe(0)
  })

  it("is left open by the keys of long strings and of objects, and by no others", () => {
    expect(inOrder.map((value) => isExactKey(indexKey(value)))).toEqual(inOrder.map(() => true))
    expect([long, `${long}a`, {}, [], [1]].map((value) => isExactKey(indexKey(value)))).toEqual(Array(5).fill(false))
    expect(indexKey(long).equals(indexKey(`${long}a`))).toBe(true)
    expect(indexKey("x".repeat(127)).compare(indexKey(long))).toBe(-1)
    expect([compareValues({ a: 1 }, [2]), Math.sign(compareValues({}, "z"))]).toEqual([0, 1])
  })
})

describe("a path", () => {
  const cases: ReadonlyArray<readonly [data: string, path: string, expected: unknown]> = [
    ['{"a":{"b":1}}', "a.b", 1],
    ['{"a":[5,{"b":1}]}', "a.1.b", 1],
    ['{"a":[5]}', "a.length", undefined],
    ['{"a":[5]}', "a.-1", undefined],
    ['{"a":[5]}', "a.0.x", undefined],
    ['{"a":"text"}', "a.0", undefined],
    ["{}", "__proto__", undefined],
    ["{}", "constructor.name", undefined],
    ['{"a":[]}', "a.map", undefined],
    ['{"__proto__":{"x":1}}', "__proto__.x", 1],
  ]

  it.each(cases)("of %s: %s leads to %j", (data, path, expected) => {
    expect(valueAt(JSON.parse(data), path.split("."))).toEqual(expected)
  })
})
