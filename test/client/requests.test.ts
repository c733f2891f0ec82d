import { afterEach, describe, expect, it } from "vitest"
import { createClient } from "../../packages/client/src/client.js"
import { closeStubs, failure, sends, stub } from "./stubs.ts"

afterEach(closeStubs)

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
    await expect((await stub(() => {})).sites.list({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

    const waiting = new AbortController()
    const call = (await stub(() => {})).audit.list({ after: 1e9, wait: 30 }, { signal: waiting.signal })
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
    let found = ""
    const behind = await stub((req, res) => {
      found = `http://${req.headers.host}`
      paths.push(req.url)
      sends(200, '{"data":{}}')(req, res)
    })
    await behind.server.status()
    await createClient({ baseUrl: new URL(`${found}/fazt/`) }).server.status()
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
