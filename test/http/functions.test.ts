import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { deployFiles } from "../support/functions.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let token: string

beforeAll(async () => {
  server = await startServer({ mode: "threads" })
  token = await server.key("admin")
})
afterAll(() => server.stop())

const deploy = (site: string, files: Record<string, string>) => deployFiles(server, token, site, files)
const get = (site: string, path = "/", more = {}) => server.ask(path, { host: `${site}.localhost`, ...more })

describe("a module that answers requests", () => {
  it("answers what no file answers", async () => {
    const { status, json } = await deploy("hello", {
      "main.js": `export default { async fetch(request) { return new Response("Hello " + new URL(request.url).pathname) } }`,
      "index.html": "<h1>page</h1>",
    })
    expect([status, json]).toMatchObject([201, { data: { server: { form: "module", entry: "main.js", scope: "site" } } }])
    expect(await get("hello", "/x")).toMatchObject({ status: 200, text: "Hello /x" })
    expect(await get("hello", "/")).toMatchObject({ status: 200, text: "<h1>page</h1>" })
    expect((await get("hello", "/main.js")).text).toBe("Hello /main.js")
  })

  it("counts without losing anything", async () => {
    await deploy("count", {
      "main.js": `export default { fetch(request, env) { const n = (env.kv.get("n") ?? 0) + 1; env.kv.set("n", n); return new Response(String(n)) } }`,
    })
    const answers = await Promise.all(Array.from({ length: 100 }, () => get("count")))
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200))
    expect(answers.map(({ text }) => Number(text)).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })
})
