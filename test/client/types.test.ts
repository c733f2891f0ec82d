import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterEach, describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))
const client = join(root, "packages/client")
const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const strict = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUnusedLocals: true,
  target: "ES2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  module: "NodeNext",
  moduleResolution: "NodeNext",
  types: [],
}

/** What the compiler complains about in a project that has the client among its packages. */
const check = async (files: Readonly<Record<string, string>>, options: object = {}, more: object = {}): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "fazt-client-types-"))
  folders.push(folder)
  mkdirSync(join(folder, "node_modules/@fazt"), { recursive: true })
  symlinkSync(client, join(folder, "node_modules/@fazt/client"))
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"))
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...strict, ...options }, ...more }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder, "--noEmit"], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  )
}

const uses = `
  import { createClient, FaztError, type AuditEntry, type Client, type Deployed, type ErrorCode, type Site } from "@fazt/client"

  const client: Client = createClient({ baseUrl: new URL("http://localhost:4698"), key: "fazt_a_b", fetch, headers: { "x-a": "b" } })
  const inPage = createClient()

  const { data, meta } = await client.sites.list({ limit: 10 })
  const sites: Site[] = data.sort((a, b) => a.size_bytes - b.size_bytes)
  const total: number = meta.total
  for await (const { site, deleted_at } of client.sites.list({ deleted: true })) console.log(site, deleted_at?.slice(0, 10))
  const { meta: { next } } = await client.kv.list({ site: "a", prefix: "b", cursor: undefined })
  const cursor: string | null = next

  const one: Site = await client.sites.get({ site: "a" })
  await client.kv.set({ site: "a", key: "b", value: [1, { c: null }], ttl_ms: 1000 })
  const value: unknown = (await client.kv.get({ site: "a", key: "b" })).value
  const { message } = await client.kv.delete({ site: "a", key: "b" }, { signal: AbortSignal.timeout(1000) })
  const scopes = ["read", "deploy"] as const
  const token: string = (await client.keys.create({ name: "ci", scopes, sites: ["a"] })).token
  const text: string = await (await client.files.content({ site: "a", path: "b/c.txt" })).text()
  await client.objects.put({ site: "a", path: "b", body: new Blob(["c"]) }, { headers: { "content-type": "text/plain" } })
  await inPage.session.login({ username: "a", password: "b" })
  await client.deploys.zip({ body: new FormData() })

  for await (const event of client.events({ after: one.deploys, type: ["v1.SiteCreated"] }, { onCaughtUp: (seq) => seq.toFixed() })) {
    const entry: AuditEntry = event
    if (entry.seq > 10) break
  }
  const files = { "index.html": "<h1>", "a.png": new Uint8Array(3), "b.bin": new ArrayBuffer(1), "c": new Blob([]) }
  const deployed: Deployed & { uploaded: number } = await client.deploy("a", files, { message: "b", spa: true, onProgress: ({ done, total }) => done / total })

  try {
    await client.server.status()
  } catch (error) {
    if (error instanceof FaztError && error.code === "RATE_LIMIT_EXCEEDED") {
      const seconds: number | undefined = error.retryAfter
      const known: ErrorCode = "RATE_LIMIT_EXCEEDED"
      console.log(seconds, known, error.status.toFixed(), error.details)
    }
  }
  console.log(sites, total, cursor, value, message, token, text, deployed)
`

const mistakes = `
  import { createClient } from "@fazt/client"
  const client = createClient({ baseUrl: "http://localhost:4698" })

  // @ts-expect-error: the site is missing.
  client.sites.get()
  // @ts-expect-error: the site is missing.
  client.sites.get({})
  // @ts-expect-error: a name of no parameter.
  client.sites.list({ limits: 10 })
  // @ts-expect-error: a number is no text.
  client.sites.list({ limit: "10" })
  // @ts-expect-error: a scope that there is not.
  client.keys.create({ name: "a", scopes: ["everything"] })
  // @ts-expect-error: an operation that there is not.
  client.sites.rename({ site: "a" })
  // @ts-expect-error: an operation without parameters.
  client.server.status({ site: "a" })
  // @ts-expect-error: an option that there is not.
  client.sites.list({}, { timeout: 10 })
  // @ts-expect-error: a field that there is not.
  client.sites.get({ site: "a" }).then(({ title }) => title)
  // @ts-expect-error: one thing is no list.
  for await (const site of client.sites.get({ site: "a" })) console.log(site)
  // @ts-expect-error: a list is not its items.
  client.sites.list().then((sites) => sites.map(({ site }) => site))
  // @ts-expect-error: a value of a key can be anything.
  client.kv.get({ site: "a", key: "b" }).then(({ value }) => value.length)
  // @ts-expect-error: a file's content is no number.
  client.deploy("a", { "index.html": 1 })
  // @ts-expect-error: a client cannot be changed.
  client.sites = client.sites
`

describe("the client's types", () => {
  it("fit how it is used, in a page and in Node", async () => {
    expect(await check({ "main.ts": uses })).toBe("")
    expect(await check({ "main.ts": uses }, { lib: ["ES2022"], types: ["node"], skipLibCheck: true })).toBe("")
    expect(await check({ "main.ts": uses }, { module: "ESNext", moduleResolution: "Bundler" })).toBe("")
  })

  it("fit what the package's page shows", async () => {
    const blocks = [...readFileSync(join(client, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code)
    expect(blocks.length).toBeGreaterThan(5)
    const withClient = (code: string): string =>
      code.includes("const client =") ? code : `import type { Client } from "@fazt/client"\ndeclare const client: Client\n${code}`
    const files = Object.fromEntries(blocks.map((code, n) => [`block${n}.ts`, withClient(code)]))
    expect(await check(files, { noUnusedLocals: false, lib: ["ES2022", "DOM", "DOM.Iterable"] })).toBe("")
  })

  it("refuse what is a mistake", async () => {
    expect(await check({ "main.ts": mistakes })).toBe("")
  })

  it("are those of the code", async () => {
    const src = join(client, "src")
    const files = readdirSync(src).map((name) => join(src, name))
    expect(
      await check({}, { allowJs: true, checkJs: true, lib: ["ES2022", "DOM", "DOM.Iterable"], noImplicitReturns: true }, { files }),
    ).toBe("")
  })
})
