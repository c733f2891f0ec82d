import type Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { openForReading } from "../../src/events/cartridge.ts"
import type { Event } from "../../src/events/event.ts"
import { kvQueries } from "../../src/projections/kvStore.ts"
import { objectQueries } from "../../src/projections/objects.ts"
import { compareText, prefixRange } from "../../src/projections/prefixRange.ts"
import { siteUsageQueries } from "../../src/projections/siteUsage.ts"
import { tell, withWriter } from "../support/cartridge.ts"

let made = 0

/** Appends events one by one and hands over a connection to what the projections have made of them. */
const afterEvents = <T>(
  events: ReadonlyArray<readonly [stream: string, event: Event]>,
  use: (db: Database.Database) => T,
  erase: ReadonlyArray<number> = [],
): Promise<T> =>
  withWriter(async (writer, path) => {
    for (const [stream, event] of events) {
      const streams = [{ stream, expected: "any" as const, events: [{ ...event, id: `e${made++}` }] }]
      await tell(writer, { kind: "append", request: { actor: "owner", cause: "t", streams } })
    }
    for (const seq of erase) await tell(writer, { kind: "erase", seq, id: `e${made++}`, reason: "r", actor: "owner", cause: "t" })
    const db = openForReading(path)
    try {
      return use(db)
    } finally {
      db.close()
    }
  })

const set = (key: string, value: unknown, more: { readonly expires?: number; readonly site?: string } = {}) => {
  const { site = "a", ...rest } = more
  const data = { site, key, value, size: JSON.stringify(value).length, ...rest }
  return [`kv/${site}/${key}`, { type: "v1.KvSet", data }] as const
}
const remove = (key: string) => [`kv/a/${key}`, { type: "v1.KvDeleted", data: { site: "a", key } }] as const
const put = (path: string, size: number) =>
  [`object/a/${path}`, { type: "v1.ObjectPut", data: { site: "a", path, blob: "0".repeat(64), size, type: "text/plain" } }] as const
const removeObject = (path: string) => [`object/a/${path}`, { type: "v1.ObjectDeleted", data: { site: "a", path } }] as const

const keysOf = (
  db: Database.Database,
  prefix: string,
  more: { readonly after?: string; readonly limit?: number; readonly now?: number } = {},
) =>
  kvQueries(db)
    .keys("a", { prefix, now: 1000, limit: 100, ...more })
    .map(({ key }) => key)

describe("keys", () => {
  it("have their last value, its size and version; a value is kept as canonical JSON", () =>
    afterEvents([set("x", 1), set("x", { b: [null], a: "é" }), set("y", 2), remove("y"), set("x", 9, { site: "b" })], (db) => {
      expect(kvQueries(db).key("a", "x", 0)).toMatchObject({ value: '{"a":"é","b":[null]}', blob: null, version: 2, expires_at: null })
      expect(keysOf(db, "")).toEqual(["x"])
    }))

  it("count as absent from their expiry on, and can be found by it", () =>
    afterEvents([set("x", 1, { expires: 1000 }), set("y", 2, { expires: 1001 }), set("z", 3, { expires: 5 }), set("z", 3)], (db) => {
      expect(keysOf(db, "")).toEqual(["y", "z"])
      expect(kvQueries(db).key("a", "x", 999)).toBeDefined()
      expect(kvQueries(db).key("a", "x", 1000)).toBeUndefined()
      expect(kvQueries(db).expired(1000, 10)).toEqual([{ site: "a", key: "x", version: 1 }])
      expect(kvQueries(db).expired(2000, 1)).toHaveLength(1)
    }))

  it("are listed by a prefix that stands for itself, in the order of their bytes, in pages", () => {
    const keys = ["a", "a%", "a/1", "a/2", "a_", "ab", "b", "é", "\u{10ffff}", "\ue000", "😀"]
    return afterEvents(
      keys.map((key) => set(key, 1)),
      (db) => {
        expect(keysOf(db, "")).toEqual(["a", "a%", "a/1", "a/2", "a_", "ab", "b", "é", "\ue000", "😀", "\u{10ffff}"])
        expect(keysOf(db, "a%")).toEqual(["a%"])
        expect(keysOf(db, "a_")).toEqual(["a_"])
        expect(keysOf(db, "a/", { limit: 1 })).toEqual(["a/1"])
        expect(keysOf(db, "a/", { after: "a/1" })).toEqual(["a/2"])
        expect(keysOf(db, "a/", { after: "a" })).toEqual(["a/1", "a/2"])
        expect(keysOf(db, "a/", { after: "b" })).toEqual([])
        expect(keysOf(db, "\u{10ffff}")).toEqual(["\u{10ffff}"])
        expect(keysOf(db, "nothing")).toEqual([])
      },
    )
  })

  it("do not go back to an earlier value when the last one is erased", () =>
    afterEvents(
      [set("x", 1), set("x", 22), set("y", 333)],
      (db) => {
        expect(keysOf(db, "")).toEqual(["y"])
        expect(siteUsageQueries(db).usage("a")).toMatchObject({ kv_keys: 1, kv_bytes: 3 })
      },
      [2],
    ))
})

describe("objects", () => {
  it("have their last content, and are listed by prefix", () =>
    afterEvents([put("a/1.txt", 5), put("a/1.txt", 6), put("a/2.txt", 7), put("b", 8), removeObject("b")], (db) => {
      expect(objectQueries(db).object("a", "a/1.txt")).toMatchObject({ size: 6, version: 2, type: "text/plain" })
      expect(
        objectQueries(db)
          .objects("a", { prefix: "a/", limit: 9 })
          .map(({ path }) => path),
      ).toEqual(["a/1.txt", "a/2.txt"])
      expect(objectQueries(db).objects("a", { prefix: "", after: "a/1.txt", limit: 9 })).toHaveLength(1)
      expect(objectQueries(db).object("b", "a/1.txt")).toBeUndefined()
    }))

  it("do not go back to earlier content when the last one is erased", () =>
    afterEvents([put("x", 1), put("x", 2)], (db) => expect(objectQueries(db).object("a", "x")).toBeUndefined(), [2]))
})

describe("a site's usage", () => {
  const document = (data: unknown) =>
    ["doc/a/notes/1", { type: "v1.DocumentWritten", data: { site: "a", collection: "notes", id: "1", data } } as Event] as const

  it("is what is there now", () =>
    afterEvents(
      [set("x", "four"), set("x", 1), set("y", 22), remove("y"), remove("y"), put("o", 100), put("o", 50), put("p", 7), removeObject("p")],
      (db) => {
        expect(siteUsageQueries(db).usage("a")).toEqual({
          kv_keys: 1,
          kv_bytes: 1,
          documents: 0,
          document_bytes: 0,
          objects: 1,
          object_bytes: 50,
        })
        expect(siteUsageQueries(db).usage("b")).toMatchObject({ kv_keys: 0 })
      },
    ))

  it("counts documents by their JSON", () =>
    afterEvents([document({ b: 1, a: "é" }), document({ a: 1 })], (db) => {
      expect(siteUsageQueries(db).usage("a")).toMatchObject({ documents: 1, document_bytes: 7 })
    }))
})

describe("bounds of a prefix", () => {
  for (const [prefix, upper] of [
    ["a", "b"],
    ["az", "a{"],
    ["\ud7ff", "\ue000"],
    ["a\u{10ffff}", "b"],
    ["a😀", "a😁"],
  ] as const) {
    it(`end ${JSON.stringify(prefix)} before ${JSON.stringify(upper)}`, () => {
      expect(prefixRange(prefix)).toEqual({ lower: prefix, upper })
      expect(compareText(prefix, upper)).toBeLessThan(0)
    })
  }
})
