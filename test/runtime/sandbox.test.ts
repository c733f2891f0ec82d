import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { JobRun } from "../../src/runtime/jobRun.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { type BareSandbox, bareSandbox, differences } from "./attacks/bareSandbox.ts"

const folder = temporaryFolder()
let bare: BareSandbox

beforeAll(() => {
  const path = join(folder, "data.db")
  makeWriter(writerOptions(path)).close()
  const runsWhatItIsSent = `export default { async fetch(request) {
    const result = await eval("(async () => {" + (await request.text()) + "})()")
    return result instanceof Response ? result : new Response(String(result))
  } }`
  bare = bareSandbox(path, { "main.js": runsWhatItIsSent }, 1024 * 1024)
})
afterAll(() => {
  bare.close()
  rmSync(folder, { recursive: true, force: true })
})

it("is restored after its memory was full to the last byte", async () => {
  const fill = `const all = []
    for (let size = 4e6; size > 100; size /= 2) try { for (;;) all.push(new Uint8Array(size).fill(7)) } catch {}
    all.length = 0
    return "full"`
  expect(await bare.run("/", fill)).toMatchObject({ text: "full" })
  bare.sandbox.restore()
  expect(differences(bare)).toEqual([])
})

it("answers with bytes that take nothing along to another thread", async () => {
  const answered = vi.spyOn(JobRun.prototype, "answered")
  await bare.run("/", "return new Response(new Uint8Array([1, 2, 255]))")
  bare.sandbox.restore()
  const { body } = answered.mock.calls[0]![0]
  expect(body).toEqual(Uint8Array.of(1, 2, 255))
  expect((body as Uint8Array).buffer.byteLength).toBe(3)
  answered.mockRestore()
})

it("does not go on with timers while a script waits in the middle of its code", async () => {
  const waits = `setTimeout(() => {}, 1); fazt.net.fetch("http://example.com/"); return "over"`
  expect(await bare.run("/", waits, { waitMs: 50 })).toMatchObject({ waits: true, status: undefined })
  bare.sandbox.restore()
  expect(await bare.run("/", `return "fine"`)).toMatchObject({ text: "fine" })
  bare.sandbox.restore()
})
