import { describe, expect, it } from "vitest"
import { dsBinding } from "../../../src/runtime/bindings/ds.ts"
import type { HostFunction } from "../../../src/runtime/host.ts"
import { JobRun, type RunHome } from "../../../src/runtime/jobRun.ts"
import type { Ds, Query } from "../../../src/runtime/prelude/ds.ts"
import { withStore } from "./store.ts"

const code = (code: string) => expect.objectContaining({ code })
const ids = (found: ReadonlyArray<{ readonly id: string }>) => found.map(({ id }) => id).join(" ")

describe("insert", () => {
  it("gives a document a new id, or keeps its own", () =>
    withStore(async ({ run }) => {
      const [made, own] = await run((ds) => [ds.insert("posts", { title: "x" }), ds.insert("posts", { id: "p1", title: "y" })])
      expect([made, own]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), "p1"])
      expect(await run((ds) => ds.findOne("posts", "p1"))).toEqual({ title: "y", id: "p1", _createdAt: 1000, _updatedAt: 1000 })
      expect(await run((ds) => ds.findOne("posts", made!))).toEqual({ title: "x", id: made, _createdAt: 1000, _updatedAt: 1000 })
    }))

  it("takes an id of null or undefined for none", () =>
    withStore(async ({ run }) => {
      expect(await run((ds) => [ds.insert("c", { id: null }), ds.insert("c", { id: undefined })].map((id) => id.length))).toEqual([36, 36])
    }))

  it("refuses an id that is there, in the snapshot or in this request", () =>
    withStore(async ({ run }) => {
      await run((ds) => ds.insert("c", { id: "x" }))
      await expect(run((ds) => ds.insert("c", { id: "x" }))).rejects.toEqual(code("DS_EXISTS"))
      await expect(run((ds) => [ds.insert("c", { id: "y" }), ds.insert("c", { id: "y" })])).rejects.toThrow(
        'There is a document "y" in c already. Change it with ds.update, or insert under another id.',
      )
      expect(await run((ds) => ds.count("c"))).toBe(1)
    }))

  it("takes an id that has been deleted, for a new document", () => {
    let now = 1000
    return withStore(
      async ({ run }) => {
        await run((ds) => [ds.insert("c", { id: "x" }), ds.insert("c", { id: "y" })])
        now = 2000
        await run((ds) => [ds.delete("c", "x"), ds.insert("c", { id: "x" }), ds.update("c", "x", { again: true })])
        expect(await run((ds) => ds.find("c"))).toMatchObject([
          { id: "x", again: true, _createdAt: 2000 },
          { id: "y", _createdAt: 1000 },
        ])
      },
      { now: () => now },
    )
  })

  it("drops times that a document brings along", () =>
    withStore(async ({ run }) => {
      await run((ds) => ds.insert("c", { id: "x", _createdAt: 5, _updatedAt: 6, n: 1 }))
      expect(await run((ds) => ds.findOne("c", "x"))).toEqual({ id: "x", n: 1, _createdAt: 1000, _updatedAt: 1000 })
    }))

  it("keeps whatever JSON can hold", () =>
    withStore(async ({ run }) => {
      const document = { id: "x", text: "\0 \ud800 🚀 '\"\\", "a.b": [null, true, -0.5, 1e300, [[]], {}], "": { "": 1 }, constructor: 1 }
      await run((ds) => ds.insert("c", document))
      expect(await run((ds) => ds.findOne("c", "x"))).toEqual({ ...document, _createdAt: 1000, _updatedAt: 1000 })
    }))

  it("keeps a field called __proto__ as plain data", () =>
    withStore(async ({ run }) => {
      await run((ds) => ds.insert("c", JSON.parse('{"id":"x","__proto__":{"admin":true}}')))
      const found = await run((ds) => ds.findOne("c", "x"))
      expect(Object.keys(found!)).toContain("__proto__")
      expect(found!["admin"]).toBeUndefined()
      expect(({} as Record<string, unknown>)["admin"]).toBeUndefined()
    }))

  const refused: ReadonlyArray<readonly [what: string, collection: unknown, document: unknown, code: string]> = [
    ["a list", "c", [], "DS_INVALID"],
    ["a text", "c", "x", "DS_INVALID"],
    ["nothing", "c", undefined, "DS_INVALID"],
    ["a number for an id", "c", { id: 5 }, "DS_INVALID"],
    ["an empty id", "c", { id: "" }, "DS_INVALID"],
    ["an id with a line break", "c", { id: "a\nb" }, "DS_INVALID"],
    ["an id with U+0000", "c", { id: "a\0b" }, "DS_INVALID"],
    ["an id that is not well-formed", "c", { id: "\ud800" }, "DS_INVALID"],
    ["an id of 257 bytes", "c", { id: "é".repeat(129) }, "DS_INVALID"],
    ["more than 256 KiB", "c", { text: "x".repeat(256 * 1024) }, "DS_TOO_MUCH"],
    ["far more", "c", { text: "x".repeat(1024 * 1024) }, "DS_TOO_MUCH"],
    ["more than 100 levels", "c", JSON.parse(`{"a":${"[".repeat(101)}${"]".repeat(101)}}`), "DS_INVALID"],
    ["a collection without a name", "", {}, "DS_INVALID"],
    ["a collection with a slash", "a/b", {}, "DS_INVALID"],
    ["a collection with U+0000", "a\0", {}, "DS_INVALID"],
    ["a collection that is SQL", "x'; DROP TABLE documents; --", {}, "DS_INVALID"],
    ["a collection that is no text", 5, {}, "DS_INVALID"],
    ["a very long collection", "x".repeat(129), {}, "DS_INVALID"],
  ]

  it.each(refused)("refuses %s", (_, collection, document, expected) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.insert(collection as string, document as object))).rejects.toEqual(code(expected))
    }))

  it("refuses a document that contains itself", () =>
    withStore(async ({ run }) => {
      const circle: Record<string, unknown> = {}
      circle["self"] = circle
      await expect(run((ds) => ds.insert("c", circle))).rejects.toThrow("A document cannot be written as JSON")
    }))

  it("takes ids of any printable characters", () =>
    withStore(async ({ run }) => {
      const odd = ["a/b", "100%", "ünï 🚀", "..", "a'b\"c", "%2F", "?#&", "__proto__", "é".repeat(128)]
      await run((ds) => odd.map((id) => ds.insert("c", { id })))
      expect((await run((ds) => odd.map((id) => ds.findOne("c", id)))).map((found) => found?.id)).toEqual(odd)
      expect(await run((ds) => odd.map((id) => ds.delete("c", id)))).toEqual(odd.map(() => 1))
    }))
})

describe("find", () => {
  const withScores = (use: Parameters<typeof withStore>[0]) =>
    withStore(async (store) => {
      await store.run((ds) => {
        ds.insert("scores", { id: "a", points: 5, player: { name: "Ann" } })
        ds.insert("scores", { id: "b", points: 9, player: { name: "Bob" } })
        ds.insert("scores", { id: "c", points: 5, player: { name: "Cyd" } })
        ds.insert("scores", { id: "d", points: null })
        ds.insert("scores", { id: "e" })
        ds.insert("scores", { id: "f", points: "many" })
        ds.insert("scores", { id: "g", points: true })
        ds.insert("scores", { id: "h", points: [1] })
      })
      await use(store)
    })

  const cases: ReadonlyArray<readonly [what: string, query: object | null, options: object | undefined, expected: string]> = [
    ["all, newest first", {}, undefined, "h g f e d c b a"],
    ["all without a query", null, undefined, "h g f e d c b a"],
    ["oldest first", {}, { order: "asc" }, "a b c d e f g h"],
    ["oldest first, by number", {}, { order: 1 }, "a b c d e f g h"],
    ["newest first", {}, { order: "desc" }, "h g f e d c b a"],
    ["the first few", {}, { limit: 2 }, "h g"],
    ["none", {}, { limit: 0 }, ""],
    ["the next few", {}, { limit: 2, offset: 2 }, "f e"],
    ["all behind an offset", {}, { offset: 6 }, "b a"],
    ["nothing behind the end", {}, { offset: 10 }, ""],
    ["by type, then value, then newest", {}, { sort: { points: 1 } }, "e d g c a b f h"],
    ["the other way round", {}, { sort: { points: -1 } }, "h f b c a g d e"],
    ["by name with a sign", {}, { sort: "-points" }, "h f b c a g d e"],
    ["by name without", {}, { sort: "points" }, "e d g c a b f h"],
    ["ties oldest first", {}, { sort: "points", order: "asc" }, "e d g a c b f h"],
    ["by pairs", {}, { sort: [["points", "desc"]] }, "h f b c a g d e"],
    ["by two fields", { points: 5 }, { sort: [["points", "asc"], "-player.name"] }, "c a"],
    ["by two fields of an object", { points: 5 }, { sort: { points: 1, "player.name": 1 } }, "a c"],
    ["the first few by two fields", {}, { sort: { points: 1, "player.name": 1 }, limit: 4 }, "e d g a"],
    ["the next few by two fields", {}, { sort: { points: 1, "player.name": 1 }, limit: 1, offset: 4 }, "c"],
    ["the first of those without an order", { points: { $nin: [5, 9] } }, { sort: [["points", "desc"], "-id"], limit: 1 }, "h"],
    ["by creation", {}, { sort: { _createdAt: 1 }, limit: 2 }, "a b"],
    ["by id", {}, { sort: "-id", limit: 3 }, "h g f"],
    ["the best", { points: { $gt: 0 } }, { sort: "-points", limit: 1 }, "b"],
    ["by one id", { id: "c" }, undefined, "c"],
    ["by some ids", { id: { $in: ["a", "x", "c", "a"] } }, undefined, "c a"],
    ["by an id and a field", { id: "c", points: 9 }, undefined, ""],
    ["by time", { _createdAt: { $gt: 1000 } }, undefined, ""],
    ["options that are undefined", {}, { limit: undefined, sort: undefined }, "h g f e d c b a"],
  ]

  it.each([false, true])("finds and sorts, from memory, from disk, and by an index (%s)", (indexed) =>
    withScores(async ({ run, begin }) => {
      if (indexed) await run((ds) => ds.index("scores", "points"))
      for (const [what, query, options, expected] of cases) {
        expect([what, await run((ds) => ids(ds.find("scores", query as Query, options)))]).toEqual([what, expected])
      }
      const { unit, enter } = begin()
      enter((ds) => ds.update("scores", {}, { touched: true }))
      for (const [what, query, options, expected] of cases) {
        expect([what, enter((ds) => ids(ds.find("scores", query as Query, options)))]).toEqual([what, expected])
      }
      unit.abandon()
    }))

  it("sorts by all of a long text, with an index and without", () =>
    withStore(async ({ run }) => {
      const texts = ["b", "a", "c"].map((end) => "x".repeat(300) + end)
      await run((ds) => texts.map((text, n) => ds.insert("c", { id: String(n), text })))
      const questions = (ds: Ds) => [
        ids(ds.find("c", {}, { sort: "text", limit: 1 })),
        ids(ds.find("c", {}, { sort: "-text", limit: 2 })),
        ids(ds.find("c", { text: { $gt: texts[1] } }, { sort: "text", limit: 1 })),
        ids(ds.find("c", { text: texts[0] })),
      ]
      const before = await run(questions)
      await run((ds) => ds.index("c", "text"))
      expect([before, await run(questions)]).toEqual([
        ["1", "2 0", "0", "0"],
        ["1", "2 0", "0", "0"],
      ])
    }))

  const refused: ReadonlyArray<readonly [what: string, query: unknown, options: unknown, message: RegExp]> = [
    ["a condition that is undefined", { owner: undefined }, {}, /The query's "owner" is undefined/],
    ["a condition deep down that is undefined", { $or: [{ a: { $eq: undefined } }] }, {}, /\$eq" is undefined/],
    ["NaN", { a: Number.NaN }, {}, /"a" is NaN/],
    ["a pattern", { a: /x/ }, {}, /"a" is a RegExp, which cannot be searched for/],
    ["a negative limit", {}, { limit: -1 }, /limit is a whole number from 0, not -1/],
    ["half a limit", {}, { limit: 0.5 }, /limit is a whole number/],
    ["a limit that is no number", {}, { limit: Number("x") }, /The option "limit" is NaN/],
    ["a limit that is text", {}, { limit: "10" }, /limit is a whole number from 0, not a string/],
    ["an unknown option", {}, { skip: 1 }, /There is no option "skip"\. There are limit, offset, order and sort\./],
    ["an unknown order", {}, { order: "up" }, /The order by "order" is 1 or "asc", or -1 or "desc"/],
    ["an unknown direction", {}, { sort: { a: true } }, /The order by "a" is/],
    ["a sort that is no such thing", {}, { sort: 5 }, /sort is \{ points: -1 \}/],
    ["a list of such things", {}, { sort: [[1, 2]] }, /does not take such a list/],
    ["too many fields to sort by", {}, { sort: "abcdefghi".split("") }, /at most 8 fields/],
    ["options that are a number", {}, 10, /The options of find are an object/],
  ]

  it.each(refused)("refuses %s", (_, query, options, message) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.find("c", query as Query, options as object))).rejects.toThrow(message)
    }))

  it("looks at the time now and then, and stops when it is up", () =>
    withStore(async ({ run }) => {
      let looks = 0
      await run((ds) => Array.from({ length: 1250 }, (_, i) => ds.insert("c", { i })))
      await run((ds) => Array.from({ length: 1250 }, (_, i) => ds.insert("c", { i: 1250 + i })))
      await run((ds) => ds.count("c", { i: -1 }), { checkDeadline: () => looks++ })
      expect(looks).toBe(2)
      await run((ds) => Array.from({ length: 15 }, (_, i) => ds.insert("large", { i, text: "x".repeat(100_000) })))
      await run((ds) => ds.count("large", { i: -1 }), { checkDeadline: () => looks++ })
      expect(looks).toBe(4)
      const tooLate = () => {
        throw new Error("too late")
      }
      await expect(run((ds) => ds.find("c", { i: -1 }), { checkDeadline: tooLate })).rejects.toThrow("too late")
      // The connection is as good as before.
      expect(await run((ds) => ds.count("c", { i: { $lt: 10 } }))).toBe(10)
    }))

  it("looks at the time of the run that it is part of", () =>
    withStore(async ({ run, storage }) => {
      await run((ds) => Array.from({ length: 1250 }, (_, i) => ds.insert("c", { i })))
      let looked: JobRun | undefined
      const home = {
        settings: { logLines: 0 },
        storage: () => storage,
        newUnit: () => "unit-of-a-run",
        checkDeadline: (asked: JobRun) => (looked = asked),
      }
      const job = { id: 1, site: "a", request: "r", env: {}, meta: "", body: undefined }
      const jobRun = new JobRun(home as unknown as RunHome, job, {} as JobRun["limits"])
      const count = dsBinding(() => jobRun)["ds.count"] as HostFunction
      expect(count.run(...(["c", JSON.stringify({ i: -1 })] as never))).toBe(0)
      expect(looked).toBe(jobRun)
      jobRun.dropWrites()
    }))

  it("refuses to answer with more than a request can hold", () =>
    withStore(async ({ run }) => {
      const text = "x".repeat(250_000)
      for (let n = 0; n < 2; n++) await run((ds) => Array.from({ length: 20 }, () => ds.insert("c", { text })))
      await expect(run((ds) => ds.find("c"))).rejects.toEqual(code("DS_TOO_MUCH"))
      expect(await run((ds) => ds.find("c", {}, { limit: 5 }).length)).toBe(5)
      expect(await run((ds) => ds.find("c", {}, { limit: 5, sort: "text" }).length)).toBe(5)
    }))
})

describe("findOne", () => {
  it("gives null when there is none, and the newest of several", () =>
    withStore(async ({ run }) => {
      await run((ds) => [ds.insert("c", { id: "x", a: 1 }), ds.insert("c", { id: "y", a: 1 })])
      expect(await run((ds) => [ds.findOne("c", "none"), ds.findOne("c", { a: 2 }), ds.findOne("c", { a: 1 })?.id])).toEqual([
        null,
        null,
        "y",
      ])
      expect(await run((ds) => ds.findOne("empty", {}))).toBeNull()
      expect(await run((ds) => ["", "a\0", "\ud800", "x".repeat(10_000)].map((id) => ds.findOne("c", id)))).toEqual([
        null,
        null,
        null,
        null,
      ])
    }))

  it.each([undefined, null, 5, []])("refuses %s", (query) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.findOne("c", query as never))).rejects.toEqual(code("DS_INVALID"))
    }))
})

describe("update", () => {
  it("changes what matches, says how many, and keeps the rest", () => {
    let now = 1000
    return withStore(
      async ({ run }) => {
        await run((ds) => [ds.insert("c", { id: "x", n: 1 }), ds.insert("c", { id: "y", n: 2 }), ds.insert("c", { id: "z", n: 3 })])
        now = 2000
        expect(await run((ds) => ds.update("c", { n: { $gte: 2 } }, { $inc: { n: 10 }, seen: true }))).toBe(2)
        expect(await run((ds) => ds.update("c", "none", { a: 1 }))).toBe(0)
        expect(await run((ds) => ds.find("c", {}, { order: "asc" }))).toEqual([
          { id: "x", n: 1, _createdAt: 1000, _updatedAt: 1000 },
          { id: "y", n: 12, seen: true, _createdAt: 1000, _updatedAt: 2000 },
          { id: "z", n: 13, seen: true, _createdAt: 1000, _updatedAt: 2000 },
        ])
      },
      { now: () => now },
    )
  })

  it("takes back a document that was read and changed", () =>
    withStore(async ({ run }) => {
      await run((ds) => ds.insert("c", { id: "x", list: [1] }))
      await run((ds) => {
        const found = ds.findOne("c", "x")!
        ds.update("c", "x", { ...found, list: [1, 2] })
      })
      expect(await run((ds) => ds.findOne("c", "x"))).toMatchObject({ list: [1, 2] })
    }))

  it("writes nothing where nothing changes", () =>
    withStore(async ({ run, begin }) => {
      await run((ds) => ds.insert("c", { id: "x", n: 1 }))
      const { unit, enter } = begin()
      expect(enter((ds) => ds.update("c", {}, { n: 1 }))).toBe(1)
      expect(unit.hasWritten()).toBe(false)
      unit.abandon()
    }))

  it("changes nothing at all if one document cannot be changed", () =>
    withStore(async ({ run }) => {
      await run((ds) => [ds.insert("c", { id: "x", n: 1 }), ds.insert("c", { id: "y", n: "text" })])
      await expect(run((ds) => ds.update("c", {}, { $inc: { n: 1 } }))).rejects.toThrow('$inc cannot add to "n": it is a string.')
      expect(await run((ds) => ds.findOne("c", "x"))).toMatchObject({ n: 1 })
    }))

  it("changes nothing even if the code goes on after the error", () =>
    withStore(async ({ run }) => {
      await run((ds) => [ds.insert("c", { id: "x", n: 1 }), ds.insert("c", { id: "y", n: "text" })])
      await run((ds) => {
        expect(() => ds.update("c", {}, { $inc: { n: 1 } })).toThrow()
        ds.insert("c", { id: "z", n: 2 })
        expect(ds.find("c").map(({ n }) => n)).toEqual([2, "text", 1])
      })
    }))

  it("refuses to make a document too large", () =>
    withStore(async ({ run }) => {
      await run((ds) => ds.insert("c", { id: "x", a: "x".repeat(200_000) }))
      await expect(run((ds) => ds.update("c", "x", { b: "x".repeat(100_000) }))).rejects.toEqual(code("DS_TOO_MUCH"))
    }))

  it.each([undefined, null])("asks for a query instead of changing everything for %s", (query) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.update("c", query as never, { a: 1 }))).rejects.toThrow("{} means every document")
      await expect(run((ds) => ds.delete("c", query as never))).rejects.toThrow("{} means every document")
      await expect(run((ds) => ds.delete("c", { owner: undefined }))).rejects.toThrow("is undefined")
    }))
})

describe("delete, deleteOldest, count and collections", () => {
  it("delete what matches, and say how many", () =>
    withStore(async ({ run }) => {
      await run((ds) => Array.from({ length: 10 }, (_, n) => ds.insert("c", { id: `d${n}`, n })))
      expect(await run((ds) => ds.delete("c", { n: { $lt: 2 } }))).toBe(2)
      expect(await run((ds) => ds.delete("c", "d9"))).toBe(1)
      expect(await run((ds) => ds.delete("c", "d9"))).toBe(0)
      expect(await run((ds) => ds.deleteOldest("c", 3))).toBe(4)
      expect(await run((ds) => ids(ds.find("c")))).toBe("d8 d7 d6")
      expect(await run((ds) => [ds.deleteOldest("c", 3), ds.deleteOldest("c", 100)])).toEqual([0, 0])
      expect(await run((ds) => [ds.count("c"), ds.count("c", { n: 7 }), ds.count("none")])).toEqual([3, 1, 0])
      expect(await run((ds) => ds.delete("c", {}))).toBe(3)
      expect(await run((ds) => [ds.count("c"), ds.collections()])).toEqual([0, []])
    }))

  it.each([-1, 1.5, Number.NaN, "3", undefined])("deleteOldest refuses to keep %s", (keep) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.deleteOldest("c", keep as number))).rejects.toEqual(code("DS_INVALID"))
    }))

  it("count this request's own changes", () =>
    withStore(async ({ run }) => {
      await run((ds) => [ds.insert("c", { id: "x" }), ds.insert("c", { id: "y" }), ds.insert("b", {})])
      await run((ds) => {
        ds.insert("c", { id: "z" })
        ds.delete("c", "x")
        ds.update("c", "y", { n: 1 })
        ds.delete("b", {})
        ds.insert("new", { id: "x" })
        ds.delete("c", "x")
        expect([ds.count("c"), ds.count("c", {}), ds.count("c", { n: 1 }), ds.count("b")]).toEqual([2, 2, 1, 0])
        expect(ds.collections()).toEqual(["c", "new"])
        expect(ds.deleteOldest("c", 1)).toBe(1)
        expect(ids(ds.find("c"))).toBe("z")
      })
      expect(await run((ds) => [ds.count("c"), ds.collections()])).toEqual([1, ["c", "new"]])
    }))
})

describe("indexes", () => {
  it("are declared once, and dropped once", () =>
    withStore(async ({ run }) => {
      expect(await run((ds) => [ds.index("c", "a.b"), ds.index("c", "a.b"), ds.index("c", "x")])).toEqual([true, false, true])
      expect(await run((ds) => [ds.index("c", "a.b"), ds.dropIndex("c", "x"), ds.dropIndex("c", "x"), ds.index("d", "a.b")])).toEqual([
        false,
        true,
        false,
        true,
      ])
      expect(await run((ds) => [ds.index("c", "x"), ds.dropIndex("c", "a.b")])).toEqual([true, true])
    }))

  it("are at most 16 to a collection", () =>
    withStore(async ({ run }) => {
      await run((ds) => Array.from({ length: 10 }, (_, n) => ds.index("c", `f${n}`)))
      await expect(run((ds) => Array.from({ length: 17 }, (_, n) => ds.index("c", `f${n}`)))).rejects.toEqual(code("DS_TOO_MUCH"))
      await run((ds) => Array.from({ length: 16 }, (_, n) => ds.index("c", `f${n}`)))
    }))

  it.each(["id", "_createdAt", "_updatedAt", "", "a..b", "\ud800", 5, undefined, null, {}])("cannot be on %j", (field) =>
    withStore(async ({ run }) => {
      await expect(run((ds) => ds.index("c", field as string))).rejects.toEqual(code("DS_INVALID"))
    }))

  it("may be on fields with any name", () =>
    withStore(async ({ run }) => {
      const names = ["a') OR 1=1 --", '"', "a[0]", "a\0b", "a/b%", "__proto__", "constructor", "$x", "ünï"]
      for (const [n, name] of names.entries()) {
        const document = JSON.parse(`{"id":"${n}",${JSON.stringify(name)}:"here"}`)
        await run((ds) => [ds.index("c", name), ds.insert("c", document)])
        const query = JSON.parse(`{${JSON.stringify(name)}:"here"}`)
        if (name.startsWith("$")) continue
        expect(await run((ds) => ids(ds.find("c", query)))).toBe(String(n))
      }
    }))
})

describe("one request", () => {
  it("sees its own writes and those of requests before it that are still being written", () =>
    withStore(async ({ run, begin, commit }) => {
      await run((ds) => [ds.insert("c", { id: "old" }), ds.insert("c", { id: "gone" })])
      const first = begin()
      first.enter((ds) => [ds.insert("c", { id: "p1" }), ds.delete("c", "gone"), ds.update("c", "old", { n: 1 })])
      const writing = commit(first.unit)
      const second = begin()
      second.enter((ds) => {
        ds.insert("c", { id: "p2" })
        expect(ids(ds.find("c"))).toBe("p2 p1 old")
        expect(ds.find("c", {}, { order: "asc", limit: 2 }).map(({ id, n }) => [id, n])).toEqual([
          ["old", 1],
          ["p1", undefined],
        ])
        expect([ds.count("c"), ds.findOne("c", "gone"), ds.findOne("c", "p1")?.id]).toEqual([3, null, "p1"])
        expect(ds.collections()).toEqual(["c"])
      })
      await writing
      await commit(second.unit)
      expect(await run((ds) => ids(ds.find("c")))).toBe("p2 p1 old")
    }))

  it("sees nothing of what is committed after it began to read", () =>
    withStore(async ({ run, begin }) => {
      const { unit, enter } = begin()
      enter((ds) => ds.count("c"))
      await run((ds) => ds.insert("c", {}))
      expect(enter((ds) => ds.count("c"))).toBe(0)
      unit.abandon()
    }))

  const conflicts: ReadonlyArray<readonly [what: string, read: (ds: Ds) => unknown, write: (ds: Ds) => unknown, expected: boolean]> = [
    ["a query and an insertion into its collection", (ds) => ds.find("c", { n: 5 }), (ds) => ds.insert("c", {}), true],
    ["a count and a deletion", (ds) => ds.count("c"), (ds) => ds.delete("c", "x"), true],
    ["a query and another collection", (ds) => ds.find("c"), (ds) => ds.insert("d", {}), false],
    ["a query and a collection whose name is longer", (ds) => ds.find("c"), (ds) => ds.insert("c2", {}), false],
    ["a look-up and a change of the same document", (ds) => ds.findOne("c", "x"), (ds) => ds.update("c", "x", { n: 9 }), true],
    ["a look-up and a change of another document", (ds) => ds.findOne("c", "x"), (ds) => ds.update("c", "y", { n: 9 }), false],
    ["a look-up by a query for the id", (ds) => ds.find("c", { id: "x" }), (ds) => ds.update("c", "y", { n: 9 }), false],
    ["a look-up of what is then inserted", (ds) => ds.findOne("c", "z"), (ds) => ds.insert("c", { id: "z" }), true],
    ["two changes of one document", (ds) => ds.update("c", "x", { $inc: { n: 1 } }), (ds) => ds.update("c", "x", { $inc: { n: 1 } }), true],
    ["two insertions", (ds) => ds.insert("c", {}), (ds) => ds.insert("c", {}), false],
    ["two insertions of one id", (ds) => ds.insert("c", { id: "z" }), (ds) => ds.insert("c", { id: "z" }), true],
    ["two changes of different documents", (ds) => ds.update("c", "x", { n: 1 }), (ds) => ds.update("c", "y", { n: 1 }), false],
    ["a declaration and an insertion", (ds) => ds.index("c", "n"), (ds) => ds.insert("c", {}), false],
    ["two declarations of one index", (ds) => ds.index("c", "n"), (ds) => ds.index("c", "n"), true],
  ]

  it.each(conflicts)("conflicts, or does not: %s", (_, read, write, expected) =>
    withStore(async ({ run, begin, commit }) => {
      await run((ds) => [ds.insert("c", { id: "x", n: 0 }), ds.insert("c", { id: "y", n: 0 })])
      const { unit, enter } = begin()
      enter((ds) => [read(ds), ds.insert("log", {})])
      await run(write)
      const committed = commit(unit).then(
        () => false,
        (error) => error._tag === "VersionConflict",
      )
      expect(await committed).toBe(expected)
    }))

  it("may store so much and no more", () =>
    withStore(async ({ run }) => {
      const limits = { storageKeys: 3, storageBytes: 100 }
      await run((ds) => [ds.insert("c", { id: "x", t: "12345" }), ds.insert("c", { id: "y" })], { limits })
      await expect(run((ds) => [ds.insert("c", {}), ds.insert("c", {})], { limits })).rejects.toEqual(code("QUOTA_EXCEEDED"))
      await expect(run((ds) => ds.update("c", "x", { t: "1".repeat(100) }), { limits })).rejects.toEqual(code("QUOTA_EXCEEDED"))
      await run((ds) => [ds.delete("c", "y"), ds.insert("c", {}), ds.update("c", "x", { t: "1".repeat(80) })], { limits })
      await expect(run((ds) => ds.update("c", "x", { t: "1".repeat(91) }), { limits })).rejects.toEqual(code("QUOTA_EXCEEDED"))
      await run((ds) => ds.update("c", "x", { t: "" }), { limits })
      await run((ds) => ds.update("c", "x", { t: "1".repeat(80) }), { limits })
    }))

  it("sees nothing of other sites, whatever it asks for", () =>
    withStore(async ({ run }) => {
      await run((ds) => [ds.insert("c", { id: "secret", a: 1 }), ds.index("c", "a")], { site: "b" })
      const attempts = [
        "a') OR 1=1 --",
        "a' OR site='b",
        "$",
        "a$.x",
        '"',
        "a\0",
        "__proto__",
        "constructor",
        "site",
        "collection",
        "data",
        "d.site",
        "1=1; DELETE FROM documents",
      ]
      for (const attempt of attempts.filter((name) => !name.startsWith("$"))) {
        const query = JSON.parse(`{${JSON.stringify(attempt)}:{"$ne":"x"}}`)
        await run((ds) => {
          expect([ds.find("c", query), ds.count("c", query), ds.findOne("c", query)]).toEqual([[], 0, null])
          expect([ds.update("c", query, { hacked: true }), ds.delete("c", query), ds.findOne("c", attempt)]).toEqual([0, 0, null])
          expect(ds.find("c", {}, { sort: { [attempt]: 1 } })).toEqual([])
        })
      }
      expect(await run((ds) => [ds.findOne("c", "secret"), ds.collections(), ds.deleteOldest("c", 0)])).toEqual([null, [], 0])
      expect(await run((ds) => ds.find("c"), { site: "b" })).toMatchObject([{ id: "secret", a: 1 }])
    }))
})
