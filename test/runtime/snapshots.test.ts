import { MessageChannel } from "node:worker_threads"
import { describe, expect, it } from "vitest"
import { getKey, setKey } from "../../src/runtime/keys.ts"
import { type Snapshot, snapshots } from "../../src/runtime/snapshots.ts"
import { inUnit, noLimits, withStorage } from "../support/units.ts"

/** Commits one more event. */
const writeOne = (storage: Parameters<typeof inUnit>[0], writer: Parameters<typeof inUnit>[1]): Promise<void> =>
  inUnit(storage, writer, (unit) => setKey(unit, noLimits, "x", "1", undefined))

/** A time at which they are shared. */
let now = 80_050

const withSnapshots = (use: (take: () => Snapshot, commit: () => Promise<void>, pool: ReturnType<typeof snapshots>) => Promise<void>) =>
  withStorage(async (storage, writer, path) => {
    now = 80_050
    const pool = snapshots(path, () => now)
    try {
      await use(pool.take, () => writeOne(storage, writer), pool)
    } finally {
      pool.close()
    }
  })

describe("snapshots", () => {
  it("are shared by those who ask in one turn of the event loop, and by nobody who asks later", () =>
    withSnapshots(async (take, commit) => {
      const [first, second] = [take(), take()]
      expect(second).toBe(first)
      await commit()
      const later = take()
      expect([first.seq, later.seq]).toEqual([0, 1])
      for (const snapshot of [first, second, later]) snapshot.close()
    }))

  it("last until all who share them have closed them", () =>
    withSnapshots(async (take, commit) => {
      const [first, second] = [take(), take()]
      first.close()
      await commit()
      expect(second.has("nothing")).toBe(false)
      expect(second.changes(0, ["kv/a/x"], [])).toEqual([])
      second.close()
    }))

  it("are no older than the message in which they are asked for, even if several messages come at once", () =>
    withSnapshots(async (take, commit) => {
      const { port1, port2 } = new MessageChannel()
      const seqs: Array<number> = []
      const snapshotsOfMessages: Array<Snapshot> = []
      const both = new Promise<void>((resolve) =>
        port2.on("message", () => {
          const snapshot = take()
          seqs.push(snapshot.seq)
          snapshotsOfMessages.push(snapshot)
          if (seqs.length === 2) resolve()
        }),
      )
      await commit()
      port1.postMessage("one")
      port1.postMessage("two")
      await both
      expect(snapshotsOfMessages[0]).not.toBe(snapshotsOfMessages[1])
      for (const snapshot of snapshotsOfMessages) snapshot.close()
      port1.close()
    }))

  it("are not shared for long, however long the turn is", () =>
    withSnapshots(async (take) => {
      const first = take()
      now += 2
      const second = take()
      expect(second).not.toBe(first)
      first.close()
      second.close()
    }))

  it("are shared by nobody for a moment that all threads have together, so that the write-ahead log can begin again", () =>
    withSnapshots(async (take) => {
      now = 80_005
      const [first, second] = [take(), take()]
      expect(second).not.toBe(first)
      first.close()
      second.close()
    }))

  it("are not shared with those who ask after a unit of this thread is known to be committed", () =>
    withSnapshots(async (take, _, pool) => {
      const first = take()
      pool.stopSharing()
      const second = take()
      expect(second).not.toBe(first)
      first.close()
      second.close()
    }))

  it("are asked once for what many want to know of them", () =>
    withSnapshots(async (take, commit) => {
      let asked = 0
      const find = ({ seq }: Snapshot, of: string): string => {
        asked++
        return `${of} at ${seq}`
      }
      const [first, second] = [take(), take()]
      expect([first.once(find, "a"), second.once(find, "a"), second.once(find, "b"), asked]).toEqual(["a at 0", "a at 0", "b at 0", 2])
      first.close()
      second.close()
      await commit()
      const later = take()
      expect(later.once(find, "a")).toBe("a at 1")
      later.close()
    }))
})

it("Units of one turn see each other's writes over the snapshot that they share", () =>
  withStorage((storage) => {
    const first = storage.begin("a", "u1", 1000)
    expect(getKey(first, "x")).toBeUndefined()
    setKey(first, noLimits, "x", "1", undefined)
    first.finish()
    const second = storage.begin("a", "u2", 1000)
    expect(getKey(second, "x")?.text).toBe("1")
    second.abandon()
  }))
