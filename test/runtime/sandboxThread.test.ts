import { rmSync } from "node:fs"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { afterAll, beforeAll, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { threadUrl } from "../../src/resources.ts"
import { type Engine, makeEngine } from "../../src/runtime/blank.ts"
import type { FromSandbox, SandboxSettings, ToSandbox } from "../../src/runtime/messages.ts"
import { watchBytes } from "../../src/runtime/watch.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"

const folder = temporaryFolder()
const path = join(folder, "data.db")
let engine: Engine

beforeAll(() => {
  makeWriter(writerOptions(path)).close()
  engine = makeEngine()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const settings = {
  run: { cpuMs: 100, hostCalls: 100, hostBytes: 1e6, responseBytes: 1e6 },
  bindings: { allowedHosts: [] as ReadonlyArray<string> },
  wallMs: 1000,
  memoryBytes: 32 * 1024 * 1024,
  logLines: 10,
  startMs: 2000,
} as SandboxSettings

/** A thread that is sent these messages, the engine among them; `answered` settles with its first message of the kind. */
const threadWith = (first: SandboxSettings) => {
  const workerData = { path, watch: new SharedArrayBuffer(watchBytes), settings: first }
  const worker = new Worker(threadUrl("runtime/sandboxThread"), { workerData, resourceLimits: { stackSizeMb: 8 } })
  const died = new Promise<never>((_, reject) => worker.once("error", reject))
  died.catch(() => {})
  return {
    send: (message: ToSandbox | { readonly engine: Engine }): void => worker.postMessage(message),
    answered: (kind: keyof FromSandbox): Promise<FromSandbox> =>
      Promise.race([
        died,
        new Promise<FromSandbox>((resolve) => worker.on("message", (message: FromSandbox) => kind in message && resolve(message))),
      ]),
    livesFor: (milliseconds: number) => Promise.race([died, new Promise((resolve) => setTimeout(resolve, milliseconds, true))]),
    end: () => worker.terminate(),
  }
}

const start: ToSandbox = {
  start: { id: 1, site: "none", manifest: "none", server: { form: "module", entry: "main.js", scope: "site", modules: [], stdlib: [] } },
}

it("takes what it is told while the engine is still being made", async () => {
  const thread = threadWith(settings)
  try {
    thread.send({ settings: { ...settings, logLines: 1 } })
    thread.send({ engine })
    thread.send(start)
    expect(await thread.answered("started")).toMatchObject({ started: { id: 1 } })
  } finally {
    await thread.end()
  }
})

it("warms up, however little time programs have to start in", async () => {
  const thread = threadWith({ ...settings, startMs: 1 })
  try {
    thread.send({ engine })
    await thread.answered("ready")
    expect(await thread.livesFor(600)).toBe(true)
  } finally {
    await thread.end()
  }
})
