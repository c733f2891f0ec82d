import { Worker } from "node:worker_threads"
import { expect, it } from "vitest"
import { writerMeter } from "../../src/commands/writerMeter.ts"
import { ask, tell, withWriter } from "../support/cartridge.ts"

it("counts transactions, what was in them, and how long they took", () => {
  const meter = writerMeter()
  meter.queued(3)
  meter.committed(2, 5, 0.0001)
  meter.committed(1, 1, 0.003)
  meter.failed(1, 99)
  const { duration, ...stats } = meter.stats()
  expect(stats).toEqual({ queued: 3, requests: 4, commits: 3, failures: 1, events: 6 })
  expect(Array.from(duration.counts)).toEqual(duration.bounds.map((bound) => Number(bound === 0.0005 || bound === 0.004)).concat(1))
  expect(duration.sum).toBeCloseTo(99.0031)
})

it("is read by other threads while it counts", async () => {
  const meter = writerMeter()
  const code = `
    const { workerData, parentPort } = require("node:worker_threads")
    const cells = new Float64Array(workerData)
    cells[0] = 7
    parentPort.postMessage("done")`
  const worker = new Worker(code, { eval: true, workerData: meter.memory })
  await new Promise((resolve) => worker.once("message", resolve))
  await worker.terminate()
  expect(meter.stats().queued).toBe(7)
})

it("is kept by the writer, also where storage fails", () => {
  const meter = writerMeter()
  return withWriter(
    async (writer) => {
      const create = (site: string) =>
        ({ kind: "command", command: { _tag: "CreateSite", site }, id: site, actor: "owner", cause: "test" }) as const
      const before = meter.stats()
      await Promise.all(["a", "b", "c"].map((site) => tell(writer, create(site))))
      const after = meter.stats()
      expect([after.requests - before.requests, after.events - before.events, after.commits - before.commits]).toEqual([3, 3, 1])
      writer.limitPages(1)
      await ask(writer, { kind: "putBlobs", blobs: [Buffer.alloc(1024 * 1024)] })
      expect([meter.stats().failures, meter.stats().queued]).toEqual([1, 0])
      writer.limitPages(1_000_000)
    },
    { meter: meter.memory },
  )
})
