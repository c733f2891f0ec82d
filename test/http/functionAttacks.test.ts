import { rmSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { renderLine } from "../../src/cli/logs.ts"
import { makePaint } from "../../src/cli/paint.ts"
import { type AttackEnd, allAttacks } from "../runtime/attacks/attacks.ts"
import { responses } from "../runtime/attacks/responses.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { deployFiles } from "../support/functions.ts"
import { startProgram } from "../support/program.ts"
import { type Answer, type Ask, ask } from "../support/server.ts"

/** The built program, as a process of its own: nothing but its end would show that it did not live through an attack. */
let program: Awaited<ReturnType<typeof startProgram>>
let token: string
const server = { ask: (path: string, request: Ask = {}) => ask(program.port, path, request) }
const folder = temporaryFolder()

/** Runs what it is sent, and answers with what comes of it. Without anything it is an innocent site. */
const arena = `const Async = (async () => {}).constructor
export default { async fetch(request, env, ctx) {
  const code = await request.text()
  if (code === "") return new Response("fine " + typeof globalThis.planted)
  globalThis.planted = true
  return new Async("request", "env", "ctx", code)(request, env, ctx)
} }`

const settings = {
  "functions.cpu_ms": "50",
  "functions.wall_ms": "1000",
  "functions.start_ms": "300",
  // What a site may use in the long run is not what this is about.
  "functions.cpu_per_second": "0",
  "limits.deploys_per_minute": "0",
}

beforeAll(async () => {
  program = await startProgram(folder)
  token = program.ready.firstRun!.token
  for (const [key, value] of Object.entries(settings)) await configure(key, value)
  await deploy("innocent", `export default { fetch() { return new Response("innocent") } }`)
  for (let i = 0; i < 10; i++) await get("innocent")
}, 120_000)
afterAll(async () => {
  program.child.kill("SIGKILL")
  await program.ended
  rmSync(folder, { recursive: true, force: true })
})

const configure = async (key: string, value: string): Promise<void> => {
  const headers = { "content-type": "application/json" }
  const { status } = await server.ask(`/api/config/${key}`, { method: "PUT", token, headers, body: JSON.stringify({ value }) })
  expect(status).toBe(200)
}

const deploy = async (site: string, code: string): Promise<Answer> => {
  const answer = await deployFiles(server, token, site, { "main.js": code })
  return answer
}

const get = (site: string, more: Ask = {}): Promise<Answer> => server.ask("/", { host: `${site}.localhost`, ...more })
const attack = (site: string, code: string): Promise<Answer> => get(site, { method: "POST", body: code })

/** Two attacks a site: a third that hangs would have it suspended. */
let arenas = 0
let left = 0
const nextArena = async (): Promise<string> => {
  if (left-- <= 0) {
    left = 1
    expect((await deploy(`arena-${++arenas}`, arena)).status).toBe(201)
  }
  return `arena-${arenas}`
}

const logsOf = async (site: string) => {
  await new Promise((resolve) => setTimeout(resolve, 400))
  const { json } = await server.ask(`/api/sites/${site}/logs?limit=200`, { token })
  return json.data as Array<{ readonly level: string; readonly message: string; readonly at: string; readonly id: number }>
}

const took: Record<"attacks" | "innocent", Array<number>> = { attacks: [], innocent: [] }
const timed = async <T>(what: keyof typeof took, run: () => Promise<T>): Promise<T> => {
  const began = performance.now()
  const result = await run()
  took[what].push(performance.now() - began)
  return result
}
const median = (all: ReadonlyArray<number>): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!

/** The same site and another one are served as if nothing had been. */
const expectCalm = async (site: string): Promise<void> => {
  const [same, other] = await Promise.all([get(site), timed("innocent", () => get("innocent"))])
  expect([same.status, same.text]).toEqual([200, "fine undefined"])
  expect([other.status, other.text]).toEqual([200, "innocent"])
}

/** What a visitor is told says nothing of what is inside. */
const leaks = /\/work|\/home|\/root|\/tmp|\/usr|file:|node:|wasm:|node_modules|src\/runtime|dist\/|prelude/

const ends: Readonly<Record<AttackEnd, ReadonlyArray<number>>> = {
  stopped: [504],
  contained: [200, 500, 504],
  killed: [504],
  stubborn: [200, 500, 504],
}

/** What a sandbox ends by itself its own tests run (`sandboxAttacks.test.ts`); here are some of each kind, and all the others. */
const chosen = allAttacks.filter(({ end }, i) => end === "killed" || end === "stubborn" || i % 6 === 0)

describe("an attack by", () => {
  it.each(chosen)("$name", async ({ code, end }) => {
    const site = await nextArena()
    const [{ status, text }, innocent] = await Promise.all([
      timed("attacks", () => attack(site, `${code}\nreturn new Response("done")`)),
      get("innocent"),
    ])
    expect(ends[end]).toContain(status)
    expect(text).not.toMatch(leaks)
    expect(innocent.status).toBe(200)
    await expectCalm(site)
  })

  it("any of these is over soon, and hardly anybody else notices", () => {
    expect(median(took.attacks)).toBeLessThan(600)
    expect(Math.max(...took.attacks)).toBeLessThan(5000)
    expect(median(took.innocent)).toBeLessThan(300)
  })
})

describe("an answer that is", () => {
  it.each(responses)("$name", async ({ code, expected, expectedText }) => {
    const site = await nextArena()
    const { status, text, headers } = await attack(site, code)
    expect(expected).toContain(status)
    if (expectedText !== undefined) expect(text).toBe(expectedText)
    if (status >= 500) expect(JSON.parse(text).error.message).toMatch(/Something went wrong in this site's code|took too long/)
    expect(text).not.toMatch(leaks)
    expect(headers).not.toHaveProperty("set-cookie")
    for (const name of ["trailer", "upgrade", "transfer-encoding"]) expect(headers).not.toHaveProperty(name)
    await expectCalm(site)
  })
})

describe("a deploy whose code", () => {
  it.each([
    ["loops", `for (;;);`, "300 ms"],
    ["hangs natively", `new Array(2 ** 32 - 1).reverse()`, "300 ms"],
    ["fills memory", `const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))`, "memory"],
    ["logs without end", `for (;;) console.log("x".repeat(1e6))`, "300 ms"],
    ["never comes to its end", `await new Promise(() => {})`, "never ends"],
    ["throws something strange", `throw { get message() { throw 1 }, toString() { throw 2 } }`, ""],
  ])("%s is refused, and others are not", async (name, code, message) => {
    const site = `load-${name.replaceAll(" ", "-")}`
    const { status, text } = await deploy(site, `${code}\nexport default () => new Response("x")`)
    expect(status).toBe(400)
    expect(text).toContain(message)
    expect(text).not.toMatch(leaks)
    expect((await get(site)).status).toBe(404)
    expect((await deploy(site, arena)).status).toBe(201)
    await expectCalm(site)
  })
})

describe("a site that asks for too much is told when to come again", () => {
  const tooMany = { status: 429, headers: { "retry-after": expect.stringMatching(/^[1-9]\d*$/) } }

  it("because its queue is full", async () => {
    await deploy("crowd", arena)
    await configure("functions.concurrency", "2")
    await configure("functions.queue", "3")
    const wait = `await new Promise((r) => setTimeout(r, 100)); return new Response("x")`
    const all = await Promise.all(Array.from({ length: 12 }, () => attack("crowd", wait)))
    expect(all.filter(({ status }) => status === 200).length).toBe(5)
    for (const answer of all.filter(({ status }) => status !== 200)) expect(answer).toMatchObject(tooMany)
    await configure("functions.concurrency", "50")
    await configure("functions.queue", "1000")
    await expectCalm("crowd")
  })

  it("because it has used up its processor time", async () => {
    await deploy("eager", arena)
    await configure("functions.cpu_per_second", "20")
    const spend = `const end = performance.now() + 30; while (performance.now() < end); return new Response("x")`
    let last = await attack("eager", spend)
    for (let i = 0; i < 30 && last.status !== 429; i++) last = await attack("eager", spend)
    expect(last).toMatchObject(tooMany)
    expect((await get("innocent")).status).toBe(200)
    await configure("functions.cpu_per_second", "0")
    await expectCalm("eager")
  })

  it("because it has hung three times", async () => {
    await deploy("hopeless", arena)
    for (let i = 0; i < 3; i++) expect((await attack("hopeless", `new Array(2 ** 32 - 1).reverse()`)).status).toBe(504)
    expect(await get("hopeless")).toMatchObject({ status: 503, headers: { "retry-after": expect.stringMatching(/^[12]\d$|^30$/) } })
    expect((await get("innocent")).status).toBe(200)
  })
})

describe("what code can see and leave behind", () => {
  it("no stack names a place outside the site", async () => {
    await deploy("stacks", arena)
    const code = `const stacks = []; const look = (e) => { stacks.push(String(e?.stack), String(e?.message), String(e?.fileName), String(e?.sourceURL)) }
      const run = (f) => { try { const p = f(); p?.catch?.(look) } catch (e) { look(e) } }
      for (const f of [() => null.x, () => kv.set("", 1), () => new URL("x"), () => JSON.parse("{"), () => { const g = () => g(); g() }, () => ds.insert("!", 1), () => s3.put("", ""), () => atob("!"), () => eval("("), () => new Function("(")(), () => import("./x.js"), () => import("node:fs"), () => fetch("http://127.0.0.1/"), () => fetch("bad://"), () => crypto.subtle.digest("x", new Uint8Array(1)), () => { throw new Error("x", { cause: new Error("y") }) }]) run(f)
      Error.prepareStackTrace = (e, sites) => sites.map((s) => [s.getFileName?.(), s.getFunctionName?.()].join()).join(); try { kv.set("", 1) } catch (e) { look(e) }
      await new Promise((r) => setTimeout(r, 50)); return Response.json(stacks)`
    const { status, text } = await attack("stacks", code)
    expect(status).toBe(200)
    expect(JSON.parse(text).length).toBeGreaterThan(50)
    expect(text).not.toMatch(/\/work|\/home|\/root|\/tmp|\/usr|file:|wasm:|node_modules|src\/runtime|dist\//)
  })

  it("an owner's log names the place of an error, and nothing of the server", async () => {
    await deploy(
      "uncaught",
      `const fail = () => {\n  throw new TypeError("found nothing")\n}\nexport default { fetch() { return fail() } }`,
    )
    expect((await get("uncaught")).status).toBe(500)
    const [line] = await logsOf("uncaught")
    expect(line).toMatchObject({ level: "error" })
    expect(line!.message).toContain("TypeError: found nothing")
    expect(line!.message).toContain("main.js:2")
    expect(line!.message).not.toMatch(leaks)
  })

  it("no message looks like another line of the log", async () => {
    await deploy("forger", arena)
    const forged =
      "innocent\n2026-01-01T00:00:00.000Z error forged\r\nforged\rforged\u2028forged\u0085forged \u001b[2K\u001b[1A\u001b[31mred\u009b5A \0 \u0007 \u202eabc"
    const code = `console.log(${JSON.stringify(forged)}); console.error(JSON.stringify({ level: "info", message: "x" })); console.warn("%s", ${JSON.stringify(forged)}); throw new Error(${JSON.stringify(forged)})`
    expect((await attack("forger", code)).status).toBe(500)
    const lines = (await logsOf("forger")).toReversed()
    expect(lines.map(({ level }) => level).sort()).toEqual(["error", "error", "log", "warn"])
    for (const { at, level, message } of lines) {
      const shown = renderLine({ at, level, message } as never, makePaint(false))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
      const [first, ...rest] = shown.split("\n")
      expect(first).toMatch(/^\d/)
      for (const below of rest) expect(below).toMatch(/^( {10}|$)/)
    }
  })

  it("another site's object is not sent to who knows its hash", async () => {
    await deploy("owner", `export default { async fetch(request) { return Response.json(s3.put("secret", "the secret of the owner")) } }`)
    const { hash, size } = (await get("owner")).json
    await deploy("thief", arena)
    const object = JSON.stringify({ hash, size, type: "text/plain" })
    for (const code of [
      `WeakSet.prototype.has = () => true; return { status: 200, headers: [], object: ${object} }`,
      `Array.prototype.join = () => '\\x01'; JSON.stringify = () => '${object}'; WeakSet.prototype.has = () => true; return { status: 200, headers: [], object: {} }`,
      `s3.put("mine", "x"); const mine = s3.serve("mine"); JSON.stringify = () => '${object}'; return mine`,
      `s3.put("mine", "x"); JSON.parse = () => (${object}); return s3.serve("mine")`,
      `s3.put("mine", "x"); const { hash } = s3.head("mine"); WeakSet.prototype.has = () => true; return { status: 200, headers: [], object: { hash, size: 1e9, type: "a\\r\\nb" } }`,
    ]) {
      const { text } = await attack("thief", code)
      expect(text).not.toContain("the secret")
      expect(text.length).toBeLessThan(1000)
    }
    await expectCalm("thief")
  })

  it("what waitUntil writes after the answer holds, and nothing that was dropped", async () => {
    await deploy("late", arena)
    const late = `ctx.waitUntil((async () => { for (let i = 0; i < 100; i++) await 0; kv.set("late", 1); console.log("was late") })()); return new Response("first")`
    expect((await attack("late", late)).text).toBe("first")
    const fails = `ctx.waitUntil((async () => { await new Promise((r) => setTimeout(r, 5)); kv.set("dropped", 1); for (;;); })()); return new Response("first")`
    expect((await attack("late", fails)).text).toBe("first")
    const messages = (await logsOf("late")).map(({ message }) => message)
    expect(messages).toContain("was late")
    expect((await attack("late", `return Response.json([kv.get("late"), kv.get("dropped") ?? null])`)).json).toEqual([1, null])
  })

  it("the server has lived through it all", async () => {
    const { json } = await server.ask("/api/status", { token })
    expect(json.data.functions).toMatchObject({ waiting: 0 })
    expect((await get("innocent")).text).toBe("innocent")
    const { code, stderr } = await program.stop()
    expect(code).toBe(0)
    expect(stderr).not.toMatch(/has died|Uncaught|Unhandled|failed in the sandbox/)
  })
})
