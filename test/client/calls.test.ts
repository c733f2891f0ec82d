import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type Client, type ClientOptions, createClient, FaztError } from "../../packages/client/src/client.js"
import { owner, startServer, type TestServer } from "../support/server.ts"

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

/** What a call fails with. */
const failure = async (call: PromiseLike<unknown>): Promise<FaztError> =>
  call.then(
    (answer) => Promise.reject(new Error(`It succeeded with ${JSON.stringify(answer)}.`)),
    (error) => {
      if (!(error instanceof FaztError)) throw error
      return error
    },
  )

const all = async <Item>(items: AsyncIterable<Item>): Promise<Array<Item>> => {
  const found: Array<Item> = []
  for await (const item of items) found.push(item)
  return found
}

const stubs: Array<Server> = []
afterEach(() => {
  for (const stub of stubs.splice(0)) {
    stub.closeAllConnections()
    stub.close()
  }
})

/** A server that answers in its own way. */
const stub = async (answer: RequestListener, options: ClientOptions = {}): Promise<Client> => {
  const http = createServer(answer)
  stubs.push(http)
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  return createClient({ baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, ...options })
}

const sends =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, res) =>
    void res.writeHead(status, headers).end(body)

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

describe("a refusal for a while", () => {
  const busy = JSON.stringify({ error: { code: "RATE_LIMIT_EXCEEDED", message: "Wait." } })
  const refusing = async (times: number, status: number, headers: Record<string, string>) => {
    let asked = 0
    const refused = await stub((req, res) =>
      asked++ < times ? sends(status, busy, headers)(req, res) : sends(200, '{"data":{"status":"healthy"}}')(req, res),
    )
    return { client: refused, asked: () => asked }
  }

  it.each([
    [429, "0"],
    [503, "0"],
    [429, new Date(Date.now() - 5000).toUTCString()],
  ])("%i with Retry-After: %s is waited for", async (status, wait) => {
    const { client, asked } = await refusing(2, status, { "retry-after": wait })
    expect((await client.server.status()).status).toBe("healthy")
    expect(asked()).toBe(3)
  })

  it("is waited for as long as the server says", async () => {
    const { client } = await refusing(1, 429, { "retry-after": "1" })
    const start = performance.now()
    await client.server.status()
    expect(performance.now() - start).toBeGreaterThan(950)
  })

  it("is told after three attempts", async () => {
    const { client, asked } = await refusing(100, 429, { "retry-after": "0" })
    expect(await failure(client.server.status())).toMatchObject({ status: 429, code: "RATE_LIMIT_EXCEEDED", retryAfter: 0 })
    expect(asked()).toBe(3)
  })

  it.each([
    ["does not say when", 429, {}],
    ["takes too long", 429, { "retry-after": "31" }],
    ["says it of another status", 500, { "retry-after": "0" }],
    ["says what cannot be read", 429, { "retry-after": "soon" }],
  ])("is told at once where the server %s", async (_, status, headers) => {
    const { client, asked } = await refusing(100, status, headers as Record<string, string>)
    expect((await failure(client.server.status())).status).toBe(status)
    expect(asked()).toBe(1)
  })

  it("is told at once to whoever changes something: it might happen twice", async () => {
    const { client, asked } = await refusing(100, 503, { "retry-after": "0" })
    await failure(client.sites.delete({ site: "a" }))
    await failure(client.sites.create({ site: "a" }))
    await failure(client.kv.set({ site: "a", key: "b", value: 1 }))
    expect(asked()).toBe(3)
  })
})

describe("giving up", () => {
  it("ends a call with the signal's reason, before it, in it and in a pause", async () => {
    const reason = new Error("enough")
    await expect(client.sites.list({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

    const waiting = new AbortController()
    const call = client.audit.list({ after: 1e9, wait: 30 }, { signal: waiting.signal })
    setTimeout(() => waiting.abort(reason), 50)
    await expect(call).rejects.toBe(reason)

    const refused = await stub(sends(429, '{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Wait."}}', { "retry-after": "20" }))
    const pausing = new AbortController()
    setTimeout(() => pausing.abort(reason), 100)
    await expect(refused.sites.list({}, { signal: pausing.signal })).rejects.toBe(reason)

    const slow = await stub((_, res) => void res.writeHead(200).write("{"))
    const reading = new AbortController()
    setTimeout(() => reading.abort(reason), 100)
    await expect(slow.sites.list({}, { signal: reading.signal })).rejects.toBe(reason)
  })

  it("is what a timeout does", async () => {
    const silent = await stub(() => {})
    await expect(silent.sites.list({}, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" })
  })
})

describe("what a client is made with", () => {
  it("is an address, with a path where the server has one", async () => {
    const paths: Array<string | undefined> = []
    const behind = await stub((req, res) => {
      paths.push(req.url)
      sends(200, '{"data":{}}')(req, res)
    })
    await behind.server.status()
    const { port } = stubs[0]!.address() as AddressInfo
    await createClient({ baseUrl: new URL(`http://127.0.0.1:${port}/fazt/`) }).server.status()
    expect(paths).toEqual(["/api/status", "/fazt/api/status"])
  })

  it.each([undefined, "", "localhost:4698", "/api"])("cannot be %j where there is no page", (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow("Say where the server is")
  })

  it("is a key and headers, which a call can add to", async () => {
    const found: Array<unknown> = []
    const seen = await stub(
      ({ headers }, res) => {
        found.push([headers.authorization, headers["x-all"], headers["x-one"], headers["content-type"]])
        res.end('{"data":{}}')
      },
      { key: "fazt_a_b", headers: { "X-All": "1" } },
    )
    await seen.server.status()
    await seen.sites.create({ site: "a" }, { headers: { "x-one": "2", "X-ALL": "3" } })
    expect(found).toEqual([
      ["Bearer fazt_a_b", "1", undefined, undefined],
      ["Bearer fazt_a_b", "3", "2", "application/json"],
    ])
  })
})

/** A client that keeps cookies, as a browser does. */
function personOf(baseUrl: string): Client {
  let cookie = ""
  return createClient({
    baseUrl,
    fetch: async (url, init) => {
      const headers = new Headers(init.headers)
      if (cookie !== "") headers.set("cookie", cookie)
      const response = await fetch(url, { ...init, headers })
      const set = response.headers.getSetCookie().map((text) => text.split(";", 1)[0])
      if (set.length > 0) cookie = set.join("; ")
      return response
    },
  })
}
