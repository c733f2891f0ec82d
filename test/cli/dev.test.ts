import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, expect, it } from "vitest"
import { type Dev, startDev } from "../support/dev.ts"
import { fazt } from "../support/program.ts"
import { ask } from "../support/server.ts"
import { tree } from "./tree.ts"

/** Where runs keep their cartridges. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()
const scratchOf = (pid: number | undefined) => readdirSync(memory).filter((name) => name.startsWith(`fazt-dev-${pid}-`))

let child: Dev | undefined
afterEach(() => child?.stop())

const start = async (folder: string, ...args: ReadonlyArray<string>): Promise<Dev> => {
  child = await startDev(folder, ...args)
  return child
}

const page = "<body>one</body>"
const code = (text: string): string =>
  `export default { fetch(request, env) { console.log("asked", env.NAME ?? "nobody"); return new Response(${JSON.stringify(text)}) } }`

it("serves a folder, deploys every change, and shows the log", async () => {
  const folder = tree({ "index.html": page, "api/main.js": code("one"), ".env": "NAME=Ann\n", ".gitignore": "left\n", left: "" })
  const dev = await start(folder, "--name", "shop", "--env-file", ".env")
  expect(dev.url).toBe(`http://shop.localhost:${dev.port}`)
  expect(await dev.next(dev.is("deployed"))).toMatchObject({
    changed: ["api/main.js", "index.html"],
    server: { form: "module", entry: "api/main.js", scope: "api" },
  })
  const get = async (path: string) => (await ask(dev.port, path, { host: `shop.localhost:${dev.port}` })).text
  expect(await get("/")).toContain("one<script")
  expect((await ask(dev.port, "/", { host: `127.0.0.1:${dev.port}` })).text).toContain("one<script")

  for (let i = 0; (await get("/api/")) !== "one" && i < 50; i++) await sleep(50)
  await dev.next(({ message }) => message === "asked Ann")

  writeFileSync(join(folder, "api/main.js"), code("two"))
  expect(await dev.next(dev.is("deployed"))).toMatchObject({ changed: ["api/main.js"] })
  expect(await get("/api/")).toBe("two")

  writeFileSync(join(folder, "api/main.js"), "export default {")
  expect(await dev.next(dev.is("refused"))).toMatchObject({ message: expect.stringContaining("api/main.js:1:17") })
  expect(await get("/api/")).toBe("two")
  rmSync(join(folder, "api/main.js"))
  expect(await dev.next(dev.is("deployed"))).toMatchObject({ changed: ["api/main.js"], server: null })

  writeFileSync(join(folder, ".env"), "NAME=Bob\n")
  expect(await dev.next(dev.is("env"))).toMatchObject({ names: ["NAME"] })
}, 60_000)

it("waits for what can be deployed, ends when interrupted, and leaves nothing behind", async () => {
  const folder = tree({ "main.js": "export default {" })
  const abandoned = mkdtempSync(join(memory, "fazt-dev-999999999-"))
  const dev = await start(folder)
  expect(await dev.next(dev.is("refused"))).toMatchObject({ message: expect.stringContaining("main.js:1:17") })
  expect(existsSync(abandoned)).toBe(false)
  expect(scratchOf(dev.pid)).toHaveLength(1)
  writeFileSync(join(folder, "main.js"), `export default { fetch: () => new Response("there") }`)
  await dev.next(dev.is("deployed"))
  expect((await ask(dev.port, "/any", { host: "localhost" })).text).toBe("there")
  expect(await dev.stop()).toBe(0)
  expect(scratchOf(dev.pid)).toEqual([])
}, 60_000)

it("refuses a folder that is not there, and a port that is taken", async () => {
  const folder = tree({ "index.html": page })
  expect(await fazt(folder, ["dev", "nowhere"])).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no folder") })
  const dev = await start(folder)
  const second = await fazt(folder, ["dev", ".", "--port", String(dev.port)])
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining("Choose another port with --port") })
}, 60_000)
