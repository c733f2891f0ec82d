import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiOf, query } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startServer()
  owner = await join(server, "owner")
  for (const site of ["blog", "shop"]) await owner.post("/api/sites", { site })
})
afterAll(() => server.stop())

const make = async (by: Pick<Person, "post">, body: Record<string, unknown>) =>
  checkSuccess(await by.post("/api/keys", { name: "test", ...body }), 201)
const status = async (token: string, path: string, method = "GET", body?: unknown) =>
  (await apiOf(server, token).send(method, path, body)).status

describe("an API key", () => {
  it("is shown once and kept as a hash", async () => {
    const made = await make(owner, { name: "laptop", scopes: ["deploy"], sites: ["blog"], expires_in_days: 30 })
    expect(made).toMatchObject({
      name: "laptop",
      scopes: ["deploy"],
      sites: ["blog"],
      user: owner.id,
      last_used_at: null,
      revoked_at: null,
    })
    expect(made.token).toMatch(new RegExp(`^fazt_${made.id}_[\\w-]{43}$`))
    expect(Date.parse(made.expires_at) - Date.now()).toBeGreaterThan(29 * 86_400_000)
    const kept = JSON.stringify(query(server, "SELECT data FROM events")) + JSON.stringify(query(server, "SELECT * FROM keys"))
    expect(kept).not.toContain(made.token.slice(-43))
    const { token, message, ...shown } = made
    expect(checkSuccess(await owner.get(`/api/keys/${made.id}`))).toEqual(shown)
    expect(checkList(await owner.get("/api/keys")).items).toContainEqual(shown)
  })

  it("opens what its scopes open, and nothing else", async () => {
    const opened: Record<string, ReadonlyArray<string>> = {
      read: ["/sites", "/sites/blog", "/status"],
      logs: ["/sites/blog/logs"],
      env: ["/sites/blog/env"],
      kv: ["/sites/blog/kv"],
      audit: ["/audit"],
      deploy: ["/sites", "/sites/blog", "/status", "/sites/blog/logs", "/sites/blog/env"],
    }
    const paths = [
      "/sites",
      "/sites/blog",
      "/status",
      "/sites/blog/logs",
      "/sites/blog/env",
      "/sites/blog/kv",
      "/audit",
      "/users",
      "/config",
      "/user/me",
    ]
    for (const [scope, open] of Object.entries(opened)) {
      const { token } = await make(owner, { scopes: [scope] })
      for (const path of paths) expect([scope, path, await status(token, path)]).toEqual([scope, path, open.includes(path) ? 200 : 403])
    }
  })

  it("limited to a site reaches that site alone", async () => {
    const { token } = await make(owner, { scopes: ["admin"], sites: ["blog"] })
    expect(await status(token, "/sites/blog")).toBe(200)
    expect(await status(token, "/sites/BLOG")).toBe(200)
    for (const path of [
      "/sites/shop",
      "/sites/shop/kv",
      "/sites/shop/env",
      "/sites/nowhere",
      "/logs?site_id=shop",
      "/audit",
      "/users",
      "/config",
    ])
      expect([path, await status(token, path)]).toEqual([path, 403])
    const { items } = checkList(await apiOf(server, token).get("/sites"))
    expect(items.map(({ site }) => site)).toEqual(["blog"])
    expect(await status(token, "/sites", "POST", { site: "another" })).toBe(403)
  })

  it("is good until it expires", async () => {
    const { token, id } = await make(owner, { scopes: ["read"], expires_in_days: 1 })
    expect(await status(token, "/sites")).toBe(200)
    const past = Date.now() + 2 * 86_400_000
    const now = Date.now
    try {
      Date.now = () => past
      expect(checkError(await apiOf(server, token).get("/sites"), "INVALID_API_KEY").message).toContain("was good until")
    } finally {
      Date.now = now
    }
    expect(await status(token, "/sites")).toBe(200)
    expect(id).toBeTruthy()
  })

  it("stops working at once when it is revoked, by either form of the request", async () => {
    for (const path of [(id: string) => `/api/keys/${id}`, (id: string) => `/api/keys?id=${id}`]) {
      const { token, id } = await make(owner, { scopes: ["read"] })
      expect(await status(token, "/sites")).toBe(200)
      checkSuccess(await owner.send("DELETE", path(id)))
      checkError(await apiOf(server, token).get("/sites"), "INVALID_API_KEY")
    }
    checkError(await owner.send("DELETE", "/api/keys/000000000000"), "KEY_NOT_FOUND")
    checkError(await owner.send("DELETE", "/api/keys"), "VALIDATION_FAILED")
  })

  it("says when it was used last, coarsely: a thousand uses are one event", async () => {
    const { token, id } = await make(owner, { scopes: ["read"] })
    for (let i = 0; i < 20; i++) expect(await status(token, "/status")).toBe(200)
    for (let i = 0; i < 100 && checkSuccess(await owner.get(`/api/keys/${id}`)).last_used_at === null; i++) await sleep(10)
    expect(checkSuccess(await owner.get(`/api/keys/${id}`)).last_used_at).toMatch(/^\d{4}/)
    expect(query(server, "SELECT seq FROM events WHERE stream = ? AND type = 'v1.KeyUsed'", `key/${id}`)).toHaveLength(1)
  })

  it("may see itself and end itself, whatever its scopes, and no other", async () => {
    const [one, other] = [await make(owner, { scopes: ["logs"] }), await make(owner, { scopes: ["logs"] })]
    const own = apiOf(server, one.token)
    checkError(await own.get(`/keys/${other.id}`), "FORBIDDEN")
    checkError(await own.delete(`/keys/${other.id}`), "FORBIDDEN")
    expect(checkSuccess(await own.get(`/keys/${one.id}`))).toMatchObject({ id: one.id, scopes: ["logs"] })
    checkSuccess(await own.delete(`/keys/${one.id}`))
    checkError(await own.get(`/keys/${one.id}`), "INVALID_API_KEY")
  })

  it("of a deployer, whose sites limit it without being named in it, can revoke itself", async () => {
    const deployer = await join(server, "deployer", ["blog"])
    const { id, token } = await make(deployer, { scopes: ["deploy"] })
    checkSuccess(await apiOf(server, token).delete(`/keys/${id}`))
    checkError(await apiOf(server, token).get("/sites"), "INVALID_API_KEY")
  })

  it("cannot have more than whoever makes it", async () => {
    const deployer = await join(server, "deployer", ["blog"])
    for (const scopes of [["admin"], ["audit"], ["metrics"], ["read", "admin"]])
      checkError(await deployer.post("/api/keys", { name: "more", scopes }), "FORBIDDEN")
    checkError(await deployer.post("/api/keys", { name: "more", scopes: ["read"], sites: ["shop"] }), "FORBIDDEN")
    const { token } = await make(deployer, { scopes: ["deploy", "kv"] })
    expect([await status(token, "/sites/blog"), await status(token, "/sites/shop")]).toEqual([200, 403])
    const viewer = await join(server, "viewer")
    checkError(await viewer.post("/api/keys", { name: "none", scopes: ["read"] }), "FORBIDDEN")
  })

  it("made by a key has its limits: sites, end and scopes", async () => {
    const parent = await make(owner, { scopes: ["admin"], expires_in_days: 2 })
    const child = checkSuccess(
      await apiOf(server, parent.token).post("/keys", { name: "child", scopes: ["read"], expires_in_days: 300 }),
      201,
    )
    expect(child.expires_at).toBe(parent.expires_at)
    const limited = await make(owner, { scopes: ["admin"], sites: ["blog"] })
    expect(checkSuccess(await apiOf(server, limited.token).post("/keys", { name: "child", scopes: ["read"] }), 201).sites).toEqual(["blog"])
  })

  it("of somebody else is seen and revoked by those who manage users only, and an owner's by owners", async () => {
    const [deployer, admin] = [await join(server, "deployer", ["blog"]), await join(server, "admin")]
    const theirs = await make(deployer, { scopes: ["read"] })
    const owners = await make(owner, { scopes: ["read"] })
    checkError(await deployer.get(`/api/keys/${owners.id}`), "KEY_NOT_FOUND")
    checkError(await deployer.send("DELETE", `/api/keys/${owners.id}`), "KEY_NOT_FOUND")
    expect(checkList(await deployer.get("/api/keys")).items.map(({ id }) => id)).toEqual([theirs.id])
    checkError(await admin.send("DELETE", `/api/keys/${owners.id}`), "FORBIDDEN")
    checkSuccess(await admin.send("DELETE", `/api/keys/${theirs.id}`))
  })

  it.each([
    ["no name", { scopes: ["read"] }, "name"],
    ["an empty name", { name: "", scopes: ["read"] }, "name"],
    ["no scope", { name: "x", scopes: [] }, "scopes"],
    ["an unknown scope", { name: "x", scopes: ["everything"] }, "scopes.0"],
    ["no sites in its list", { name: "x", scopes: ["read"], sites: [] }, "sites"],
    ["an end in the past", { name: "x", scopes: ["read"], expires_in_days: 0 }, "expires_in_days"],
  ])("with %s is refused, and the field named", async (_, body, field) => {
    expect(checkError(await owner.post("/api/keys", body), "VALIDATION_FAILED").details.issues[0].field).toBe(field)
  })
})
