import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { allAttacks } from "./attacks/attacks.ts"
import { type BareSandbox, bareSandbox, differences } from "./attacks/bareSandbox.ts"
import { openProgram } from "./attacks/hostileRequests.ts"

const folder = temporaryFolder()
let bare: BareSandbox

beforeAll(() => {
  const path = join(folder, "data.db")
  makeWriter(writerOptions(path)).close()
  bare = bareSandbox(path, openProgram)
})
afterAll(() => {
  bare.close()
  rmSync(folder, { recursive: true, force: true })
})

const cpuMs = 20

/** Without a watchdog: whatever these do, the sandbox itself stops them, and no code inside has a say in it. */
describe("the limit on processor time stops", () => {
  it.each(allAttacks.filter(({ end }) => end === "stopped"))("$name", async ({ code }) => {
    const began = performance.now()
    const { status, problem } = await bare.run("/", code, { cpuMs, waitMs: 5000 })
    const took = performance.now() - began
    bare.sandbox.restore()
    expect([status, problem?.kind]).toEqual([undefined, "cpu"])
    // Far from what it would take by itself, and lenient with a machine that is busy.
    expect(took).toBeLessThan(cpuMs + 500)
    expect(differences(bare)).toEqual([])
  })
})
