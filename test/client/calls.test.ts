import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type Client, createClient } from "../../packages/client/src/client.js"
import { owner, startServer, type TestServer } from "../support/server.ts"
import { all, closeStubs, failure, personOf, sends, stub } from "./stubs.ts"

let server: TestServer
let address: string
let client: Client

beforeAll(async () => {
  server = await startServer()
  address = `http://localhost:${server.port}`
  client = createClient({ baseUrl: address, key: await server.key("admin") })
  await client.deploy("notes", { "index.html": "<h1>Notes</h1>", "a b/ü#?.txt": "odd" })
})
afterAll(() => server.stop())

afterEach(closeStubs)

describe("the client", () => {
  it("asks for something in every group of the API", async () => {
    const asked = new Set<string>()
    const seen = new Proxy(client, {
      get: (from, group: string) => {
        asked.add(group)
        return Reflect.get(from, group)
      },
    })
    const person = personOf(address)
    await person.session.login({ username: owner.username, password: owner.password })

    expect((await seen.session.status()).authenticated).toBeTypeOf("boolean")
    asked.add("account")
    expect((await person.account.me()).username).toBe(owner.username)
    expect((await seen.users.list()).data.map(({ username }) => username)).toEqual([owner.username])
    const key = await seen.keys.create({ name: "made by a test", scopes: ["read"] })
    expect((await seen.keys.get({ id: key.id })).name).toBe("made by a test")
    expect((await seen.sites.get({ site: "NOTES" })).site).toBe("notes")
    expect((await seen.deploys.list({ site: "notes" })).data).toHaveLength(1)
    expect((await all(seen.files.list({ site: "notes" }))).map(({ path }) => path)).toEqual(["a b/ü#?.txt", "index.html"])
    expect((await seen.apps.get({ site: "notes" })).name).toBe("notes")
    expect((await seen.blobs.missing({ hashes: ["0".repeat(64)] })).missing).toHaveLength(1)
    await seen.env.set({ site: "notes", name: "TOKEN", value: "x" })
    expect(JSON.stringify(await seen.env.list({ site: "notes" }))).toContain('"TOKEN"')
    expect((await seen.logs.list({ site: "notes" })).data).toEqual([])
    await seen.kv.set({ site: "notes", key: "a/b", value: { n: 1 } })
    expect((await seen.kv.get({ site: "notes", key: "a/b" })).value).toEqual({ n: 1 })
    await seen.documents.set({ site: "notes", collection: "c", id: "1", data: { text: "x" } })
    expect((await seen.documents.get({ site: "notes", collection: "c", id: "1" })).data).toEqual({ text: "x" })
    expect((await seen.objects.put({ site: "notes", path: "a.bin", body: new Uint8Array([0, 255]) })).size_bytes).toBe(2)
    expect((await seen.config.set({ key: "limits.zip_ratio", value: "100" })).value).toBe("100")
    expect((await seen.config.unset({ key: "limits.zip_ratio" })).set).toBe(false)
    expect((await seen.audit.list({ type: "v1.KvSet", limit: 1 })).data).toHaveLength(1)
    expect((await seen.server.status()).status).toBe("healthy")
    expect((await seen.system.health()).status).toBe("healthy")
    expect(Object.keys(client).filter((name) => !asked.has(name))).toEqual(["events", "deploy"])
  })

  it("gives the answer's data, and a page with where it is for a list", async () => {
    expect(await client.sites.get({ site: "notes" })).toMatchObject({ site: "notes", file_count: 2 })
    const { data, meta } = await client.sites.list({ limit: 2 })
    expect([data.length, meta]).toEqual([2, { total: 3, limit: 2, offset: 0 }])
  })

  it("gives what is no JSON as the response that it is", async () => {
    const response = await client.files.content({ site: "notes", path: "a b/ü#?.txt" })
    expect([response.status, await response.text()]).toEqual([200, "odd"])
    await client.objects.put({ site: "notes", path: "x/y.png", body: new Blob(["png"], { type: "image/png" }) })
    const object = await client.objects.get({ site: "notes", path: "x/y.png" })
    expect([object.headers.get("content-type"), await object.text()]).toEqual(["image/png", "png"])
    await client.objects.put({ site: "notes", path: "x/z", body: "text" }, { headers: { "content-type": "text/csv" } })
    expect((await client.objects.get({ site: "notes", path: "x/z" })).headers.get("content-type")).toContain("text/csv")
  })

  it("leaves the parameters as they were, and sends none that are undefined", async () => {
    const params = { site: "notes", key: "left", value: 1, ttl_ms: undefined } as const
    await client.kv.set(params)
    expect(params).toEqual({ site: "notes", key: "left", value: 1, ttl_ms: undefined })
    expect((await client.sites.list({ limit: undefined })).meta.limit).toBe(100)
  })

  it("works without its object", async () => {
    const { list } = client.sites
    expect((await list()).data.length).toBe(3)
  })
})

describe("a list", () => {
  beforeAll(async () => {
    for (let n = 0; n < 7; n++) await client.kv.set({ site: "notes", key: `page/${n}`, value: n })
  })
  const keys = ["page/0", "page/1", "page/2", "page/3", "page/4", "page/5", "page/6"]

  it("goes on by an offset", async () => {
    expect((await all(client.sites.list({ limit: 1 }))).map(({ site }) => site)).toEqual(["404", "notes", "root"])
    expect((await all(client.sites.list({ limit: 2, offset: 1 }))).map(({ site }) => site)).toEqual(["notes", "root"])
    expect(await all(client.sites.list({ offset: 100 }))).toEqual([])
  })

  it("goes on by a cursor", async () => {
    expect((await all(client.kv.list({ site: "notes", prefix: "page/", limit: 3 }))).map(({ key }) => key)).toEqual(keys)
    const { meta } = await client.kv.list({ site: "notes", prefix: "page/", limit: 3 })
    expect((await client.kv.list({ site: "notes", prefix: "page/", cursor: meta.next! })).data.map(({ key }) => key)).toEqual(keys.slice(3))
  })

  it("goes back from the newest, and forth where it is asked for what comes after something", async () => {
    const back = (await all(client.audit.list({ limit: 3 }))).map(({ seq }) => seq)
    expect(back).toEqual(back.map((_, i) => back.length - i))
    const forth = (await all(client.audit.list({ after: 2, limit: 3 }))).map(({ seq }) => seq)
    expect(forth).toEqual(back.toReversed().slice(2))
  })

  it("asks for no more pages than are wanted", async () => {
    let asked = 0
    const counting = createClient({
      baseUrl: address,
      key: await server.key("admin"),
      fetch: (url, init) => {
        asked++
        return fetch(url, init)
      },
    })
    for await (const { key } of counting.kv.list({ site: "notes", prefix: "page/", limit: 2 })) if (key === "page/2") break
    expect(asked).toBe(2)
  })

  it("can be gone through twice", async () => {
    const list = client.kv.list({ site: "notes", prefix: "page/", limit: 4 })
    expect([(await all(list)).length, (await all(list)).length, (await list).data.length]).toEqual([7, 7, 4])
  })

  it("fails where it is refused, at whatever page", async () => {
    expect((await failure(all(client.kv.list({ site: "no-such-site" })))).code).toBe("SITE_NOT_FOUND")
    let asked = 0
    const broken = await stub((req, res) => {
      const page = { data: [{ site: "a" }], meta: { total: 2, limit: 1, offset: 0 } }
      if (asked++ === 0) sends(200, JSON.stringify(page))(req, res)
      else sends(500, JSON.stringify({ error: { code: "INTERNAL_ERROR", message: "no" } }))(req, res)
    })
    expect((await failure(all(broken.sites.list()))).code).toBe("INTERNAL_ERROR")
  })
})

describe("an error", () => {
  it("says what the server says", async () => {
    const missing = await failure(client.sites.get({ site: "no-such-site" }))
    expect([missing.name, missing.status, missing.code, missing.message]).toEqual([
      "FaztError",
      404,
      "SITE_NOT_FOUND",
      "There is no site called no-such-site.",
    ])
    const invalid = await failure(client.keys.create({ name: "", scopes: ["read"] }))
    expect([invalid.status, invalid.code, invalid.details]).toEqual([
      400,
      "VALIDATION_FAILED",
      { issues: [expect.objectContaining({ field: "name" })] },
    ])
    const stranger = createClient({ baseUrl: address })
    expect(await failure(stranger.sites.list())).toMatchObject({ status: 401, code: "UNAUTHORIZED" })
    const reader = createClient({ baseUrl: address, key: await server.key("read") })
    expect(await failure(reader.sites.delete({ site: "notes" }))).toMatchObject({ status: 403, code: "FORBIDDEN" })
  })

  it("tells a server that cannot be reached from one that is none of ours", async () => {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
    const { port } = http.address() as AddressInfo
    await new Promise((resolve) => http.close(resolve))
    const nowhere = await failure(createClient({ baseUrl: `http://127.0.0.1:${port}` }).sites.list())
    expect([nowhere.status, nowhere.code, nowhere.message]).toEqual([0, "UNREACHABLE", expect.stringContaining("ECONNREFUSED")])

    const cut = await stub((_, res) => {
      res.writeHead(200, { "content-length": "100" })
      res.write('{"data"')
      setTimeout(() => res.destroy(), 20)
    })
    expect(await failure(cut.sites.list())).toMatchObject({ status: 0, code: "UNREACHABLE" })

    const proxy = await stub(sends(502, "<h1>Bad gateway</h1>", { "retry-after": "7" }))
    expect(await failure(proxy.sites.list())).toMatchObject({ status: 502, code: "UNEXPECTED_ANSWER", retryAfter: 7 })
    for (const body of ["", "<html>", "null", "[]", "1", '{"error": "no"}']) {
      for (const status of [200, 500]) {
        expect(await failure((await stub(sends(status, body))).server.status()), body).toMatchObject({ status, code: "UNEXPECTED_ANSWER" })
      }
    }
  })

  it.each([undefined, null, "", ".", ".."])("keeps a request from being sent to where %j would lead", async (site) => {
    const unreachable = createClient({ baseUrl: "http://127.0.0.1:1", fetch: () => Promise.reject(new Error("It was sent.")) })
    const error = await failure(unreachable.sites.delete({ site: site as string }))
    expect([error.status, error.code, error.message]).toEqual([0, "INVALID_PARAMETER", expect.stringContaining("site")])
    expect((await failure(unreachable.deploy(site as string, {}))).code).toBe("INVALID_PARAMETER")
    expect((await failure(unreachable.files.content({ site: "a", path: `b/${site ?? ""}` }))).code).toBe("INVALID_PARAMETER")
  })

  it("never sends what is in a parameter to another path", async () => {
    const paths: Array<string | undefined> = []
    const seen = await stub((req, res) => {
      paths.push(req.url)
      sends(200, '{"data":{}}')(req, res)
    })
    await seen.sites.get({ site: "a/../b" })
    await seen.sites.get({ site: "a?b#c%2e" })
    await seen.files.content({ site: "a", path: "b/c d/%2e%2e/é" })
    expect(paths).toEqual(["/api/sites/a%2F..%2Fb", "/api/sites/a%3Fb%23c%252e", "/api/sites/a/files/b/c%20d/%252e%252e/%C3%A9"])
  })
})
