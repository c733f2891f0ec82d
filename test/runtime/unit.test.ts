import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import type { Writer } from "../../src/commands/writer.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import type { Appended } from "../../src/events/EventLog.ts"
import { deleteKey, getKey, incrementKey, listKeys, setKey } from "../../src/runtime/keys.ts"
import { openStorage, type Storage } from "../../src/runtime/storage.ts"
import type { Unit } from "../../src/runtime/unit.ts"
import { ask, tell } from "../support/cartridge.ts"
import { commit, inUnit, noLimits, withStorage } from "../support/units.ts"

const get = (unit: Unit, key: string): unknown => {
  const entry = getKey(unit, key)
  return entry === undefined ? undefined : JSON.parse(entry.text)
}
const set = (unit: Unit, key: string, value: unknown): void => setKey(unit, noLimits, key, JSON.stringify(value), undefined)
const list = (unit: Unit, prefix = ""): ReadonlyArray<string> =>
  listKeys(unit, { prefix, after: undefined, limit: 100 }).entries.map(({ key }) => key)
const begin = (storage: Storage, id: string, site = "a"): Unit => storage.begin(site, id, 1000)

/** Sends what a finished unit wrote and waits, without telling the storage. */
const send = (writer: Pick<Writer, "submit">, unit: Unit) => ask(writer, { kind: "unit", ...unit.finish()! })

const conflict = { ok: false, error: { _tag: "VersionConflict" } }

describe("a unit of work", () => {
  it("sees its own writes, which nobody else sees before they are committed", () =>
    withStorage(async (storage, writer, path) => {
      const elsewhere = openStorage(path)
      const unit = begin(storage, "u1")
      set(unit, "x", { b: 1, a: [2] })
      expect(get(unit, "x")).toEqual({ b: 1, a: [2] })
      expect(list(unit)).toEqual(["x"])
      expect(get(begin(elsewhere, "u2"), "x")).toBeUndefined()
      expect(await commit(storage, writer, unit)).toMatchObject({ ok: true, value: { first: 1, last: 1 } })
      expect(get(begin(elsewhere, "u3"), "x")).toEqual({ b: 1, a: [2] })
      elsewhere.close()
    }))

  it("keeps the snapshot of its first read, whatever is committed meanwhile", () =>
    withStorage(async (storage, writer) => {
      await inUnit(storage, writer, (unit) => set(unit, "x", 1))
      const unit = begin(storage, "u")
      expect(get(unit, "x")).toBe(1)
      await inUnit(storage, writer, (other) => set(other, "x", 2))
      expect(get(unit, "x")).toBe(1)
      expect(unit.finish()).toBeUndefined()
    }))

  it("takes the snapshot no sooner than it reads", () =>
    withStorage(async (storage, writer) => {
      const unit = begin(storage, "u")
      await inUnit(storage, writer, (other) => set(other, "x", 2))
      expect(get(unit, "x")).toBe(2)
    }))

  it("is appended as a whole: one event for each thing, by the site's code, with the request as its cause", () =>
    withStorage(async (storage, writer, path) => {
      const unit = storage.begin("a", "u", 1000, "request-7")
      set(unit, "x", 1)
      set(unit, "y", 2)
      set(unit, "x", 3)
      await commit(storage, writer, unit)
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT id, stream, actor, cause, data FROM events").all()).toEqual([
        { id: "u.0", stream: "kv/a/x", actor: "fn:a", cause: "request-7", data: '{"key":"x","site":"a","size":1,"value":3}' },
        { id: "u.1", stream: "kv/a/y", actor: "fn:a", cause: "request-7", data: '{"key":"y","site":"a","size":1,"value":2}' },
      ])
      db.close()
    }))

  it("leaves nothing behind when it is abandoned", () =>
    withStorage(async (storage, writer) => {
      const unit = begin(storage, "u")
      set(unit, "x", 1)
      unit.abandon()
      unit.abandon()
      expect(() => get(unit, "x")).toThrow("over")
      expect(get(begin(storage, "v"), "x")).toBeUndefined()
      expect(writer.head().seq).toBe(0)
    }))

  it("gives the first result when it is sent again, even if what it had read has changed since", () =>
    withStorage(async (storage, writer) => {
      const unit = begin(storage, "u")
      incrementKey(unit, noLimits, "n", 1)
      const writes = unit.finish()!
      const first = await tell(writer, { kind: "unit", ...writes })
      storage.committed("u", (first as Appended).last)
      await inUnit(storage, writer, (other) => set(other, "n", 9))
      expect(await tell(writer, { kind: "unit", ...writes })).toEqual({ ...(first as Appended), repeated: true })
      expect(get(begin(storage, "v"), "n")).toBe(9)
    }))

  it("cannot write to more than 2000 streams", () =>
    withStorage((storage) => {
      const unit = begin(storage, "u")
      for (let n = 0; n < 2000; n++) set(unit, `k${n}`, n)
      set(unit, "k1", "again")
      expect(() => set(unit, "one more", 1)).toThrow(/at most 2000/)
    }))

  it("cannot write more than 64 MiB, each stream counted as it stands", () =>
    withStorage((storage) => {
      const unit = begin(storage, "u")
      const quarter = 16 * 1024 * 1024
      const write = (stream: string, size: number) =>
        unit.write(stream, { type: "v1.KvSet", data: { site: "a", key: stream, value: 1, size } }, { size })
      for (let n = 0; n < 10; n++) write("again", quarter)
      for (const stream of ["b", "c"]) write(stream, quarter)
      write("d", quarter - 1)
      expect(() => write("e", 2)).toThrow(/at most 67108864 bytes/)
      write("e", 1)
      expect(() => write("f", 1)).toThrow(/at most 67108864 bytes/)
    }))
})

describe("two units at the same time", () => {
  /** Both read, then both commit, in threads of their own. */
  const race = (first: (unit: Unit) => unknown, second: (unit: Unit) => unknown) =>
    withStorage(async (storage, writer, path) => {
      const elsewhere = openStorage(path)
      await inUnit(storage, writer, (unit) => {
        for (const key of ["x", "y", "list/1"]) set(unit, key, 0)
      })
      const [a, b] = [begin(storage, "a"), begin(elsewhere, "b")]
      first(a)
      second(b)
      await commit(storage, writer, a)
      const reply = await commit(elsewhere, writer, b)
      elsewhere.close()
      return reply
    })

  const writesX = (unit: Unit) => set(unit, "x", 1)
  for (const [title, first, second, accepted] of [
    ["increments of one key", (u: Unit) => incrementKey(u, noLimits, "x", 1), (u: Unit) => incrementKey(u, noLimits, "x", 1), false],
    ["a read of what the other one wrote", writesX, (u: Unit) => set(u, "y", get(u, "x")), false],
    [
      "a read of a key that the other one made",
      (u: Unit) => set(u, "new", 1),
      (u: Unit) => set(u, "y", get(u, "new") === undefined),
      false,
    ],
    ["a list of what the other one added to", (u: Unit) => set(u, "list/2", 1), (u: Unit) => set(u, "n", list(u, "list/").length), false],
    [
      "a list of what the other one deleted from",
      (u: Unit) => deleteKey(u, "list/1"),
      (u: Unit) => set(u, "n", list(u, "list/").length),
      false,
    ],
    ["a list of other keys", writesX, (u: Unit) => set(u, "n", list(u, "list/").length), true],
    ["a read of another key", writesX, (u: Unit) => set(u, "x", get(u, "y")), true],
    ["writes without reads", writesX, writesX, true],
    ["a read after its own write", writesX, (u: Unit) => [set(u, "x", 2), set(u, "y", get(u, "x"))], true],
  ] as const) {
    it(`${title}: the second is ${accepted ? "accepted" : "refused"}`, async () => {
      expect(await race(first, second)).toMatchObject(accepted ? { ok: true } : conflict)
    })
  }

  it("do not meet on different sites", () =>
    withStorage(async (storage, writer) => {
      await inUnit(storage, writer, (unit) => set(unit, "x", "of a"))
      await inUnit(storage, writer, (unit) => set(unit, "x", "of b"), { site: "b" })
      expect(await inUnit(storage, writer, (unit) => [get(unit, "x"), list(unit)])).toEqual(["of a", ["x"]])
    }))
})

describe("units that run one after another before the first is committed", () => {
  it("see each other's writes: 100 increments in one batch end at +100, without a conflict", () =>
    withStorage(async (storage, writer) => {
      const replies = Array.from({ length: 100 }, (_, n) => {
        const unit = begin(storage, `u${n}`)
        expect(incrementKey(unit, noLimits, "n", 1)).toBe(n + 1)
        return commit(storage, writer, unit)
      })
      for (const reply of await Promise.all(replies)) expect(reply).toMatchObject({ ok: true })
      expect(await inUnit(storage, writer, (unit) => get(unit, "n"))).toBe(100)
    }))

  it("are refused if the one whose writes they saw is refused, and what was built on it is shown to nobody from then on", () =>
    withStorage(async (storage, writer, path) => {
      const elsewhere = openStorage(path)
      const first = begin(storage, "u1")
      incrementKey(first, noLimits, "n", 1)
      await inUnit(elsewhere, writer, (unit) => set(unit, "n", 10))
      const [one, second] = [first.finish()!, begin(storage, "u2")]
      set(second, "copy", get(second, "n"))
      expect(get(second, "n")).toBe(1)
      const two = second.finish()!
      expect(await ask(writer, { kind: "unit", ...one })).toMatchObject(conflict)
      storage.failed("u1")
      const third = begin(storage, "u3")
      expect([get(third, "n"), get(third, "copy")]).toEqual([10, undefined])
      expect(await ask(writer, { kind: "unit", ...two })).toMatchObject({ ok: false, error: { _tag: "VersionConflict", stream: "u1" } })
      storage.failed("u2")
      elsewhere.close()
    }))

  it("have to be committed in the order in which they saw each other", () =>
    withStorage(async (storage, writer) => {
      const [a, b] = [begin(storage, "a"), begin(storage, "b")]
      set(a, "x", 1)
      set(a, "y", 1)
      const first = a.finish()!
      set(b, "x", 2)
      const second = b.finish()!
      const c = begin(storage, "c")
      set(c, "z", [get(c, "x"), get(c, "y")])
      const third = c.finish()!
      await tell(writer, { kind: "unit", ...second })
      await tell(writer, { kind: "unit", ...first })
      expect(await ask(writer, { kind: "unit", ...third })).toMatchObject(conflict)
    }))

  it("show another thread's later write, not an older layer, once a snapshot holds both", () =>
    withStorage(async (storage, writer, path) => {
      const elsewhere = openStorage(path)
      const unit = begin(storage, "u")
      set(unit, "x", "mine")
      const reply = await send(writer, unit)
      // The verdict is still on its way to this thread.
      await inUnit(elsewhere, writer, (other) => set(other, "x", "theirs"))
      expect(get(begin(storage, "v"), "x")).toBe("theirs")
      storage.committed("u", ((reply as { value: unknown }).value as Appended).last)
      expect(get(begin(storage, "w"), "x")).toBe("theirs")
      elsewhere.close()
    }))

  it("are checked by the writer even if they only read, when what they saw is not known to be durable", () =>
    withStorage(async (storage, writer) => {
      const unit = begin(storage, "u")
      set(unit, "x", 1)
      const writes = unit.finish()!
      const reader = begin(storage, "r")
      expect(get(reader, "x")).toBe(1)
      const check = reader.finish()!
      expect(check.request).toMatchObject({ streams: [], reads: { after: ["u"] } })
      expect(await ask(writer, { kind: "unit", ...check })).toMatchObject(conflict)
      await tell(writer, { kind: "unit", ...writes })
      expect(await tell(writer, { kind: "unit", ...check })).toEqual({ first: 2, last: 1, repeated: false })
    }))
})

describe("blobs of a unit", () => {
  const large = Buffer.alloc(2.5 * 1024 * 1024, "xyz")

  it("are stored with its events, in chunks when they are large, and stay", () =>
    withStorage(async (storage, writer, path) => {
      const value = large.toString()
      await inUnit(storage, writer, (unit) => {
        set(unit, "big", value)
        expect(get(unit, "big")).toBe(value)
      })
      expect(await inUnit(storage, writer, (unit) => get(unit, "big"))).toBe(value)
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT count(*) FROM blob_chunks").pluck().get()).toBe(3)
      expect(db.prepare("SELECT count(*) FROM blob_staging").pluck().get()).toBe(0)
      expect(db.prepare("SELECT value FROM kv_store").pluck().get()).toBeNull()
      db.close()
    }))

  it("can be read by the next unit before they are stored", () =>
    withStorage((storage) => {
      const unit = begin(storage, "u")
      set(unit, "big", large.toString())
      unit.finish()
      expect(get(begin(storage, "v"), "big")).toBe(large.toString())
    }))

  it("have to be there: an event that names none is refused, with the whole unit", () =>
    withStorage(async (storage, writer) => {
      const unit = begin(storage, "u")
      set(unit, "big", large.toString())
      const { request } = unit.finish()!
      expect(await ask(writer, { kind: "unit", request, blobs: [] })).toMatchObject({ ok: false, error: { _tag: "InvalidEvent" } })
      expect(writer.head().seq).toBe(0)
      expect(await ask(writer, { kind: "unit", request, blobs: [Buffer.from(JSON.stringify(large.toString()))] })).toMatchObject({
        ok: true,
      })
    }))

  it("are taken back when the unit is refused", () =>
    withStorage(async (storage, writer, path) => {
      const unit = begin(storage, "u")
      incrementKey(unit, noLimits, "n", 1)
      const hash = unit.putBytes(Buffer.from("content"))
      expect(hash).toBe(sha256Hex("content"))
      await inUnit(openStorage(path), writer, (other) => set(other, "n", 5))
      expect(await commit(storage, writer, unit)).toMatchObject(conflict)
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT count(*) FROM blobs").pluck().get()).toBe(0)
      db.close()
    }))
})
