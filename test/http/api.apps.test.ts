import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let deployer: Person
let viewer: Person
const deploys: Array<string> = []
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await api.set("limits.deploys_per_minute", 0)
  deployer = await join(server, "deployer", ["blog"])
  viewer = await join(server, "viewer")
  for (const site of ["shop", "blog", "gone"]) {
    const { answer } = await publish(api, site, { "index.html": site }, { source: { kind: "git", url: "https://git.example.com/x" } })
    deploys.unshift(answer.json.data.deploy)
  }
  await api.delete("/sites/gone")
  await api.post("/sites", { site: "bare" })
})
afterAll(() => server.stop())

const names = (items: ReadonlyArray<{ readonly name: string }>) => items.map(({ name }) => name)

describe("apps, as Fazt 0.9 has them", () => {
  it("are the sites that there are, new ones among them", async () => {
    const { items, meta } = checkList(await api.get("/apps"))
    expect([names(items), meta.total]).toEqual([["404", "bare", "blog", "root", "shop"], 5])
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
    expect(items[2]).toEqual({ id: "blog", name: "blog", source: "git", file_count: 1, size_bytes: 4, created_at: time, updated_at: time })
    expect(items[1]).toMatchObject({ name: "bare", source: null, file_count: 0 })
    expect(names(checkList(await api.get("/apps?all=true")).items)).toEqual(names(items))
    expect(names(checkList(await api.get("/apps?limit=2&offset=2")).items)).toEqual(["blog", "root"])
  })

  it("are only those that the caller reaches", async () => {
    expect(names(checkList(await deployer.get("/api/apps")).items)).toEqual(["blog"])
    expect(names(checkList(await viewer.get("/api/apps")).items)).toContain("shop")
    const nobody = await join(server, "deployer", ["not-there"])
    expect((await nobody.get("/api/apps")).json).toMatchObject({ data: [], meta: { total: 0 } })
    checkError(await server.ask("/api/apps"), "UNAUTHORIZED")
  })

  it("are found by id, which is the name", async () => {
    expect(checkSuccess(await api.get("/apps/SHOP"))).toMatchObject({ id: "shop", name: "shop" })
    checkSuccess(await viewer.get("/api/apps/shop"))
    checkSuccess(await deployer.get("/api/apps/blog"))
    checkError(await deployer.get("/api/apps/shop"), "FORBIDDEN")
    checkError(await api.get("/apps/nowhere"), "APP_NOT_FOUND")
    checkError(await api.get("/apps/gone"), "APP_NOT_FOUND")
  })

  it("have files", async () => {
    const { items, meta } = checkList(await api.get("/apps/shop/files"))
    expect([items.map(({ path, size }) => [path, size]), meta.total]).toEqual([[["index.html", 4]], 1])
    expect(items[0].mod_time).toBe(items[0].updated_at)
    expect((await api.get("/apps/bare/files")).json.data).toEqual([])
    checkError(await api.get("/apps/nowhere/files"), "APP_NOT_FOUND")
    checkError(await api.get("/apps/gone/files"), "APP_NOT_FOUND")
    checkError(await api.get("/apps/shop/files?deploy=zzzz"), "DEPLOY_NOT_FOUND")
    checkError(await deployer.get("/api/apps/shop/files"), "FORBIDDEN")
  })

  it("are deleted, but for those of the server", async () => {
    for (const app of ["root", "404", "admin", "ROOT"]) checkError(await api.delete(`/apps/${app}`), "SYSTEM_APP")
    checkError(await api.delete("/apps/nowhere"), "APP_NOT_FOUND")
    checkError(await deployer.send("DELETE", "/api/apps/blog"), "FORBIDDEN")
    checkError(await viewer.send("DELETE", "/api/apps/blog"), "FORBIDDEN")
    await api.post("/sites", { site: "short-lived" })
    checkSuccess(await api.delete("/apps/short-lived"))
    checkError(await api.delete("/apps/short-lived"), "APP_NOT_FOUND")
    expect((await api.get("/sites/short-lived")).json.data.deleted_at).not.toBeNull()
  })
})

describe("the newest deployments", () => {
  it("are told with who made them, newest first", async () => {
    const { deployments } = checkSuccess(await api.get("/deployments"))
    const [gone, blog] = deployments
    expect(deployments.slice(0, 3).map(({ id }: { readonly id: string }) => id)).toEqual(deploys)
    expect(gone).toMatchObject({ site_id: "gone" })
    expect(blog).toEqual({
      id: deploys[1],
      site_id: "blog",
      size_bytes: 4,
      file_count: 1,
      deployed_by: expect.stringMatching(/^key:/),
      created_at: expect.stringMatching(/^\d{4}-/),
    })
  })

  it("are told to nobody who is not logged in, and to others only of the sites that they reach", async () => {
    checkError(await server.ask("/api/deployments"), "UNAUTHORIZED")
    const sitesOf = (answer: { readonly json: { readonly data: { readonly deployments: ReadonlyArray<{ readonly site_id: string }> } } }) =>
      answer.json.data.deployments.map(({ site_id }) => site_id)
    expect(sitesOf(await deployer.get("/api/deployments"))).toEqual(["blog"])
    expect(sitesOf(await viewer.get("/api/deployments"))).toContain("shop")
    const nobody = await join(server, "deployer", ["not-there"])
    expect((await nobody.get("/api/deployments")).json).toEqual({ data: { deployments: [] } })
  })

  it("are at most 50, of all sites and of the caller's", async () => {
    for (let i = 0; i < 60; i++) await publish(api, i % 2 === 0 ? "blog" : "shop", { "index.html": String(i) })
    const count = async (answer: Promise<{ readonly json: { readonly data: { readonly deployments: ReadonlyArray<unknown> } } }>) =>
      (await answer).json.data.deployments.length
    expect(await count(api.get("/deployments"))).toBe(50)
    expect(await count(deployer.get("/api/deployments"))).toBe(31)
  })
})
