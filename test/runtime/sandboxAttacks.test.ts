import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { type AttackEnd, allAttacks } from "./attacks/attacks.ts"
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

/** Far from what these would take by themselves, and lenient with a machine that is busy. */
const soonMs = cpuMs + 1000

const attacked = async (code: string) => {
  const began = performance.now()
  const ended = await bare.run("/", code, { cpuMs, waitMs: 500 })
  const took = performance.now() - began
  bare.sandbox.restore()
  expect(took).toBeLessThan(soonMs)
  expect(differences(bare)).toEqual([])
  return ended
}

const of = (end: AttackEnd) => allAttacks.filter((attack) => attack.end === end)

/** Without a watchdog: whatever these do, the sandbox itself stops them, and no code inside has a say in it. */
describe("the limit on processor time stops", () => {
  it.each(of("stopped"))("$name", async ({ code }) => {
    const { status, problem } = await attacked(code)
    expect([status, problem?.kind]).toEqual([undefined, "cpu"])
  })
})

describe("a sandbox comes to an end with", () => {
  it.each(of("contained"))("$name", async ({ code }) => {
    const { status, problem, waits } = await attacked(code)
    expect(status === 200 || problem !== undefined || waits).toBe(true)
    expect(problem?.kind).not.toBe("defect")
  })
})
