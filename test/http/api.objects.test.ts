import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, query, sha256 } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { type Ask, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let token: string
let api: Api
let admin: Api
let deployer: Person
let viewer: Person
beforeAll(async () => {
  server = await startServer()
  token = await server.key("kv")
  api = apiOf(server, token)
  admin = apiOf(server, await server.key("admin"))
  deployer = await join(server, "deployer", ["blog"])
  viewer = await join(server, "viewer")
  const code = `export default { async fetch(request) {
    if (request.method === "POST") { await fazt.app.s3.put("by/code.txt", "from code", "text/plain"); return new Response("ok") }
    const found = await fazt.app.s3.get(new URL(request.url).pathname.slice(1))
    return new Response(found === null ? "none" : atob(found.data), { headers: { "content-type": found?.mime ?? "text/plain" } })
  } }`
  await publish(admin, "shop", { "main.js": code })
  await publish(admin, "blog", { "index.html": "1" })
})
afterAll(() => server.stop())

const at = (path: string, site = "shop") => `/sites/${site}/objects/content?path=${encodeURIComponent(path)}`
const put = (path: string, body: string | Uint8Array, type?: string, more = "", site = "shop") =>
  server.ask(`/api${at(path, site)}${more}`, { method: "PUT", body, token, headers: type === undefined ? {} : { "content-type": type } })
const content = (path: string, more = "", request: Ask = {}) => server.ask(`/api${at(path)}${more}`, { token, ...request })
const head = () => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events WHERE stream GLOB 'object/*'")[0]!.seq

describe("an object", () => {
  it("is put with its type, read, changed and deleted, whatever its path and its bytes", async () => {
    const path = "pictures/ü 1?&#.png"
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256)
    const stored = checkSuccess(await put(path, bytes, "image/png"))
    expect(stored).toEqual({
      path,
      size_bytes: 1000,
      type: "image/png",
      hash: sha256(bytes),
      version: 1,
      updated_at: expect.stringMatching(/^\d{4}-/),
    })
    const read = await content(path)
    expect([read.status, read.body.equals(bytes), read.headers["content-type"]]).toEqual([200, true, "image/png"])
    expect(checkSuccess(await put(path, "", "text/plain"))).toMatchObject({ version: 2, size_bytes: 0 })
    expect((await content(path)).text).toBe("")
    expect(checkSuccess(await put("untyped", "x")).type).toBe("application/octet-stream")
    checkSuccess(await api.delete(at(path)))
    checkError(await content(path), "OBJECT_NOT_FOUND")
    checkError(await api.delete(at(path)), "OBJECT_NOT_FOUND")
  })

  it("is that of the site's code, and the other way round", async () => {
    expect((await server.ask("/", { host: "shop.localhost", method: "POST" })).text).toBe("ok")
    expect((await content("by/code.txt")).text).toBe("from code")
    await put("for/code.txt", "from outside", "text/plain")
    expect((await server.ask("/for/code.txt", { host: "shop.localhost" })).text).toBe("from outside")
  })

  it("that is large is taken and given in pieces, and stays", async () => {
    const large = Buffer.alloc(5_000_000, "abcdefg")
    expect(checkSuccess(await put("large", large)).hash).toBe(sha256(large))
    expect((await content("large")).body.equals(large)).toBe(true)
    const part = await content("large", "", { headers: { range: "bytes=4999990-" } })
    expect([part.status, part.text]).toEqual([206, large.subarray(4_999_990).toString()])
    expect(query(server, "SELECT 1 FROM blob_staging JOIN objects ON blob = hash")).toEqual([])
  })

  it("is never shown or run by a browser, whatever it says it is", async () => {
    await put("evil.html", "<script>alert(1)</script>", "text/html")
    const { headers } = await content("evil.html")
    expect(headers).toMatchObject({
      "content-type": "text/html",
      "content-disposition": "attachment; filename=\"evil.html\"; filename*=UTF-8''evil.html",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "x-content-type-options": "nosniff",
      etag: `"${sha256("<script>alert(1)</script>")}"`,
    })
    const same = await content("evil.html", "", { headers: { "if-none-match": headers["etag"]! } })
    expect([same.status, same.text]).toEqual([304, ""])
    const asked = await content("evil.html", "", { method: "HEAD" })
    expect([asked.status, asked.headers["content-length"], asked.text]).toEqual([200, "25", ""])
  })

  it("is as it was at any of its versions, and tells who made them", async () => {
    await put("past", "one", "text/plain")
    await put("past", "two", "text/html")
    await api.delete(at("past"))
    await put("past", "four", "text/plain")
    const second = await content("past", "&version=2")
    expect([second.text, second.headers["content-type"]]).toEqual(["two", "text/html"])
    expect((await content("past", "&version=4")).text).toBe("four")
    for (const version of [0, 3, 9]) checkError(await content("past", `&version=${version}`), "OBJECT_NOT_FOUND")
    const { items, meta } = checkList(await api.get("/sites/shop/objects/history?path=past&limit=3"))
    expect(items).toMatchObject([
      { version: 4, kind: "set", size_bytes: 4, type: "text/plain", hash: sha256("four"), actor: expect.stringMatching(/^key:/) },
      { version: 3, kind: "deleted", size_bytes: null, type: null, hash: null },
      { version: 2, kind: "set", size_bytes: 3, type: "text/html" },
    ])
    expect(meta).toEqual({ limit: 3, next: "2" })
    expect(checkList(await api.get("/sites/shop/objects/history?path=/past&before=2")).items).toMatchObject([{ version: 1 }])
    expect((await api.get("/sites/shop/objects/history?path=never")).json).toEqual({ data: [], meta: { limit: 50, next: null } })
  })

  it("is changed only at the version that is meant", async () => {
    checkError(await put("exact", "1", undefined, "&if_version=1"), "CONFLICT")
    expect(checkSuccess(await put("exact", "1", undefined, "&if_version=0")).version).toBe(1)
    checkError(await put("exact", "2", undefined, "&if_version=0"), "CONFLICT")
    expect(checkSuccess(await put("exact", "2", undefined, "&if_version=1")).version).toBe(2)
    checkError(await api.delete(`${at("exact")}&if_version=1`), "CONFLICT")
    checkSuccess(await api.delete(`${at("exact")}&if_version=2`))
    expect(checkSuccess(await put("exact", "4", undefined, "&if_version=0")).version).toBe(4)
  })

  it("has a path with no slashes too many", async () => {
    expect(checkSuccess(await put("//a//b", "x")).path).toBe("a/b")
    expect((await content("/a/b")).text).toBe("x")
  })
})

describe("the objects of a site", () => {
  it("are listed by the beginning of their paths, in pages", async () => {
    for (const path of ["p/1", "p/2", "p/3", "q"]) await put(path, path, "text/plain", "", "blog")
    const list = async (parameters: string) => {
      const { items, meta } = checkList(await api.get(`/sites/blog/objects?${parameters}`))
      return [items.map(({ path }) => path), meta]
    }
    expect(await list("")).toEqual([["p/1", "p/2", "p/3", "q"], { limit: 100, next: null }])
    expect(await list("prefix=p/&limit=2")).toEqual([["p/1", "p/2"], { limit: 2, next: "p/2" }])
    expect(await list("prefix=/p/&limit=2&cursor=p/2")).toEqual([["p/3"], { limit: 2, next: null }])
    expect(await list("prefix=none")).toEqual([[], { limit: 100, next: null }])
    expect((await api.get("/sites/blog/objects?limit=1")).json.data[0]).toMatchObject({
      size_bytes: 3,
      type: "text/plain",
      hash: sha256("p/1"),
    })
  })
})

describe("a request for objects", () => {
  for (const [what, send, code] of [
    ["a site that never was", () => api.get("/sites/nowhere/objects"), "SITE_NOT_FOUND"],
    ["an object for a site that never was", () => put("x", "y", undefined, "", "nowhere"), "SITE_NOT_FOUND"],
    ["no path", () => api.get("/sites/shop/objects/content"), "VALIDATION_FAILED"],
    ["an empty path", () => put("", "x"), "VALIDATION_FAILED"],
    ["a path that leads upwards", () => put("a/../b", "x"), "VALIDATION_FAILED"],
    ["a path with a control character", () => put("a\n", "x"), "VALIDATION_FAILED"],
    ["a path that is too long", () => put("x".repeat(1025), "x"), "VALIDATION_FAILED"],
    ["a type that is too long", () => put("x", "y", `text/${"x".repeat(255)}`), "VALIDATION_FAILED"],
    ["a version that is no number", () => content("x", "&version=one"), "VALIDATION_FAILED"],
    ["an object that never was", () => content("never"), "OBJECT_NOT_FOUND"],
    ["a limit that is too high", () => api.get("/sites/shop/objects?limit=1001"), "VALIDATION_FAILED"],
  ] as const) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const before = head()
      checkError(await send(), code)
      expect(head()).toBe(before)
    })
  }

  it("refuses what is larger than a file may be, whether that is announced or not, and keeps nothing of it", async () => {
    await admin.set("limits.file_bytes", 1_500_000)
    try {
      const before = head()
      const body = Buffer.alloc(2_000_000)
      checkError(await put("too-large", body), "PAYLOAD_TOO_LARGE")
      const chunked = await server.ask(`/api${at("too-large")}`, {
        method: "PUT",
        body,
        token,
        headers: { "transfer-encoding": "chunked" },
      })
      expect(checkError(chunked, "PAYLOAD_TOO_LARGE").message).toMatch(/1500000 bytes/)
      expect(head()).toBe(before)
      const orphans = "SELECT 1 FROM blob_chunks WHERE upload NOT IN (SELECT upload FROM blobs WHERE upload IS NOT NULL)"
      expect(query(server, orphans)).toEqual([])
    } finally {
      await admin.unset("limits.file_bytes")
    }
  })

  it("is for those who may look into the data of this site", async () => {
    checkError(await deployer.get(`/api${at("large")}`), "FORBIDDEN")
    checkError(await deployer.get("/api/sites/shop/objects"), "FORBIDDEN")
    checkError(await deployer.send("PUT", `/api${at("x")}`, {}), "FORBIDDEN")
    checkError(await deployer.send("DELETE", `/api${at("large")}`), "FORBIDDEN")
    expect(checkSuccess(await deployer.send("PUT", `/api${at("x.json", "blog")}`, { a: 1 })).type).toBe("application/json")
    expect((await deployer.get(`/api${at("x.json", "blog")}`)).json).toEqual({ a: 1 })
    for (const path of [at("large"), "/sites/shop/objects", "/sites/shop/objects/history?path=large"]) {
      checkError(await viewer.get(`/api${path}`), "FORBIDDEN")
      checkError(await server.ask(`/api${path}`), "UNAUTHORIZED")
    }
  })

  it("that ends before its body does is refused, and leaves nothing behind", async () => {
    const { request } = await import("node:http")
    const before = head()
    await new Promise<void>((resolve) => {
      const headers = { host: "localhost", authorization: `Bearer ${token}`, "content-length": "100000" }
      const req = request({ port: server.port, method: "PUT", path: `/api${at("cut")}`, headers })
      req.on("error", () => {})
      req.on("close", () => resolve())
      req.write("x".repeat(1000))
      setTimeout(() => req.destroy(), 100)
    })
    checkError(await content("cut"), "OBJECT_NOT_FOUND")
    expect(head()).toBe(before)
  })
})
