import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { cardBase } from "../../src/runtime/engine/abi.ts"
import { programCode, startProgram } from "../../src/runtime/program.ts"
import { Sandbox } from "../../src/runtime/sandbox.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { type BareSandbox, bareSandbox, guestOf, programOf } from "./attacks/bareSandbox.ts"
import { hostileRequests, openProgram } from "./attacks/hostileRequests.ts"

const folder = temporaryFolder()
const memoryBytes = 32 * 1024 * 1024
let bare: BareSandbox

const secretive = `
const own = "the-secret-of-the-code-" + "x".repeat(40)
const deep = (n, text) => (n === 0 ? [text.length] : [...deep(n - 1, text)])
export default { async fetch(request, env) {
  globalThis.kept = [own, await request.text(), env.SECRET].map((text) => text.repeat(200))
  deep(50, kept.join())
  return new Response("seen " + kept.join().length)
} }`

const programs = {
  open: openProgram,
  small: { "main.js": `export default { fetch: () => new Response("small") }` },
  secretive: { "main.js": secretive },
  large: { "main.js": `import lodash from "lodash"; export default { fetch: () => new Response(lodash.repeat("large", 2)) }` },
  huge: { "main.js": `const all = new Uint8Array(6e6).fill(1); export default { fetch: () => new Response(String(all.length)) }` },
}
type Name = keyof typeof programs

const started = (name: Name) => {
  const program = programOf(programs[name])
  const image = startProgram(new Sandbox(bare.engine, memoryBytes), program, 5000, () => {})
  const fresh = new Sandbox(bare.engine, memoryBytes)
  const code = programCode(program)
  fresh.use(image, code)
  return { image, code, fresh: guestOf(fresh) }
}
let all: Record<Name, ReturnType<typeof started>>

beforeAll(() => {
  const path = join(folder, "data.db")
  makeWriter(writerOptions(path)).close()
  bare = bareSandbox(path, openProgram, memoryBytes)
  all = Object.fromEntries((Object.keys(programs) as ReadonlyArray<Name>).map((name) => [name, started(name)])) as typeof all
})
afterAll(() => {
  bare.close()
  rmSync(folder, { recursive: true, force: true })
})

const use = (name: Name): void => bare.sandbox.use(all[name].image, all[name].code)

/** Whether static data and heap are what they are in a sandbox that has never seen another program. */
const isAsFresh = (name: Name): boolean => {
  const { image, fresh } = all[name]
  const same = (from: number, to: number): boolean => bare.guest.bytes.compare(fresh.bytes, from, to, from, to) === 0
  return same(0, fresh.staticEnd) && same(fresh.heapStart, image.end)
}

it("is the same in each byte after any other programs and requests as in a new sandbox", async () => {
  let seed = 11
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return (seed >> 8) % below
  }
  const names = Object.keys(programs) as ReadonlyArray<Name>
  for (let i = 0; i < 60; i++) {
    const name = names[next(names.length)]!
    use(name)
    expect([name, isAsFresh(name)]).toEqual([name, true])
    for (let n = next(3); n > 0; n--) {
      const code = hostileRequests[next(hostileRequests.length)]![1]
      await bare.run("/", name === "open" ? code : "nothing", { cpuMs: 20, waitMs: 2 })
      bare.sandbox.restore()
      expect([name, isAsFresh(name)]).toEqual([name, true])
    }
  }
})

it("holds nothing of the program before, in no corner of memory", async () => {
  use("secretive")
  expect(await bare.run("/", "the-secret-of-the-body")).toMatchObject({ status: 200, text: expect.stringContaining("seen") })
  const secrets = ["the-secret-of-the-code", "the-secret-of-the-body", "the secret variable"]
  const found = (): ReadonlyArray<string> => secrets.filter((secret) => bare.guest.bytes.includes(secret))
  expect(found()).toEqual(secrets)
  use("small")
  expect(found()).toEqual([])
  expect(await bare.run("/")).toMatchObject({ status: 200, text: "small" })
})

it("holds nothing of the program before, even if there is no room for a copy of the next", async () => {
  use("secretive")
  expect(bare.guest.bytes.includes("the-secret-of-the-code")).toBe(true)
  use("huge")
  expect(bare.guest.bytes.includes("the-secret-of-the-code")).toBe(false)
})

it("gives the same image each time that a program starts", () => {
  const starting = new Sandbox(bare.engine, memoryBytes)
  for (let i = 0; i < 50; i++) expect(startProgram(starting, programOf(programs.small), 5000, () => {})).toEqual(all.small.image)
})

it("is not reached by what a program that had broken the engine may have written where programs start", () => {
  const starting = new Sandbox(bare.engine, memoryBytes)
  const start = (name: Name) => startProgram(starting, programOf(programs[name]), 5000, () => {})
  const { image } = all.small
  start("secretive")
  // With no card set, the engine's own way back would leave all of it.
  guestOf(starting).bytes.fill(0xa5, 0, guestOf(starting).staticEnd)
  guestOf(starting).bytes.fill(0, cardBase, guestOf(starting).roomStart)
  expect(start("small")).toEqual(image)
})

it("is not reached by what a program that had broken the engine may have written, wherever that is", async () => {
  for (const name of ["small", "large", "huge", "open"] as const) {
    use("secretive")
    bare.guest.bytes.fill(0xa5)
    use(name)
    expect([name, isAsFresh(name)]).toEqual([name, true])
    expect((await bare.run("/probe")).status).toBe(200)
    bare.sandbox.restore()
    expect([name, isAsFresh(name)]).toEqual([name, true])
  }
})

it("goes from program to program also with as much memory as can be allowed", async () => {
  const sandbox = new Sandbox(bare.engine, 512 * 1024 * 1024)
  const { bytes } = guestOf(sandbox)
  for (const name of ["huge", "small", "open"] as const) {
    const { image, code, fresh } = all[name]
    sandbox.use(image, code)
    expect([name, bytes.compare(fresh.bytes, fresh.heapStart, image.end, fresh.heapStart, image.end)]).toEqual([name, 0])
  }
})
