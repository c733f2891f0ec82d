import { Worker } from "node:worker_threads"
import { describe, expect, it } from "vitest"
import { watchBytes, watched, watcher } from "../../src/runtime/watch.ts"

const pair = () => {
  const memory = new SharedArrayBuffer(watchBytes)
  return { memory, thread: watched(memory), look: watcher(memory) }
}

describe("what a thread says that it does", () => {
  it("is nothing at first, and nothing when it has left", () => {
    const { thread, look } = pair()
    expect(look()).toBeUndefined()
    thread.enter(7)
    thread.leave()
    expect(look()).toBeUndefined()
  })

  it("is its job, and since when", async () => {
    const { thread, look } = pair()
    thread.enter(7)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(look()).toMatchObject({ job: 7 })
    expect(look()!.ms).toBeGreaterThanOrEqual(25)
    expect(look()!.ms).toBeLessThan(5000)
    thread.enter(8)
    expect(look()).toMatchObject({ job: 8 })
    expect(look()!.ms).toBeLessThan(25)
  })

  it("is not known while it is being written", () => {
    const { memory, thread, look } = pair()
    thread.enter(7)
    Atomics.add(new Int32Array(memory), 0, 1)
    expect(look()).toBeUndefined()
    Atomics.add(new Int32Array(memory), 0, 1)
    expect(look()).toMatchObject({ job: 7 })
  })

  it("is never one job's name with another's time", async () => {
    const { memory, look } = pair()
    // Jobs with odd names are old ones, those with even names have just begun.
    const code = `
      const words = new Int32Array(require("node:worker_threads").workerData)
      const now = () => (performance.timeOrigin + performance.now()) & 0x7fffffff
      for (let id = 1; ; id = (id % 1000000) + 1) {
        Atomics.add(words, 0, 1)
        Atomics.store(words, 1, id)
        Atomics.store(words, 2, id % 2 === 1 ? now() - 1000000 : now())
        Atomics.add(words, 0, 1)
        for (let i = 0; i < id % 500; i++) Atomics.load(words, 0)
      }`
    const worker = new Worker(code, { eval: true, workerData: memory })
    while (look() === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    let looks = 0
    for (let round = 0; looks < 5000 && round < 5000; round++) {
      await new Promise((resolve) => setImmediate(resolve))
      for (let i = 0; i < 100; i++) {
        const seen = look()
        if (seen === undefined) continue
        looks++
        expect(seen.ms > 500_000).toBe(seen.job % 2 === 1)
      }
    }
    await worker.terminate()
    expect(looks).toBeGreaterThan(100)
  })
})
