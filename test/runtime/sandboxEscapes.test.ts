import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { type BareSandbox, bareSandbox, differences } from "./attacks/bareSandbox.ts"
import { brokenTools, escapes, foreignValues, useEverything } from "./attacks/escapes.ts"
import { openProgram } from "./attacks/hostileRequests.ts"

const folder = temporaryFolder()
const path = join(folder, "data.db")
const opened: Array<BareSandbox> = []
const open = (files: Readonly<Record<string, string>>): BareSandbox => {
  const bare = bareSandbox(path, files, 32 * 1024 * 1024, 300)
  opened.push(bare)
  return bare
}
let bare: BareSandbox

beforeAll(() => {
  makeWriter(writerOptions(path)).close()
  bare = open({ ...openProgram, "meta.js": "export const meta = import.meta" })
})
afterAll(() => {
  for (const { close } of opened) close()
  rmSync(folder, { recursive: true, force: true })
})

/** What every object of this process inherits. */
const hostPrototypes = (): ReadonlyArray<unknown> =>
  [Object, Array, Function, String, Number, Promise, Error, Map, Set, RegExp, Uint8Array, Buffer].map(({ prototype }) =>
    Reflect.ownKeys(prototype),
  )
const untouched = hostPrototypes()

const outcome = async (code: string) => {
  const ended = await bare.run("/", code, { waitMs: 500 })
  bare.sandbox.restore()
  expect(hostPrototypes()).toEqual(untouched)
  expect(differences(bare)).toEqual([])
  return ended
}

describe("nothing of the host is reached by way of", () => {
  it.each(escapes)("%s", async (_, code, result) => {
    const { status, text, problem } = await outcome(code)
    expect([status, problem]).toEqual([200, undefined])
    expect(JSON.parse(text)).toEqual(result)
  })
})

describe("the host takes no harm from", () => {
  it.each(foreignValues)("%s", async (_, code, result) => {
    const { status, text, problem } = await outcome(code)
    expect([status, problem]).toEqual([200, undefined])
    expect(JSON.parse(text)).toEqual(result)
  })

  it.each(brokenTools)("an entry script whose tools are broken: %s", async (_, code) => {
    const { problem } = await outcome(`${code}; ${useEverything}; return new Response("x", { headers: { a: "b" } })`)
    expect(problem?.kind).not.toBe("defect")
  })
})

describe("while a program is loaded", () => {
  it("it finds no way to call the host directly", async () => {
    const names = open({
      "main.js": `const found = ["__call", "__start", "__ops"].filter((name) => name in globalThis); export default () => Response.json(found)`,
    })
    expect(await names.run("/")).toMatchObject({ text: "[]" })
  })

  it.each([
    ["it changes the entry script", `for (const name of Object.keys(__fazt)) __fazt[name] = () => {}`],
    ["it deletes the entry script", `delete globalThis.__fazt`],
    ["it puts something else in its place", `globalThis.__fazt = { startModule() {}, freeze() {} }`],
    ["it freezes the global object", `Object.freeze(globalThis)`],
    ["it calls what only the host calls", `__fazt.dispatch("GET", "http://a/", "", undefined)`],
    ["it settles tasks that there are not", `__fazt.settle(1, 1, "null", undefined)`],
    ["it writes", `kv.set("a", 1)`],
    ["it calls other servers", `await fetch("http://127.0.0.1/")`],
    ["it never ends", `await new Promise(() => {})`],
    ["it loops", `for (;;);`],
    ["it fills memory", `const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))`],
    ["it logs without end", `for (;;) console.log("x".repeat(1e6))`],
    ["it nests deeply", `eval("[".repeat(1e6))`],
    ["it throws what cannot be described", `throw { get message() { throw 1 }, toString() { throw 2 }, toJSON() { throw 3 } }`],
    ["it throws what never ends", `throw { get message() { for (;;); } }`],
    ["it breaks what JSON is made with", `JSON.stringify = JSON.parse = () => { throw 1 }; Array.prototype[Symbol.iterator] = null`],
  ])("%s: then it starts, or is refused", async (_, code) => {
    let refused: unknown
    try {
      const { run } = open({ "main.js": `${code}\nexport default () => new Response("x")` })
      await run("/")
    } catch (error) {
      refused = error
    }
    expect([undefined, "StartProblem"]).toContain((refused as Error | undefined)?.name)
    expect(hostPrototypes()).toEqual(untouched)
  })
})
