import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, expect, it } from "vitest"
import type { SandboxSettings } from "../../src/runtime/messages.ts"
import type { SandboxThread } from "../../src/runtime/poolThread.ts"
import { threadLanes } from "../../src/runtime/threadLanes.ts"
import { temporaryFolder } from "../support/cartridge.ts"

const thread = new URL("./attacks/fakeThread.ts", import.meta.url)
let folder: string

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it("a thread is replaced once, also when it has died and its engine could not be made", async () => {
  writeFileSync(join(folder, "die-at-start"), "")
  const replaced: Array<SandboxThread> = []
  let engines = 0
  const lanes = threadLanes(
    {
      thread,
      path: folder,
      engine: async () => {
        if (++engines > 2) return undefined as never
        await sleep(300)
        throw new Error("There is no engine.")
      },
      threads: 1,
      settings: () => ({ run: { cpuMs: 50 }, startMs: 200 }) as SandboxSettings,
      onDied: () => {},
    },
    { ready: () => {}, message: () => {}, ended: (ended) => replaced.push(ended) },
  )
  lanes.begin()
  await sleep(2000)
  expect(replaced.length).toBe(2)
  expect(new Set(replaced).size).toBe(2)
  await lanes.close()
})
