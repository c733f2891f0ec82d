import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, query } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let deployer: Person
let viewer: Person
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("kv"))
  const admin = apiOf(server, await server.key("admin"))
  deployer = await join(server, "deployer", ["blog"])
  viewer = await join(server, "viewer")
  const code = `export default { async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === "/index") { await fazt.app.ds.index("posts", "author"); return new Response("ok") }
    const id = fazt.app.ds.insert("posts", { author: "code", id: "by-code" })
    return new Response(String(await id))
  } }`
  await publish(admin, "shop", { "main.js": code })
  await publish(admin, "blog", { "index.html": "1" })
})
afterAll(() => server.stop())

const at = (collection: string, id: string, site = "shop") =>
  `/sites/${site}/documents/item?collection=${encodeURIComponent(collection)}&id=${encodeURIComponent(id)}`
const put = (collection: string, id: string, data: unknown, more = "", site = "shop") =>
  api.send("PUT", `${at(collection, id, site)}${more}`, { data })
const items = async (parameters: string, site = "shop") => checkList(await api.get(`/sites/${site}/documents/items?${parameters}`))
const ids = (list: ReadonlyArray<{ readonly id: string }>) => list.map(({ id }) => id)
const find = async (collection: string, query: unknown) =>
  ids((await items(`collection=${collection}&query=${encodeURIComponent(JSON.stringify(query))}`)).items)

describe("a document", () => {
  it("is put, read, changed and deleted, whatever its id is and whatever is in it", async () => {
    const id = "a/ü 1?&#"
    const data = JSON.parse('{"b":[1,null,"é"],"a":{"__proto__":{"x":1}},"__proto__":2}')
    expect(checkSuccess(await put("notes", id, data))).toMatchObject({ id, version: 1, size_bytes: 59 })
    const answer = await api.get(at("notes", id))
    expect(answer.text).toContain('"data":{"__proto__":2,"a":{"__proto__":{"x":1}},"b":[1,null,"é"]}')
    expect(checkSuccess(await put("notes", id, { a: 2 }))).toMatchObject({ version: 2, size_bytes: 7 })
    const read = checkSuccess(await api.get(at("notes", id)))
    expect(read).toEqual({
      id,
      version: 2,
      size_bytes: 7,
      created_at: expect.stringMatching(/^\d{4}-/),
      updated_at: expect.stringMatching(/^\d{4}-/),
      data: { a: 2 },
    })
    expect(read.updated_at > read.created_at).toBe(true)
    checkSuccess(await api.delete(at("notes", id)))
    await put("notes", "left", {})
    checkError(await api.get(at("notes", id)), "DOCUMENT_NOT_FOUND")
    checkError(await api.delete(at("notes", id)), "DOCUMENT_NOT_FOUND")
  })

  it("is that of the site's code, and the other way round", async () => {
    expect((await server.ask("/", { host: "shop.localhost" })).text).toBe("by-code")
    expect(checkSuccess(await api.get(at("posts", "by-code"))).data).toEqual({ author: "code" })
  })

  it("is as it was at any of its versions, and tells who made them", async () => {
    await put("past", "x", { n: 1 })
    await put("past", "x", { n: 2 })
    await api.delete(at("past", "x"))
    await put("past", "x", { n: 4 })
    expect(checkSuccess(await api.get(`${at("past", "x")}&version=1`))).toMatchObject({
      version: 1,
      data: { n: 1 },
      created_at: null,
      size_bytes: 7,
    })
    expect(checkSuccess(await api.get(`${at("past", "x")}&version=4`)).data).toEqual({ n: 4 })
    for (const version of [0, 3, 9]) checkError(await api.get(`${at("past", "x")}&version=${version}`), "DOCUMENT_NOT_FOUND")
    const history = checkList(await api.get("/sites/shop/documents/history?collection=past&id=x&limit=3"))
    expect(history.items).toMatchObject([
      { version: 4, kind: "set", data: { n: 4 }, size_bytes: 7, actor: expect.stringMatching(/^key:/) },
      { version: 3, kind: "deleted", data: null, size_bytes: null },
      { version: 2, kind: "set", data: { n: 2 } },
    ])
    expect(history.meta).toEqual({ limit: 3, next: "2" })
    const rest = checkList(await api.get("/sites/shop/documents/history?collection=past&id=x&before=2"))
    expect([rest.items.map(({ version }) => version), rest.meta.next]).toEqual([[1], null])
    expect((await api.get("/sites/shop/documents/history?collection=past&id=never")).json).toEqual({
      data: [],
      meta: { limit: 50, next: null },
    })
  })

  it("is not written again when it is the same already", async () => {
    await put("same", "x", { a: 1, b: 2 })
    expect(checkSuccess(await put("same", "x", { b: 2, a: 1 })).version).toBe(1)
  })

  it("has no id or times among its own data", async () => {
    await put("own", "x", { id: "x", _createdAt: 1, _updatedAt: 2, a: 3 })
    expect(checkSuccess(await api.get(at("own", "x"))).data).toEqual({ a: 3 })
    checkError(await put("own", "x", { id: "y" }), "VALIDATION_FAILED")
  })

  it("is changed only at the version that is meant", async () => {
    checkError(await put("exact", "x", { n: 1 }, "&if_version=1"), "CONFLICT")
    expect(checkSuccess(await put("exact", "x", { n: 1 }, "&if_version=0")).version).toBe(1)
    checkError(await put("exact", "x", { n: 2 }, "&if_version=0"), "CONFLICT")
    expect(checkSuccess(await put("exact", "x", { n: 2 }, "&if_version=1")).version).toBe(2)
    checkError(await api.delete(`${at("exact", "x")}&if_version=1`), "CONFLICT")
    checkSuccess(await api.delete(`${at("exact", "x")}&if_version=2`))
    expect(checkSuccess(await put("exact", "x", { n: 4 }, "&if_version=0")).version).toBe(4)
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => put("exact", "x", { n: `of ${n}` }, "&if_version=4")))
    expect(outcomes.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)])
  })
})

describe("the documents of a collection", () => {
  beforeAll(async () => {
    for (let n = 0; n < 7; n++) await put("list", `d${n}`, { n, author: n % 2 === 0 ? "Ann" : "Bob", tags: [`t${n}`] })
  })

  it("are listed newest first, in pages", async () => {
    expect(ids((await items("collection=list")).items)).toEqual(["d6", "d5", "d4", "d3", "d2", "d1", "d0"])
    const seen: Array<ReadonlyArray<string>> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const { items: page, meta } = await items(`collection=list&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`)
      seen.push(ids(page))
      cursor = meta.next
    }
    expect(seen).toEqual([["d6", "d5", "d4"], ["d3", "d2", "d1"], ["d0"]])
    const [newest] = (await items("collection=list&limit=1")).items
    expect(newest).toEqual(checkSuccess(await api.get(at("list", "d6"))))
  })

  it("are found by queries in the language of ds.find", async () => {
    expect(await find("list", { author: "Ann" })).toEqual(["d6", "d4", "d2", "d0"])
    expect(await find("list", { author: "Ann", n: { $gt: 2 } })).toEqual(["d6", "d4"])
    expect(await find("list", { tags: { $contains: "t3" } })).toEqual(["d3"])
    expect(await find("list", "d5")).toEqual(["d5"])
    expect(await find("list", { id: { $in: ["d1", "d5", "none"] } })).toEqual(["d5", "d1"])
    expect(await find("list", { id: "d1", author: "Ann" })).toEqual([])
    expect(await find("list", { n: { $in: [] } })).toEqual([])
    expect(await find("list", { author: "Nobody" })).toEqual([])
  })

  it("are found in pages", async () => {
    const ann = encodeURIComponent('{"author":"Ann"}')
    const { items: first, meta } = await items(`collection=list&query=${ann}&limit=3`)
    expect(ids(first)).toEqual(["d6", "d4", "d2"])
    const { items: rest, meta: end } = await items(`collection=list&query=${ann}&limit=3&cursor=${meta.next}`)
    expect([ids(rest), end.next]).toEqual([["d0"], null])
  })

  it("are the same whether they are found by an index or not, and whenever they were made", async () => {
    const make = async (from: number) => {
      for (let n = from; n < from + 20; n++) await put("posts", `p${n}`, { author: `a${n % 3}`, n })
    }
    await make(0)
    const query = { author: "a1", n: { $lt: 15 } }
    const without = await find("posts", query)
    expect((await server.ask("/index", { host: "shop.localhost" })).status).toBe(200)
    await make(20)
    expect(await find("posts", query)).toEqual(without)
    const { items: all, meta } = await items(`collection=posts&limit=5&query=${encodeURIComponent('{"author":"a1"}')}`)
    expect(ids(all)).toEqual(["p37", "p34", "p31", "p28", "p25"])
    const { items: more } = await items(`collection=posts&limit=5&query=${encodeURIComponent('{"author":"a1"}')}&cursor=${meta.next}`)
    expect(ids(more)).toEqual(["p22", "p19", "p16", "p13", "p10"])
  })

  it("come by so many bytes at a time", async () => {
    for (let n = 0; n < 12; n++) await put("large", `l${n}`, { text: "x".repeat(200_000) })
    const seen: Array<string> = []
    const sizes: Array<number> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const answer = await api.get(`/sites/shop/documents/items?collection=large&limit=1000${cursor === "" ? "" : `&cursor=${cursor}`}`)
      seen.push(...ids(answer.json.data))
      sizes.push(answer.body.byteLength)
      cursor = answer.json.meta.next
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => `l${11 - n}`))
    expect(Math.max(...sizes)).toBeLessThan(2.5 * 1024 * 1024)
    // So does what a query looks through: the one that matches is behind more than one answer looks at.
    for (let n = 12; n < 45; n++) await put("large", `l${n}`, { text: `${n}`.repeat(100_000) })
    const sought = encodeURIComponent('{"text":{"$lt":"x"},"id":{"$ne":"l1"}}')
    const { meta } = await items(`collection=large&query=${sought}&limit=1000`)
    expect(meta.next).not.toBeNull()
    const rare = encodeURIComponent(JSON.stringify({ id: { $nin: Array.from({ length: 44 }, (_, n) => `l${n + 1}`) } }))
    const empty = await items(`collection=large&query=${rare}`)
    expect([empty.items.length, typeof empty.meta.next]).toEqual([0, "string"])
    const found = await items(`collection=large&query=${rare}&cursor=${empty.meta.next}`)
    expect([ids(found.items), found.meta.next]).toEqual([["l0"], null])
  })

  it("are [] where there are none", async () => {
    expect((await api.get("/sites/blog/documents")).json).toEqual({ data: [], meta: { limit: 100, next: null } })
    expect((await api.get("/sites/shop/documents/items?collection=never")).json).toEqual({ data: [], meta: { limit: 100, next: null } })
  })
})

describe("the collections of a site", () => {
  it("are listed by name, with how much is in them and which indexes they have, in pages", async () => {
    const { items: all } = checkList(await api.get("/sites/shop/documents"))
    expect(all.map(({ collection }) => collection)).toEqual(["exact", "large", "list", "notes", "own", "past", "posts", "same"])
    expect(all[6]).toEqual({ collection: "posts", documents: 41, size_bytes: expect.any(Number), indexes: ["author"] })
    expect(all[7]).toEqual({ collection: "same", documents: 1, size_bytes: 13, indexes: [] })
    const first = checkList(await api.get("/sites/shop/documents?limit=6"))
    expect([first.items.length, first.meta.next]).toEqual([6, "past"])
    expect(checkList(await api.get("/sites/shop/documents?limit=5&cursor=past")).items.map(({ collection }) => collection)).toEqual([
      "posts",
      "same",
    ])
  })
})

describe("a request for documents", () => {
  const q = (text: string) => `/sites/shop/documents/items?collection=list&query=${encodeURIComponent(text)}`
  for (const [what, send, code] of [
    ["a site that never was", () => api.get("/sites/nowhere/documents"), "SITE_NOT_FOUND"],
    ["a document for a site that never was", () => put("x", "y", {}, "", "nowhere"), "SITE_NOT_FOUND"],
    ["a document that never was", () => api.get(at("list", "none")), "DOCUMENT_NOT_FOUND"],
    ["no collection", () => api.get("/sites/shop/documents/items"), "VALIDATION_FAILED"],
    ["a bad collection", () => put("a b", "x", {}), "VALIDATION_FAILED"],
    ["a bad collection in a list", () => api.get("/sites/shop/documents/items?collection=a/b"), "VALIDATION_FAILED"],
    ["a bad collection in a history", () => api.get("/sites/shop/documents/history?collection=a/b&id=x"), "VALIDATION_FAILED"],
    ["no id", () => api.get("/sites/shop/documents/item?collection=list"), "VALIDATION_FAILED"],
    ["an empty id", () => put("list", "", {}), "VALIDATION_FAILED"],
    ["an id with a control character", () => put("list", "a\n", {}), "VALIDATION_FAILED"],
    ["an id that is too long", () => put("list", "ü".repeat(129), {}), "VALIDATION_FAILED"],
    ["no data", () => api.send("PUT", at("list", "x"), {}), "VALIDATION_FAILED"],
    ["data that is no object", () => put("list", "x", [1]), "VALIDATION_FAILED"],
    ["data that is too deep", () => put("list", "x", JSON.parse(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`)), "VALIDATION_FAILED"],
    ["data that is too large", () => put("list", "x", { a: "x".repeat(300_000) }), "PAYLOAD_TOO_LARGE"],
    ["a query that is no JSON", () => api.get(q("{author")), "VALIDATION_FAILED"],
    ["a query that is no object", () => api.get(q("[1]")), "VALIDATION_FAILED"],
    ["a query with an unknown operator", () => api.get(q('{"a":{"$regex":"x"}}')), "VALIDATION_FAILED"],
    ["a query with too many conditions", () => api.get(q(JSON.stringify({ $or: Array(101).fill({ a: 1 }) }))), "VALIDATION_FAILED"],
    ["a cursor of its own making", () => api.get("/sites/shop/documents/items?collection=list&cursor=5"), "VALIDATION_FAILED"],
    ["a limit that is too high", () => api.get("/sites/shop/documents/items?collection=list&limit=1001"), "VALIDATION_FAILED"],
  ] as const) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const head = () => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events WHERE stream GLOB 'doc/*'")[0]!.seq
      const before = head()
      checkError(await send(), code)
      expect(head()).toBe(before)
    })
  }

  it("is for those who may look into the data of this site", async () => {
    checkError(await deployer.get(`/api${at("list", "d1")}`), "FORBIDDEN")
    checkError(await deployer.send("PUT", `/api${at("list", "d1")}`, { data: {} }), "FORBIDDEN")
    checkSuccess(await deployer.send("PUT", `/api${at("own", "mine", "blog")}`, { data: { a: 1 } }))
    expect((await deployer.get("/api/sites/blog/documents/history?collection=own&id=mine")).json.data).toMatchObject([
      { actor: `user:${deployer.id}` },
    ])
    checkSuccess(await deployer.send("DELETE", `/api${at("own", "mine", "blog")}`))
    for (const path of [
      "/documents",
      "/documents/items?collection=list",
      "/documents/item?collection=list&id=d1",
      "/documents/history?collection=list&id=d1",
    ]) {
      checkError(await viewer.get(`/api/sites/shop${path}`), "FORBIDDEN")
      checkError(await server.ask(`/api/sites/shop${path}`), "UNAUTHORIZED")
    }
    const reader = apiOf(server, await server.key("read", "deploy", "logs", "env"))
    checkError(await reader.get("/sites/shop/documents"), "FORBIDDEN")
  })
})

describe("the storage of a site", () => {
  it("has the same limits for documents, keys and objects that are put from outside", async () => {
    const admin = apiOf(server, await server.key("admin"))
    await publish(admin, "tight", { "index.html": "1" })
    await admin.set("storage.site_keys", 2)
    await admin.set("storage.site_bytes", 100)
    try {
      const object = (path: string, body: string) =>
        server.ask(`/api/sites/tight/objects/content?path=${path}`, { method: "PUT", body, headers: { cookie: "" }, token })
      const token = await server.key("kv")
      const key = (name: string, value: string) => api.send("PUT", `/sites/tight/kv/value?key=${name}`, { value })
      checkSuccess(await put("c", "1", { text: "x" }, "", "tight"))
      checkSuccess(await key("k", "x"))
      // Two are there: there is no room for a third of any kind, but for other content.
      checkError(await put("c", "2", {}, "", "tight"), "QUOTA_EXCEEDED")
      checkError(await key("k2", "x"), "QUOTA_EXCEEDED")
      checkError(await object("o", "x"), "QUOTA_EXCEEDED")
      checkSuccess(await put("c", "1", { text: "xx" }, "", "tight"))
      checkError(await put("c", "1", { text: "x".repeat(100) }, "", "tight"), "QUOTA_EXCEEDED")
      checkError(await key("k", "x".repeat(100)), "QUOTA_EXCEEDED")
      checkSuccess(await api.delete("/sites/tight/kv/value?key=k"))
      expect(checkError(await object("o", "x".repeat(100)), "QUOTA_EXCEEDED").message).toMatch(/storage\.site_bytes/)
      checkSuccess(await object("o", "x".repeat(50)))
    } finally {
      await admin.unset("storage.site_keys")
      await admin.unset("storage.site_bytes")
    }
  })
})
