import { hash } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { type BareSandbox, bareSandbox, differences, type Ended, held, poison } from "./attacks/bareSandbox.ts"
import { hostileRequests, openProgram } from "./attacks/hostileRequests.ts"

const folder = temporaryFolder()
let bare: BareSandbox
let before: string
let expected: string
let world: string

const memoryHash = (): string => hash("sha256", held(bare), "hex")

const probe = async (path = "/probe"): Promise<string> => {
  const { status, text, problem } = await bare.run(path)
  expect([status, problem]).toEqual([200, undefined])
  bare.sandbox.restore()
  return text
}

const hostile = async (code: string, cpuMs = 200, waitMs = 20): Promise<Ended> => {
  const ended = await bare.run("/", code, { cpuMs, waitMs })
  bare.sandbox.restore()
  return ended
}

beforeAll(async () => {
  const path = join(folder, "data.db")
  const writer = makeWriter(writerOptions(path))
  writer.close()
  bare = bareSandbox(path, openProgram)
  before = memoryHash()
  expected = await probe()
  world = await probe("/world")
})
afterAll(() => {
  bare.close()
  rmSync(folder, { recursive: true, force: true })
})

describe("after a request that", () => {
  it.each(hostileRequests)("%s, memory and answers are as before", async (_, code, end) => {
    const { status, problem, waits } = await hostile(code, end === "answers" ? 10_000 : 150)
    if (end === "answers") expect([status, problem]).toEqual([200, undefined])
    if (end === "fails") expect([status, problem?.kind]).toEqual([undefined, expect.any(String)])
    if (end === "waits") expect(waits).toBe(true)
    expect(problem?.kind).not.toBe("defect")
    expect(differences(bare)).toEqual([])
    expect(memoryHash()).toBe(before)
    expect(await probe()).toBe(expected)
  })
})

it("sees all that there is to see", () => {
  const { counter, visits, secret } = JSON.parse(expected)
  expect([counter, visits, secret]).toEqual([0, 0, ["the secret variable", "the secret variable", "the secret variable", ["SECRET"]]])
  expect(world.split("\n").length).toBeGreaterThan(3000)
})

it("stays the same over hundreds of hostile requests in any order", async () => {
  let seed = 7
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return seed % below
  }
  for (let i = 0; i < 300; i++) {
    await hostile(hostileRequests[next(hostileRequests.length)]![1], 10, 2)
    if (i % 50 === 0) expect(await probe("/world")).toBe(world)
    else if (i % 2 === 0) expect(await probe()).toBe(expected)
    else expect(memoryHash()).toBe(before)
  }
  expect(differences(bare)).toEqual([])
})

it("is untouched by rubbish in free memory and above the image", async () => {
  for (let i = 0; i < 20; i++) {
    poison(bare)
    expect(await probe()).toBe(expected)
    poison(bare)
    if (i % 7 === 0) expect(await probe("/world")).toBe(world)
    await hostile(hostileRequests[(i * 7) % hostileRequests.length]![1], 20, 2)
    poison(bare)
    expect(memoryHash()).toBe(before)
  }
})

it("drops what comes back for an earlier request", async () => {
  const late = `setTimeout(() => { globalThis.late = true }, 8); await new Promise((resolve) => setTimeout(() => resolve(), 12))`
  for (let i = 0; i < 5; i++) await hostile(late, 200, 1)
  const waiting = `await new Promise((resolve) => setTimeout(resolve, 30)); return new Response(String(globalThis.late) + counter)`
  expect(await hostile(waiting, 200, 1000)).toMatchObject({ status: 200, text: "undefined0" })
})

it("has fresh chance, time and ids in every request", async () => {
  const code = `return Response.json({
    random: [Math.random(), Math.random()], uuid: crypto.randomUUID(), bytes: [...crypto.getRandomValues(new Uint8Array(16))].join(),
    now: Date.now(), date: new Date().getTime(), clock: performance.now(), origin: performance.timeOrigin,
  })`
  const seen = new Set<unknown>()
  for (let i = 0; i < 20; i++) {
    const { random, uuid, bytes, now, date, clock, origin } = JSON.parse((await hostile(code)).text)
    for (const value of [...random, uuid, bytes]) {
      expect(seen.has(value)).toBe(false)
      seen.add(value)
    }
    for (const time of [now, date, origin]) expect(Math.abs(Date.now() - time)).toBeLessThan(2000)
    expect(clock).toBeGreaterThanOrEqual(0)
    expect(clock).toBeLessThan(1000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
})
