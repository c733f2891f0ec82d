import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, query, sha256 } from "../support/api.ts"
import { checkError, checkList } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let token: string
let api: Api
let deployer: Person
let viewer: Person
let first: string
let second: string
const large = Buffer.alloc(3_000_000, "0123456789")

beforeAll(async () => {
  server = await startServer()
  token = await server.key("admin")
  api = apiOf(server, token)
  deployer = await join(server, "deployer", ["other"])
  viewer = await join(server, "viewer")
  const kept = { "a.txt": "a", "evil.html": "<script>alert(1)</script>", "big.bin": large }
  first = (await publish(api, "shop", { ...kept, "index.html": "one", "gone.txt": "gone" })).answer.json.data.deploy
  second = (await publish(api, "shop", { ...kept, "index.html": "two", "dir/ü 100% #1?.txt": "odd", "dir/b.css": "b{}" })).answer.json.data
    .deploy
  await publish(api, "other", { "index.html": "other" })
  await publish(api, "deleted", { "index.html": "was here" })
  await api.delete("/sites/deleted")
})
afterAll(() => server.stop())

const paths = (items: ReadonlyArray<{ readonly path: string }>) => items.map(({ path }) => path)
const content = (path: string, more: object = {}) => server.ask(`/api${path}`, { token, ...more })

describe("the files of a site", () => {
  const all = ["a.txt", "big.bin", "dir/b.css", "dir/ü 100% #1?.txt", "evil.html", "index.html"]

  it("are those of the live deploy, counted, by path", async () => {
    const { items, meta } = checkList(await api.get("/sites/shop/files"))
    expect([paths(items), meta]).toEqual([all, { total: 6, limit: 1000, offset: 0 }])
    expect(items[0]).toEqual({
      path: "a.txt",
      hash: sha256("a"),
      size: 1,
      type: "text/plain; charset=utf-8",
      updated_at: items[0].mod_time,
      mod_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  it("are given in pages, and by the beginning of their paths", async () => {
    const page = async (parameters: string) => {
      const { items, meta } = checkList(await api.get(`/sites/shop/files?${parameters}`))
      return [paths(items), meta.total]
    }
    expect(await page("limit=2&offset=1")).toEqual([["big.bin", "dir/b.css"], 6])
    expect(await page("prefix=dir/")).toEqual([["dir/b.css", "dir/ü 100% #1?.txt"], 2])
    expect(await page("prefix=dir/&limit=1&offset=1")).toEqual([["dir/ü 100% #1?.txt"], 2])
    expect(await page(`prefix=${encodeURIComponent("dir/ü 100%")}`)).toEqual([["dir/ü 100% #1?.txt"], 1])
    expect(await page("prefix=nothing")).toEqual([[], 0])
    expect(await page("offset=6")).toEqual([[], 6])
  })

  it("can be those of any deploy", async () => {
    const earlier = checkList(await api.get(`/sites/shop/files?deploy=${first}`))
    expect(paths(earlier.items)).toEqual(["a.txt", "big.bin", "evil.html", "gone.txt", "index.html"])
    expect(checkList(await api.get("/sites/shop/files?deploy=previous&prefix=g&limit=1")).meta).toEqual({ total: 1, limit: 1, offset: 0 })
    expect(checkList(await api.get("/sites/shop/files?deploy=previous&limit=2&offset=4")).items).toMatchObject([
      { path: "index.html", hash: sha256("one"), size: 3 },
    ])
    // What is live now keeps the times at which its files have changed.
    expect((await api.get(`/sites/shop/files?deploy=${second.slice(0, 9)}`)).json).toEqual((await api.get("/sites/shop/files")).json)
  })

  it("are [] where there are none, and those of its deploys stay when a site is deleted", async () => {
    await api.post("/sites", { site: "bare" })
    const none = { data: [], meta: { total: 0, limit: 1000, offset: 0 } }
    expect((await api.get("/sites/bare/files")).json).toEqual(none)
    expect((await api.get("/sites/deleted/files")).json).toEqual(none)
    expect(paths(checkList(await api.get("/sites/deleted/files?deploy=live")).items)).toEqual(["index.html"])
  })

  it("are shown only to who reaches the site, and looked for only where they can be", async () => {
    checkError(await deployer.get("/api/sites/shop/files"), "FORBIDDEN")
    checkError(await server.ask("/api/sites/shop/files"), "UNAUTHORIZED")
    checkList(await deployer.get("/api/sites/other/files"))
    checkList(await viewer.get("/api/sites/shop/files"))
    checkError(await api.get("/sites/nowhere/files"), "SITE_NOT_FOUND")
    checkError(await api.get("/sites/shop/files?deploy=zzzzzzzzzz"), "DEPLOY_NOT_FOUND")
    checkError(await api.get("/sites/bare/files?deploy=live"), "DEPLOY_NOT_FOUND")
    for (const parameter of ["limit=10001", "limit=0", "offset=-1"])
      checkError(await api.get(`/sites/shop/files?${parameter}`), "VALIDATION_FAILED")
  })
})

describe("the content of a file", () => {
  it("is its bytes, with the type and the tag that visitors get", async () => {
    const { status, text, headers } = await content("/sites/shop/files/index.html")
    expect([status, text]).toEqual([200, "two"])
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-length": "3",
      etag: `"${sha256("two")}"`,
      "cache-control": "private, no-cache",
    })
  })

  it("is found whatever is in its name, and in names of folders", async () => {
    const odd = await content(`/sites/SHOP/files/dir/${encodeURIComponent("ü 100% #1?.txt")}`)
    expect([odd.status, odd.text]).toEqual([200, "odd"])
    expect(odd.headers["content-disposition"]).toBe(
      "attachment; filename=\"_ 100_ #1?.txt\"; filename*=UTF-8''%C3%BC%20100%25%20%231%3F.txt",
    )
    expect((await content("/sites/shop/files/dir/b.css")).text).toBe("b{}")
  })

  it("is never shown or run by a browser", async () => {
    const { headers } = await content("/sites/shop/files/evil.html")
    expect(headers).toMatchObject({
      "content-disposition": "attachment; filename=\"evil.html\"; filename*=UTF-8''evil.html",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "x-frame-options": "DENY",
    })
  })

  it("is that of any deploy", async () => {
    expect((await content("/sites/shop/files/index.html?deploy=previous")).text).toBe("one")
    expect((await content(`/sites/shop/files/gone.txt?deploy=${first}`)).text).toBe("gone")
    expect((await content("/sites/deleted/files/index.html?deploy=live")).text).toBe("was here")
  })

  it("is not sent again to who has it, and not at all to who asks about it", async () => {
    const tag = `"${sha256("two")}"`
    const same = await content("/sites/shop/files/index.html", { headers: { "if-none-match": tag } })
    expect([same.status, same.text, same.headers["etag"]]).toEqual([304, "", tag])
    const head = await content("/sites/shop/files/big.bin", { method: "HEAD" })
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "3000000"])
    checkError(await content("/sites/shop/files/none.txt"), "FILE_NOT_FOUND")
    expect((await content("/sites/shop/files/none.txt", { method: "HEAD" })).status).toBe(404)
  })

  it("comes in parts where parts are asked for, and whole where it is large", async () => {
    expect((await content("/sites/shop/files/big.bin")).body.equals(large)).toBe(true)
    const part = await content("/sites/shop/files/big.bin", { headers: { range: "bytes=1048570-1048589" } })
    expect([part.status, part.text]).toEqual([206, "01234567890123456789"])
  })

  it("is that of no other site, and of nothing that is no file", async () => {
    for (const path of ["index.htm", "dir", "dir/", "a.txt/x", "__proto__", "constructor", "gone.txt"])
      checkError(await content(`/sites/shop/files/${path}`), "FILE_NOT_FOUND")
    checkError(await content("/sites/shop/files/__proto__?deploy=previous"), "FILE_NOT_FOUND")
    checkList(await content("/sites/shop/files/"))
    checkError(await content("/sites/deleted/files/index.html"), "FILE_NOT_FOUND")
    checkError(await content("/sites/nowhere/files/index.html"), "SITE_NOT_FOUND")
    checkError(await content("/sites/shop/files/index.html?deploy=nonsense"), "DEPLOY_NOT_FOUND")
    // What leads out of the files leads to another endpoint, or to none.
    checkError(await content("/sites/shop/files/../../other/files/x"), "FILE_NOT_FOUND")
    checkError(await content("/sites/shop/files/a.txt", { method: "PUT", body: "x" }), "METHOD_NOT_ALLOWED")
  })

  it("is given only to who reaches the site", async () => {
    checkError(await deployer.get("/api/sites/shop/files/index.html"), "FORBIDDEN")
    checkError(await deployer.get("/api/sites/other/files/../../shop/files/index.html"), "FORBIDDEN")
    checkError(await server.ask("/api/sites/shop/files/index.html"), "UNAUTHORIZED")
    expect((await deployer.get("/api/sites/other/files/index.html")).text).toBe("other")
    expect((await viewer.get("/api/sites/shop/files/index.html")).text).toBe("two")
    const logs = apiOf(server, await server.key("logs"))
    checkError(await logs.get("/sites/shop/files/index.html"), "FORBIDDEN")
  })

  it("of server code is told as that of any file", async () => {
    const code = "export default { fetch: () => new Response('hi') }"
    await publish(api, "coded", { "main.js": code })
    expect((await content("/sites/coded/files/main.js")).text).toBe(code)
  })

  it("leaves the connection usable when a client goes away in the middle", async () => {
    const { request } = await import("node:http")
    await new Promise<void>((resolve) => {
      const options = {
        port: server.port,
        path: "/api/sites/shop/files/big.bin",
        headers: { host: "localhost", authorization: `Bearer ${token}` },
      }
      const req = request(options, (res) => res.once("data", () => res.destroy()).once("close", () => resolve()))
      req.on("error", () => {})
      req.end()
    })
    expect((await content("/sites/shop/files/a.txt")).text).toBe("a")
  })

  it("is read without a trace in the log", async () => {
    const head = () => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events WHERE stream GLOB 'site/*'")[0]!.seq
    const before = head()
    await content("/sites/shop/files/a.txt")
    expect(head()).toBe(before)
  })
})
