import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type FormServer, formServer } from "../support/forms.ts"

let server: FormServer
beforeAll(async () => {
  server = await formServer()
})
afterAll(() => server.stop())

const handler = "export default { fetch() { return new Response('x') } }"
type Files = Readonly<Record<string, string>>

describe("server code that cannot run is not published", () => {
  it.each<[string, Files, string, { file: string; line: number; column?: number }, RegExp]>([
    ["a syntax error", { "main.js": `${handler}\nconst a = {\n` }, "CODE_INVALID", { file: "main.js", line: 3 }, /Unexpected token/],
    ["a syntax error in api/", { "api/main.js": "respond(\n1" }, "CODE_INVALID", { file: "api/main.js", line: 2 }, /Unexpected token/],
    [
      "a syntax error in an import",
      { "main.js": `import "./a.js"\n${handler}`, "a.js": "let a = ;" },
      "CODE_INVALID",
      { file: "a.js", line: 1 },
      /Unexpected token/,
    ],
    [
      "a syntax error in what is required",
      { "api/main.js": "require('./a.js')", "api/a.js": "\n\n}" },
      "CODE_INVALID",
      { file: "api/a.js", line: 3 },
      /Unexpected token/,
    ],
    [
      "an import that is not there",
      { "main.js": `\nimport "./none.js"\n${handler}` },
      "CODE_INVALID",
      { file: "main.js", line: 2 },
      /none\.js/,
    ],
    ["an npm package", { "main.js": `import { Hono } from "hono"\n${handler}` }, "CODE_INVALID", { file: "main.js", line: 1 }, /esbuild/],
    [
      "an enum in TypeScript",
      { "main.ts": `\nenum A { B }\n${handler}` },
      "CODE_INVALID",
      { file: "main.ts", line: 2, column: 1 },
      /plain JavaScript/,
    ],
    [
      "a module without a default export",
      { "api/main.js": "export const fetch = 1" },
      "CODE_INVALID",
      { file: "api/main.js", line: 1 },
      /default export/,
    ],
    [
      "an await in a script",
      { "api/main.js": "respond(await 1)" },
      "CODE_INVALID",
      { file: "api/main.js", line: 1 },
      /default export|await/,
    ],
    [
      "a module that throws",
      { "main.js": `import "./a.js"\n${handler}`, "a.js": "\nnull.x" },
      "CODE_FAILED",
      { file: "a.js", line: 2 },
      /TypeError/,
    ],
    [
      "a module that throws later",
      { "main.js": `${handler}\nawait null\nthrow new RangeError("late")` },
      "CODE_FAILED",
      { file: "main.js", line: 3 },
      /RangeError: late/,
    ],
    [
      "a name that is not exported",
      { "main.js": `import { no } from "./a.js"\n${handler}`, "a.js": "export const yes = 1" },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /no/,
    ],
    [
      "a default export without fetch",
      { "main.js": "export default { fetsh() {} }" },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /no fetch function/,
    ],
    [
      "a default export that is nothing",
      { "main.js": "export default null" },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /no fetch function/,
    ],
    [
      "an await that never ends",
      { "main.js": `${handler}\nawait new Promise(() => {})` },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /never ends/,
    ],
    [
      "an await for a timer",
      { "main.js": `${handler}\nawait new Promise((r) => setTimeout(r, 1))` },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /never ends/,
    ],
    [
      "a call while it is loaded",
      { "main.js": `${handler}\nawait fetch("https://example.com")` },
      "CODE_FAILED",
      { file: "main.js", line: 0 },
      /handler/,
    ],
    [
      "a call that waits while it is loaded",
      { "main.js": `\nfazt.net.fetch("https://example.com")\n${handler}` },
      "CODE_FAILED",
      { file: "main.js", line: 2 },
      /handler/,
    ],
    ["data while it is loaded", { "main.js": `\nkv.set("a", 1)\n${handler}` }, "CODE_FAILED", { file: "main.js", line: 2 }, /handler/],
    [
      "a random name while it is loaded",
      { "main.js": `\nconst id = crypto.randomUUID()\n${handler}` },
      "CODE_FAILED",
      { file: "main.js", line: 2 },
      /handler/,
    ],
    [
      "too much memory while it is loaded",
      { "main.js": `const a = []\nfor (;;) a.push(new Uint8Array(1e6))\n${handler}` },
      "CODE_FAILED",
      { file: "main.js", line: 2 },
      /memory/,
    ],
  ])("%s", async (_, files, code, place, message) => {
    const site = `refused-${Math.random().toString(36).slice(2)}`
    await server.deploy({ "index.html": "before" }, site)
    const { status, json } = await server.tryDeploy(site, { ...files, "index.html": "after" })
    expect([status, json.error.code]).toEqual([400, code])
    expect(json.error.message).toMatch(message)
    expect(json.error.details).toEqual({ file: place.file, line: place.line, column: place.column ?? expect.any(Number) })
    expect(json.error.message.startsWith(place.line === 0 ? `${place.file}: ` : `${place.file}:${place.line}:`)).toBe(true)
    expect((await server.ask(site)).text).toBe("before")
    expect((await server.api("GET", `/sites/${site}/history`)).json.data).toHaveLength(1)
  })
})

describe("server code that is loaded without end", () => {
  it("is not published", async () => {
    await server.set("functions.start_ms", 300)
    try {
      const { status, json } = await server.tryDeploy("endless", { "main.js": `${handler}\nfor (;;) {}` })
      expect([status, json.error]).toMatchObject([400, { code: "CODE_FAILED", message: "main.js: It is not loaded after 300 ms." }])
    } finally {
      await server.set("functions.start_ms", 10_000)
    }
  })
})

describe("the answer to a deploy", () => {
  it.each<[string, Files, unknown]>([
    ["a module", { "main.js": handler }, { form: "module", entry: "main.js", scope: "site" }],
    ["a module in api/", { "api/main.ts": handler, "index.html": "" }, { form: "module", entry: "api/main.ts", scope: "api" }],
    ["a script in api/", { "api/main.js": "respond(1)" }, { form: "api", entry: "api/main.js", scope: "api" }],
    ["a script", { "main.js": "res.send(1)" }, { form: "legacy", entry: "main.js", scope: "site" }],
    ["none", { "index.html": "" }, null],
    ["a page's script", { "index.html": "<script src=main.js></script>", "main.js": "document.title = 1" }, null],
  ])("says what the code is: %s", async (name, files, expected) => {
    const { status, json } = await server.tryDeploy(`said-${name.replaceAll(/\W/g, "")}`, files)
    expect(status).toBe(201)
    if (expected === null) expect(json.data.server).toBeNull()
    else expect(json.data.server).toMatchObject(expected as object)
  })

  it("warns of what is not there but may never be needed", async () => {
    const { json } = await server.tryDeploy("warned", { "api/main.js": "if (0) require('./none.js')\nrespond(1)" })
    expect(json.data.warnings).toMatchObject([{ file: "api/main.js", line: 1, reason: expect.stringContaining("none.js") }])
  })

  it("comes after what was logged while the code was loaded", async () => {
    const site = await server.deploy({ "main.js": `console.warn("loaded")\n${handler}` })
    expect(await server.logOf(site, /loaded/)).toEqual(["warn loaded"])
  })
})

describe("earlier deploys", () => {
  it("keep their code, at their own address and after a rollback", async () => {
    const code = (n: number) => ({
      "main.js": `import { n } from "./n.js"\nexport default () => new Response("v" + n + " " + kv.incr("n"))`,
      "n.js": `export const n = ${n}`,
    })
    const first = (await server.tryDeploy("old", code(1))).json.data.deploy
    expect((await server.ask("old")).text).toBe("v1 1")
    await server.deploy(code(2), "old")
    expect((await server.ask("old")).text).toBe("v2 2")
    const preview = await server.ask(`${first}--old`)
    expect([preview.text, preview.headers["x-robots-tag"]]).toEqual(["v1 3", "noindex"])
    expect((await server.api("POST", "/sites/old/rollback", { to: first })).status).toBe(200)
    expect((await server.ask("old")).text).toBe("v1 4")
  })

  it("without code have none, and with code again have it", async () => {
    const first = (await server.tryDeploy("turned", { "main.js": "res.send('code')" })).json.data.deploy
    await server.deploy({ "index.html": "static" }, "turned")
    expect((await server.ask("turned")).text).toBe("static")
    expect((await server.ask(`${first}--turned`)).text).toBe("code")
    expect((await server.ask("turned", "/", { method: "POST" })).status).toBe(405)
  })

  it("of another form answer in their own way", async () => {
    await server.deploy({ "api/main.js": "respond('script')" }, "formed")
    expect((await server.ask("formed", "/api")).text).toBe("script")
    await server.deploy({ "api/main.js": handler }, "formed")
    expect((await server.ask("formed", "/api")).text).toBe("x")
  })
})
