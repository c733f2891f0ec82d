import { rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Commands } from "../../src/commands/Commands.ts"
import { Functions } from "../../src/http/Functions.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { deployFiles } from "../support/functions.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let token: string

beforeAll(async () => {
  server = await startServer({ mode: "threads" })
  token = await server.key("admin")
})
afterAll(() => server.stop())

const deploy = (site: string, code: string) => deployFiles(server, token, site, { "main.js": code })
const get = (site: string, path = "/") => server.ask(path, { host: `${site}.localhost` })
const stats = () => server.run(Effect.map(Functions, (functions) => functions.stats()))
const set = (key: string, value: string) =>
  server.run(Effect.flatMap(Commands, (commands) => commands.handle({ _tag: "SetConfig", key, value }, { actor: "owner", cause: "test" })))

it("run a program that fills much memory while it starts", async () => {
  await deploy("large", `const all = new Uint8Array(14e6).fill(1); export default { fetch: () => new Response(String(all.length)) }`)
  for (let i = 0; i < 3; i++) expect(await get("large")).toMatchObject({ status: 200, text: "14000000" })
  await set("functions.memory_bytes", "1048576")
  expect(await get("large")).toMatchObject({ status: 200, text: "14000000" })
  await set("functions.memory_bytes", String(32 * 1024 * 1024))
  expect((await stats()).requeued).toBe(0)
})

it("run more programs than they keep ready", async () => {
  const sites = ["one", "two", "three"]
  for (const site of sites) await deploy(site, `export default { fetch: () => new Response("${site}") }`)
  // Once a site's requests are known to be quick, those of all sites go to the threads together.
  for (const site of [...sites, ...sites, ...sites]) await get(site)
  await set("functions.warm_programs", "1")
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => get(sites[i % 3]!)))
  expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 30 }, (_, i) => sites[i % 3]))
  await set("functions.warm_programs", "64")
})

it("let a site go on beside a request that waits, though others had to be run again", async () => {
  await deploy(
    "busy",
    `const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    export default { async fetch(request, { kv }, ctx) {
      const { pathname } = new URL(request.url)
      if (pathname === "/waits") await later(1500)
      if (pathname === "/goes-on") ctx.waitUntil(later(1500))
      if (pathname !== "/counts") return new Response(pathname)
      const n = kv.get("n") ?? 0
      await later(20)
      kv.set("n", n + 1)
      return new Response(String(n + 1))
    } }`,
  )
  const before = (await stats()).conflicts
  let counted = 0
  for (const path of ["/waits", "/goes-on"]) {
    const slow = get("busy", path)
    await new Promise((resolve) => setTimeout(resolve, 30))
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 5 }, () => get("busy", "/counts")))
    await get("busy", "/other")
    expect(performance.now() - began).toBeLessThan(1200)
    expect(answers.map(({ text }) => Number(text)).sort((a, b) => a - b)).toEqual(Array.from({ length: 5 }, () => ++counted))
    await slow
  }
  expect((await stats()).conflicts).toBeGreaterThan(before)
})

it("finish what goes on after an answer before the server stops", async () => {
  const folder = temporaryFolder()
  const db = join(folder, "data.db")
  const first = await startServer({ mode: "threads", db })
  await deployFiles(first, await first.key("admin"), "later", {
    "main.js": `export default { fetch(request, { kv }, ctx) {
      const work = async () => { await new Promise((resolve) => setTimeout(resolve, 300)); kv.set("done", true); console.log("done") }
      if (new URL(request.url).pathname === "/begin") ctx.waitUntil(work())
      return Response.json(kv.get("done") ?? null)
    } }`,
  })
  expect((await first.ask("/begin", { host: "later.localhost" })).text).toBe("null")
  await first.stop()

  const second = await startServer({ mode: "threads", db })
  expect((await second.ask("/", { host: "later.localhost" })).text).toBe("true")
  const { json } = await second.ask("/api/logs?site_id=later", { token: await second.key("admin") })
  expect(json.data.logs).toMatchObject([{ message: "done" }])
  await second.stop()
  rmSync(folder, { recursive: true })
}, 60_000)
