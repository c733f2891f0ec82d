import { statSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { getKey, incrementKey, listKeys, setKey } from "../../src/runtime/keys.ts"
import type { Storage } from "../../src/runtime/storage.ts"
import { SnapshotMoved, type Unit } from "../../src/runtime/unit.ts"
import { commit, inUnit, noLimits, withStorage } from "../support/units.ts"

const get = (unit: Unit, key: string): unknown => {
  const entry = getKey(unit, key)
  return entry === undefined ? undefined : JSON.parse(entry.text)
}
const set = (unit: Unit, key: string, value: unknown): void => setKey(unit, noLimits, key, JSON.stringify(value), undefined)
const list = (unit: Unit, prefix: string): ReadonlyArray<string> =>
  listKeys(unit, { prefix, after: undefined, limit: 100 }).entries.map(({ key }) => key)
const begin = (storage: Storage, id: string): Unit => storage.begin("a", id, 1000)

describe("a unit of work that has waited", () => {
  it("goes on where it was if nothing that it has read has changed", () =>
    withStorage(async (storage, writer) => {
      await inUnit(storage, writer, (unit) => set(unit, "x", 1))
      const unit = begin(storage, "u")
      expect(get(unit, "x")).toBe(1)
      unit.pause()
      await inUnit(storage, writer, (other) => set(other, "y", 2))
      expect([get(unit, "x"), get(unit, "y")]).toEqual([1, 2])
      set(unit, "x", 3)
      expect(await commit(storage, writer, unit)).toMatchObject({ ok: true })
    }))

  it.each<readonly [string, (unit: Unit) => unknown, (other: Unit) => void]>([
    ["a key that it had read", (unit) => get(unit, "x"), (other) => set(other, "x", 2)],
    ["a key that was not there", (unit) => get(unit, "new"), (other) => set(other, "new", 2)],
    ["a list that it had read", (unit) => list(unit, "x"), (other) => set(other, "x2", 2)],
  ])("has to run again when somebody has changed %s", (_, read, change) =>
    withStorage(async (storage, writer) => {
      await inUnit(storage, writer, (unit) => set(unit, "x", 1))
      const unit = begin(storage, "u")
      read(unit)
      unit.pause()
      await inUnit(storage, writer, change)
      expect(() => get(unit, "z")).toThrow(SnapshotMoved)
    }))

  it("is refused at its end if it did not look again", () =>
    withStorage(async (storage, writer) => {
      await inUnit(storage, writer, (unit) => set(unit, "x", 1))
      const unit = begin(storage, "u")
      incrementKey(unit, noLimits, "x", 1)
      unit.pause()
      await inUnit(storage, writer, (other) => set(other, "x", 5))
      expect(await commit(storage, writer, unit)).toMatchObject({ ok: false, error: { _tag: "VersionConflict" } })
    }))

  it("does not take what it saw of another unit, stored meanwhile, for a change", () =>
    withStorage(async (storage, writer) => {
      const first = begin(storage, "first")
      set(first, "x", 1)
      const sending = commit(storage, writer, first)
      const second = begin(storage, "second")
      expect(get(second, "x")).toBe(1)
      second.pause()
      await sending
      expect(get(second, "x")).toBe(1)
      incrementKey(second, noLimits, "x", 1)
      expect(await commit(storage, writer, second)).toMatchObject({ ok: true })
    }))

  it("has to run again when what it saw of another unit was never stored", () =>
    withStorage(async (storage) => {
      const first = begin(storage, "first")
      set(first, "x", 1)
      first.finish()
      const second = begin(storage, "second")
      expect(get(second, "x")).toBe(1)
      expect(await Promise.race([storage.settled(second.seenUnits()), Promise.resolve("open")])).toBe("open")
      second.pause()
      storage.failed("first")
      expect(await storage.settled([])).toBe(true)
      expect(() => get(second, "x")).toThrow(SnapshotMoved)
    }))

  it("never ends with something that the units before it contradict, however their steps mix", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ unit: fc.nat(3), key: fc.constantFrom("x", "y"), do: fc.constantFrom("add", "pause", "end") }), {
          maxLength: 40,
        }),
        (steps) =>
          withStorage(async (storage, writer) => {
            const units = new Map<number, { unit: Unit; added: Map<string, number> }>()
            const sums = new Map<string, number>()
            let n = 0
            const end = async (number: number): Promise<void> => {
              const { unit, added } = units.get(number)!
              units.delete(number)
              if ((await commit(storage, writer, unit))?.ok !== true) return
              for (const [key, count] of added) sums.set(key, (sums.get(key) ?? 0) + count)
            }
            for (const step of steps) {
              const at = units.get(step.unit) ?? { unit: begin(storage, `u${n++}`), added: new Map<string, number>() }
              units.set(step.unit, at)
              if (step.do === "pause") at.unit.pause()
              else if (step.do === "end") await end(step.unit)
              else {
                try {
                  incrementKey(at.unit, noLimits, step.key, 1)
                  at.added.set(step.key, (at.added.get(step.key) ?? 0) + 1)
                } catch (error) {
                  if (!(error instanceof SnapshotMoved)) throw error
                  at.unit.abandon()
                  units.delete(step.unit)
                }
              }
            }
            for (const number of [...units.keys()]) await end(number)
            const last = begin(storage, "last")
            for (const key of ["x", "y"]) expect(get(last, key) ?? 0).toBe(sums.get(key) ?? 0)
            last.abandon()
          }),
      ),
      { numRuns: 30 },
    ))

  it("lets the write-ahead log begin again, however many units wait", () =>
    withStorage(async (storage, writer, path) => {
      const large = "x".repeat(50_000)
      const waiting: Array<Unit> = []
      for (let i = 0; i < 400; i++) {
        const unit = begin(storage, `waits-${i}`)
        get(unit, "nothing")
        unit.pause()
        waiting.push(unit)
        if (waiting.length > 5) waiting.shift()!.abandon()
        await inUnit(storage, writer, (other) => set(other, "big", `${i}${large}`))
      }
      expect(statSync(`${path}-wal`).size).toBeLessThan(24 * 1024 * 1024)
    }))
})
