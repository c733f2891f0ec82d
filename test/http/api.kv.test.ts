import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, query, refusal } from "../support/api.ts"
import { join } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let reader: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  reader = apiOf(server, await server.key("kv"))
  await publish(api, "shop", { "index.html": "1" })
})
afterAll(() => server.stop())

const at = (key: string): string => `/sites/shop/kv/value?key=${encodeURIComponent(key)}`
const set = (key: string, value: unknown, more: object = {}) => api.send("PUT", at(key), { value, ...more })

describe("the keys of a site", () => {
  it("are set, read, listed and deleted, whatever is in them", async () => {
    const key = "user/ü 1?&#"
    const value = { b: [1, null, "é"], a: false }
    expect((await set(key, value)).json.data).toMatchObject({ key, version: 1, size_bytes: 29, expires_at: null })
    expect((await reader.get(at(key))).json.data).toMatchObject({ key, value, version: 1 })
    expect((await reader.get("/sites/SHOP/kv?prefix=user/")).json).toMatchObject({
      data: [{ key, version: 1 }],
      meta: { limit: 100, next: null },
    })
    expect((await api.delete(at(key))).status).toBe(200)
    expect(refusal(await reader.get(at(key)))).toEqual([404, "KEY_NOT_FOUND"])
    expect(refusal(await api.delete(at(key)))).toEqual([404, "KEY_NOT_FOUND"])
  })

  it("remember every value, who set it and when, and can be read as they were", async () => {
    await set("n", null)
    await set("n", "x".repeat(300_000), { ttl_ms: 60_000 })
    await api.delete(at("n"))
    await set("n", 4)
    const { data, meta } = (await reader.get("/sites/shop/kv/history?key=n&limit=3")).json
    expect(data).toMatchObject([
      { version: 4, kind: "set", value: 4, large: false },
      { version: 3, kind: "deleted", value: null },
      { version: 2, kind: "set", value: null, large: true, size_bytes: 300_002 },
    ])
    expect(data[0].actor).toMatch(/^key:/)
    expect(meta).toEqual({ limit: 3, next: "2" })
    expect((await reader.get("/sites/shop/kv/history?key=n&before=2")).json).toMatchObject({
      data: [{ version: 1, kind: "set", value: null, size_bytes: 4 }],
      meta: { next: null },
    })
    expect((await reader.get(`${at("n")}&version=1`)).json.data.value).toBeNull()
    expect((await reader.get(`${at("n")}&version=2`)).json.data.value).toHaveLength(300_000)
    expect(refusal(await reader.get(`${at("n")}&version=3`))).toEqual([404, "KEY_NOT_FOUND"])
    expect(refusal(await reader.get(`${at("n")}&version=9`))).toEqual([404, "KEY_NOT_FOUND"])
    expect((await reader.get("/sites/shop/kv/history?key=never")).json).toEqual({ data: [], meta: { limit: 50, next: null } })
  })

  it("are listed in pages", async () => {
    for (const key of ["p/1", "p/2", "p/3"]) await set(key, key)
    const first = (await reader.get("/sites/shop/kv?prefix=p/&limit=2")).json
    expect([first.data.map(({ key }: { key: string }) => key), first.meta.next]).toEqual([["p/1", "p/2"], "p/2"])
    const second = (await reader.get(`/sites/shop/kv?prefix=p/&limit=2&cursor=${first.meta.next}`)).json
    expect([second.data.map(({ key }: { key: string }) => key), second.meta.next]).toEqual([["p/3"], null])
  })

  it("are gone when their time is up", async () => {
    expect((await set("short", 1, { ttl_ms: 1 })).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(refusal(await reader.get(at("short")))).toEqual([404, "KEY_NOT_FOUND"])
    expect((await reader.get("/sites/shop/kv?prefix=short")).json.data).toEqual([])
  })

  it("keep large values as blobs that stay", async () => {
    const value = { text: "y".repeat(2_000_000) }
    await set("large", value)
    expect((await reader.get(at("large"))).json.data.value).toEqual(value)
    expect(query(server, "SELECT 1 FROM blob_staging JOIN kv_store ON blob = hash")).toEqual([])
  })

  it("stay with the site's name when the site is deleted, and are there again when it comes back", async () => {
    await publish(api, "gone", { "index.html": "1" })
    await api.send("PUT", "/sites/gone/kv/value?key=x", { value: 1 })
    await api.delete("/sites/gone")
    expect((await reader.get("/sites/gone/kv/value?key=x")).json.data.value).toBe(1)
    await api.post("/sites/gone/undelete", {})
    expect((await reader.get("/sites/gone/kv/value?key=x")).json.data.value).toBe(1)
  })

  it("are changed only at the version that is meant", async () => {
    const at1 = (key: string, version: number) => `${at(key)}&if_version=${version}`
    const put = (version: number, value: unknown) => api.send("PUT", at1("exact", version), { value })
    expect(refusal(await put(1, "x"))).toEqual([409, "CONFLICT"])
    expect((await put(0, 1)).json.data.version).toBe(1)
    expect(refusal(await put(0, 2))).toEqual([409, "CONFLICT"])
    expect((await put(1, 2)).json.data.version).toBe(2)
    expect(refusal(await api.delete(at1("exact", 1)))).toEqual([409, "CONFLICT"])
    expect((await api.delete(at1("exact", 2))).status).toBe(200)
    expect((await put(0, 4)).json.data.version).toBe(4)
    await api.send("PUT", at("brief"), { value: 1, ttl_ms: 1 })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await api.send("PUT", at1("brief", 0), { value: 2 })).json.data.version).toBe(2)
  })

  it("are those of the sites that the caller reaches, and nothing for who may only look at sites", async () => {
    const deployer = await join(server, "deployer", ["gone"])
    const viewer = await join(server, "viewer")
    expect((await deployer.send("PUT", "/api/sites/gone/kv/value?key=theirs", { value: 1 })).status).toBe(200)
    for (const path of ["/api/sites/shop/kv", "/api/sites/shop/kv/value?key=n", "/api/sites/shop/kv/history?key=n"]) {
      expect(refusal(await deployer.get(path))).toEqual([403, "FORBIDDEN"])
      expect(refusal(await viewer.get(path))).toEqual([403, "FORBIDDEN"])
    }
    expect(refusal(await deployer.send("PUT", "/api/sites/shop/kv/value?key=n", { value: 1 }))).toEqual([403, "FORBIDDEN"])
    expect(refusal(await deployer.send("DELETE", "/api/sites/shop/kv/value?key=n"))).toEqual([403, "FORBIDDEN"])
  })

  it("take a value of 500 levels", async () => {
    const value = JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`)
    expect((await set("deep", value)).status).toBe(200)
    expect((await reader.get("/sites/shop/kv/value?key=deep")).json.data.value).toEqual(value)
  })

  for (const [what, send, status, code] of [
    ["a site that never was", () => reader.get("/sites/nowhere/kv"), 404, "SITE_NOT_FOUND"],
    ["a value for a site that never was", () => api.send("PUT", "/sites/nowhere/kv/value?key=x", { value: 1 }), 404, "SITE_NOT_FOUND"],
    ["no key", () => reader.get("/sites/shop/kv/value"), 400, "VALIDATION_FAILED"],
    ["an empty key", () => set("", 1), 400, "VALIDATION_FAILED"],
    ["a key with a control character", () => set("a\n", 1), 400, "VALIDATION_FAILED"],
    ["no value", () => api.send("PUT", at("x"), { ttl_ms: 5 }), 400, "MISSING_FIELD"],
    ["a time to live of nothing", () => set("x", 1, { ttl_ms: 0 }), 400, "VALIDATION_FAILED"],
    ["a value of 501 levels", () => set("x", JSON.parse(`${"[".repeat(501)}${"]".repeat(501)}`)), 400, "VALIDATION_FAILED"],
  ] as const) {
    it(`refuse ${what}`, async () => expect(refusal(await send())).toEqual([status, code]))
  }
})
