import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, refusal, sha256 } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let deployer: Person
let viewer: Person
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await api.set("limits.deploys_per_minute", 0)
  deployer = await join(server, "deployer", ["shop", "blog", "not-yet"])
  viewer = await join(server, "viewer")
  for (const site of ["zoo", "shop", "blog", "attic"]) await publish(api, site, { "index.html": site })
  await api.delete("/sites/attic")
})
afterAll(() => server.stop())

const names = (items: ReadonlyArray<{ readonly site: string }>) => items.map(({ site }) => site)

describe("the list of sites", () => {
  it("comes in pages by name, and says how many there are", async () => {
    const whole = checkList(await api.get("/sites"))
    expect([names(whole.items), whole.meta]).toEqual([["404", "blog", "root", "shop", "zoo"], { total: 5, limit: 100, offset: 0 }])
    const pages = await Promise.all([0, 2, 4, 6].map(async (offset) => checkList(await api.get(`/sites?limit=2&offset=${offset}`))))
    expect(pages.map(({ items, meta }) => [names(items), meta.total, meta.offset])).toEqual([
      [["404", "blog"], 5, 0],
      [["root", "shop"], 5, 2],
      [["zoo"], 5, 4],
      [[], 5, 6],
    ])
  })

  it("has those that were deleted where they are asked for, and counts right while sites come, go and come back", async () => {
    const totals = async () => [(await api.get("/sites")).json.meta.total, (await api.get("/sites?deleted=true")).json.meta.total]
    expect([await totals(), names((await api.get("/sites?deleted=true")).json.data)]).toEqual([
      [5, 6],
      ["404", "attic", "blog", "root", "shop", "zoo"],
    ])
    await api.post("/sites", { site: "brief" })
    expect(await totals()).toEqual([6, 7])
    await api.delete("/sites/brief")
    await api.delete("/sites/brief")
    expect(await totals()).toEqual([5, 7])
    await api.post("/sites/brief/undelete", {})
    expect(await totals()).toEqual([6, 7])
    await api.delete("/sites/brief")
  })

  it("tells each site as Fazt 0.9 did, too", async () => {
    const [blog] = checkList(await api.get("/sites?limit=1&offset=1")).items
    expect(blog).toMatchObject({ Name: "blog", Path: "vfs://blog", FileCount: 1, SizeBytes: 4, ModTime: blog.updated_at })
  })

  it("has only the sites that the caller reaches", async () => {
    const theirs = checkList(await deployer.get("/api/sites"))
    expect([names(theirs.items), theirs.meta.total]).toEqual([["blog", "shop"], 2])
    const page = checkList(await deployer.get("/api/sites?limit=1&offset=1&deleted=true"))
    expect([names(page.items), page.meta]).toEqual([["shop"], { total: 2, limit: 1, offset: 1 }])
    expect(names(checkList(await viewer.get("/api/sites")).items)).toContain("zoo")
  })

  it("is [] for who reaches none", async () => {
    const nobody = await join(server, "deployer", ["not-there"])
    expect((await nobody.get("/api/sites")).json).toEqual({ data: [], meta: { total: 0, limit: 100, offset: 0 } })
  })

  it.each(["limit=0", "limit=1001", "limit=x", "offset=-1", "offset=1.5", "deleted=perhaps"])("refuses %s", async (parameter) => {
    const { details } = checkError(await api.get(`/sites?${parameter}`), "VALIDATION_FAILED")
    expect(details.issues[0].field).toBe(parameter.split("=")[0])
  })

  it("is [] beyond its end, however far", async () => {
    expect(checkList(await api.get("/sites?offset=9007199254740991")).items).toEqual([])
  })
})

describe("a site", () => {
  it("is made by a deployer only under a name on their list", async () => {
    checkError(await deployer.post("/api/sites", { site: "other" }), "FORBIDDEN")
    expect(refusal(await api.get("/sites/other"))).toEqual([404, "SITE_NOT_FOUND"])
    expect(checkSuccess(await deployer.post("/api/sites", { site: "Not-Yet" }), 201).site).toBe("not-yet")
    checkError(await viewer.post("/api/sites", { site: "anything" }), "FORBIDDEN")
  })

  it("is deleted as Fazt 0.9 did it: by its name in the query", async () => {
    await publish(api, "classic", { "index.html": "1" })
    checkError(await deployer.send("DELETE", "/api/sites?site_id=classic"), "FORBIDDEN")
    checkError(await viewer.send("DELETE", "/api/sites?site_id=classic"), "FORBIDDEN")
    checkError(await api.delete("/sites"), "MISSING_FIELD")
    checkError(await api.delete("/sites?site_id="), "MISSING_FIELD")
    checkError(await api.delete("/sites?site_id=nowhere"), "SITE_NOT_FOUND")
    checkError(await api.delete("/sites?site_id=shop&site_id=zoo"), "VALIDATION_FAILED")
    expect(checkSuccess(await api.delete("/sites?site_id=CLASSIC")).message).toMatch(/classic is deleted/)
    expect((await api.get("/sites/classic")).json.data.deleted_at).not.toBeNull()
  })

  it("can be deleted although the server itself shows it, and comes back", async () => {
    expect((await api.delete("/sites/root")).status).toBe(200)
    expect((await server.ask("/", { host: "root.localhost" })).status).toBe(404)
    expect((await api.post("/sites/root/undelete", {})).status).toBe(200)
    expect((await server.ask("/", { host: "root.localhost" })).status).toBe(200)
  })
})

describe("the deploys of a site", () => {
  const ids: Array<string> = []
  beforeAll(async () => {
    for (const text of ["a", "b", "c"]) {
      const { answer } = await publish(api, "shown", { "index.html": text, "x.txt": "x" }, { message: `says ${text}`, spa: text === "b" })
      ids.unshift(answer.json.data.deploy)
    }
    await api.post("/sites/shown/rollback", { to: "previous" })
  })

  it("are listed newest first, counted, without what happened between them", async () => {
    const { items, meta } = checkList(await api.get("/sites/shown/deploys"))
    expect(items.map(({ deploy, kind, live, message }) => [deploy, kind, live, message])).toEqual([
      [ids[0], "deploy", false, "says c"],
      [ids[1], "deploy", true, "says b"],
      [ids[2], "deploy", false, "says a"],
    ])
    expect(meta).toEqual({ total: 3, limit: 100, offset: 0 })
    expect(checkList(await api.get("/sites/shown/deploys?limit=1&offset=2")).items).toMatchObject([{ deploy: ids[2] }])
    expect((await api.get("/sites/not-yet/deploys")).json).toEqual({ data: [], meta: { total: 0, limit: 100, offset: 0 } })
  })

  it("are shown by id, a beginning of it, `live` or `previous`", async () => {
    const [c, b, a] = ids as [string, string, string]
    const shown = checkSuccess(await api.get(`/sites/shown/deploys/${b}`))
    expect(shown).toMatchObject({
      deploy: b,
      live: true,
      previous: a,
      spa: true,
      server: null,
      file_count: 2,
      preview_url: `http://${b}--shown.localhost:${server.port}`,
    })
    expect((await server.ask("/", { host: new URL(shown.preview_url).host })).text).toBe("b")
    const deployOf = async (ref: string) => checkSuccess(await api.get(`/sites/shown/deploys/${ref}`)).deploy
    expect(await Promise.all([c.slice(0, 9), "live", "previous"].map(deployOf))).toEqual([c, b, a])
    expect(checkSuccess(await api.get(`/sites/shown/deploys/${a}`)).previous).toBeNull()
  })

  it("are counted against a limit for each minute, whoever makes them, with a key or by logging in", async () => {
    await api.set("limits.deploys_per_minute", 2)
    try {
      await api.upload("counted")
      const files = { "index.html": { hash: sha256("counted"), size: 7 } }
      const statuses: Array<number> = []
      for (let i = 0; i < 3; i++) statuses.push((await deployer.post("/api/sites/blog/deploys", { files })).status)
      expect(statuses).toEqual([201, 201, 429])
      expect((await (await join(server, "admin")).post("/api/sites/blog/deploys", { files })).status).toBe(201)
    } finally {
      await api.set("limits.deploys_per_minute", 0)
    }
  })

  it("say which code answers for them", async () => {
    await publish(api, "coded", { "main.js": "export default { fetch: () => new Response('hi') }" })
    expect(checkSuccess(await api.get("/sites/coded/deploys/live")).server).toEqual({ form: "module", entry: "main.js", scope: "site" })
  })

  it("are found only where they are, and shown only to who reaches the site", async () => {
    checkError(await api.get("/sites/nowhere/deploys"), "SITE_NOT_FOUND")
    checkError(await api.get(`/sites/shop/deploys/${ids[0]}`), "DEPLOY_NOT_FOUND")
    checkError(await api.get("/sites/not-yet/deploys/live"), "DEPLOY_NOT_FOUND")
    checkError(await api.get("/sites/shown/deploys?limit=1001"), "VALIDATION_FAILED")
    checkError(await deployer.get("/api/sites/shown/deploys"), "FORBIDDEN")
    checkError(await deployer.get("/api/sites/shown/deploys/live"), "FORBIDDEN")
    checkSuccess(await viewer.get("/api/sites/shown/deploys/live"))
    checkList(await deployer.get("/api/sites/shop/deploys"))
  })
})
