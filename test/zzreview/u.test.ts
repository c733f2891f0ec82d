import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Writer } from "../../src/commands/writer.ts"
import type { WriterReply } from "../../src/commands/writerRequest.ts"
import type { Appended } from "../../src/events/EventLog.ts"
import { compareAndSetKey, deleteKey, getKey, incrementKey, listKeys, setKey } from "../../src/runtime/keys.ts"
import { openStorage, type Storage } from "../../src/runtime/storage.ts"
import type { Unit, UnitWrites } from "../../src/runtime/unit.ts"
import { withWriter } from "../support/cartridge.ts"
import { noLimits } from "../support/units.ts"

const keys = ["a", "ab", "b"] as const
const now = 1000

type Op =
  | { readonly op: "get" | "delete" | "incr" | "setExpired"; readonly key: string }
  | { readonly op: "set"; readonly key: string; readonly value: number | string }
  | { readonly op: "cas"; readonly key: string; readonly expected: number | undefined; readonly next: number }
  | { readonly op: "copy"; readonly from: string; readonly key: string }
  | { readonly op: "list"; readonly prefix: string }

/** What user code sees of one operation. */
const observe = (unit: Unit, op: Op): unknown => {
  switch (op.op) {
    case "get":
      return getKey(unit, op.key)?.text ?? null
    case "set":
      return void setKey(unit, noLimits, op.key, JSON.stringify(op.value), undefined)
    case "setExpired":
      return void setKey(unit, noLimits, op.key, "0", now)
    case "delete":
      return deleteKey(unit, op.key)
    case "incr":
      try {
        return incrementKey(unit, noLimits, op.key, 1)
      } catch {
        return "not a number"
      }
    case "cas":
      return compareAndSetKey(unit, noLimits, op.key, json(op.expected), JSON.stringify(op.next), undefined)
    case "copy": {
      const entry = getKey(unit, op.from)
      return void (entry === undefined ? deleteKey(unit, op.key) : setKey(unit, noLimits, op.key, entry.text, undefined))
    }
    case "list":
      return listKeys(unit, { prefix: op.prefix, after: undefined, limit: 10 }).entries.map(({ key, text }) => [key, text()])
  }
}

/** The same on a plain map, one unit after another: what it has to look like. */
const model = (state: Map<string, string>, op: Op): unknown => {
  switch (op.op) {
    case "get":
      return state.get(op.key) ?? null
    case "set":
      return void state.set(op.key, JSON.stringify(op.value))
    case "setExpired":
      return void state.delete(op.key)
    case "delete":
      return state.delete(op.key)
    case "incr": {
      const before = JSON.parse(state.get(op.key) ?? "0")
      if (typeof before !== "number") return "not a number"
      state.set(op.key, String(before + 1))
      return before + 1
    }
    case "cas":
      if (state.get(op.key) !== json(op.expected)) return false
      state.set(op.key, String(op.next))
      return true
    case "copy": {
      const text = state.get(op.from)
      return void (text === undefined ? state.delete(op.key) : state.set(op.key, text))
    }
    case "list":
      return [...state].filter(([key]) => key.startsWith(op.prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))

const key = fc.constantFrom(...keys)
const small = fc.nat(2)
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom("get" as const, "incr" as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("set" as const), key, value: fc.oneof(small, fc.constant("text")) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("delete" as const, "setExpired" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("cas" as const), key, expected: fc.option(small, { nil: undefined }), next: small }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("copy" as const), from: key, key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("list" as const), prefix: fc.constantFrom("", "a", "ab") }) },
)

const threads = 2

/**
 * Who does something next: a unit its next operation (or its end), or all of them and is sent; a thread sends what it has finished first
 * (or last, which it should not, and which must do no harm either) or hears a verdict; or the writer commits.
 */
type Turn =
  | { readonly turn: "unit" | "whole"; readonly n: number }
  | { readonly turn: "send" | "sendLast" | "hear"; readonly thread: number }
  | { readonly turn: "commit" }

const scenario = fc.record({
  units: fc.array(fc.record({ thread: fc.nat(threads - 1), ops: fc.array(op, { minLength: 1, maxLength: 4 }) }), {
    minLength: 2,
    maxLength: 10,
  }),
  turns: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ turn: fc.constant("unit" as const), n: fc.nat(9) }) },
      { weight: 3, arbitrary: fc.record({ turn: fc.constant("whole" as const), n: fc.nat(9) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          turn: fc.constantFrom("send" as const, "send" as const, "sendLast" as const, "hear" as const),
          thread: fc.nat(threads - 1),
        }),
      },
      { weight: 3, arbitrary: fc.record({ turn: fc.constant("commit" as const) }) },
    ),
    { maxLength: 120 },
  ),
})

interface Run {
  readonly id: string
  readonly thread: number
  readonly ops: ReadonlyArray<Op>
  readonly observed: Array<unknown>
  unit: Unit | undefined
  next: number
  /** Where it stands in the one order of all that took effect: after the event with this seq, in the writer's order of answers. */
  place: readonly [seq: number, order: number] | undefined
  /** Everything that was acknowledged before it began stands before it. */
  notBefore: number
}

/** Plays a scenario and gives the units that took effect. */
const play = async (
  writer: Pick<Writer, "submit">,
  path: string,
  {
    units,
    turns,
  }: { readonly units: ReadonlyArray<{ readonly thread: number; readonly ops: ReadonlyArray<Op> }>; readonly turns: ReadonlyArray<Turn> },
): Promise<{ readonly done: ReadonlyArray<Run>; readonly refused: number }> => {
  const storages: ReadonlyArray<Storage> = Array.from({ length: threads }, () => openStorage(path))
  const outboxes: ReadonlyArray<Array<readonly [Run, UnitWrites]>> = storages.map(() => [])
  const inboxes: ReadonlyArray<Array<readonly [Run, WriterReply]>> = storages.map(() => [])
  const runs = units.map(
    ({ thread, ops }, n): Run => ({ id: `u${n}`, thread, ops, observed: [], unit: undefined, next: 0, place: undefined, notBefore: 0 }),
  )
  let order = 0
  let refused = 0
  let acknowledged = 0
  let unanswered = 0

  const step = (run: Run): void => {
    if (run.next > run.ops.length) return
    if (run.unit === undefined) {
      run.unit = storages[run.thread]!.begin("a", run.id, now)
      run.notBefore = acknowledged
    }
    const op = run.ops[run.next++]
    if (op !== undefined) {
      run.observed.push(observe(run.unit, op))
      return
    }
    const seq = run.unit.seq()
    const writes = run.unit.finish()
    if (writes === undefined) run.place = [seq, Number.POSITIVE_INFINITY]
    else outboxes[run.thread]!.push([run, writes])
  }
  const send = (thread: number, last = false): void => {
    const next = last ? outboxes[thread]!.pop() : outboxes[thread]!.shift()
    if (next === undefined) return
    const [run, writes] = next
    unanswered++
    writer.submit({ kind: "unit", ...writes }, (reply) => {
      unanswered--
      if (reply.ok) run.place = [(reply.value as Appended).last, order++]
      else refused++
      inboxes[thread]!.push([run, reply])
    })
  }
  const hear = (thread: number): void => {
    const next = inboxes[thread]!.shift()
    if (next === undefined) return
    const [run, reply] = next
    if (!reply.ok && !("error" in reply && reply.error._tag === "VersionConflict")) throw "error" in reply ? reply.error : reply.defect
    if (!reply.ok) return storages[thread]!.failed(run.id)
    const { last } = reply.value as Appended
    acknowledged = Math.max(acknowledged, last)
    storages[thread]!.committed(run.id, last)
  }
  const commit = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  for (const turn of turns) {
    switch (turn.turn) {
      case "unit":
        step(runs[turn.n % runs.length]!)
        break
      case "whole": {
        const run = runs[turn.n % runs.length]!
        while (run.next <= run.ops.length) step(run)
        send(run.thread)
        break
      }
      case "send":
        send(turn.thread)
        break
      case "sendLast":
        send(turn.thread, true)
        break
      case "hear":
        hear(turn.thread)
        break
      case "commit":
        await commit()
    }
  }
  for (const run of runs) while (run.next <= run.ops.length) step(run)
  for (let thread = 0; thread < threads; thread++) while (outboxes[thread]!.length > 0) send(thread)
  while (unanswered > 0) await commit()
  for (let thread = 0; thread < threads; thread++) while (inboxes[thread]!.length > 0) hear(thread)
  for (const storage of storages) storage.close()
  return { done: runs.filter(({ place }) => place !== undefined), refused }
}

describe("units of work, in whatever order they run, are sent, committed and heard of", () => {
  it("have all seen what they would have seen one after another, in the order of the log", async () => {
    let accepted = 0
    let conflicts = 0
    await fc.assert(
      fc.asyncProperty(scenario, (given) =>
        withWriter(async (writer, path) => {
          const { done, refused } = await play(writer, path, given)
          accepted += done.length
          conflicts += refused
          const ordered = [...done].sort((a, b) => a.place![0] - b.place![0] || a.place![1] - b.place![1])
          const state = new Map<string, string>()
          for (const run of ordered) {
            expect(run.place![0]).toBeGreaterThanOrEqual(run.notBefore)
            expect(run.observed, `${run.id} of ${ordered.map(({ id, place }) => `${id}@${place}`)}`).toEqual(
              run.ops.map((op) => model(state, op)),
            )
          }
          const end = openStorage(path)
          const reader = end.begin("a", "end", now)
          expect(observe(reader, { op: "list", prefix: "" })).toEqual(model(state, { op: "list", prefix: "" }))
          reader.abandon()
          end.close()
        }),
      ),
      { numRuns: 1500 },
    )
    // Both happen often, or this shows nothing.
    expect(accepted).toBeGreaterThan(conflicts)
    expect(conflicts).toBeGreaterThan(10)
  })
})
