import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { policy } from "../../src/http/api/policy.ts"
import { apiOf, askLocally, manifestOf, withoutRates } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { join, type Person, send } from "../support/people.ts"
import { type Answer, startServer, type TestServer, zipForm } from "../support/server.ts"
import { whileSending } from "../support/whileSending.ts"
import { zipOf } from "../support/zip.ts"

let server: TestServer
let owner: Person
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server)
  owner = await join(server, "owner")
  for (const site of ["mine", "victim"]) await owner.post("/api/sites", { site })
})
afterAll(() => server.stop())

const key = async (by: Person, scopes: ReadonlyArray<string>, more: Record<string, unknown> = {}) =>
  checkSuccess(await by.post("/api/keys", { name: "of an attack", scopes, ...more }), 201) as {
    readonly id: string
    readonly token: string
  }

describe("an address that could be read in two ways", () => {
  it.each([
    ["DELETE", "/api/sites/victim;/kv/value?key=x"],
    ["DELETE", "/api/sites/victim%3B/kv/value?key=x"],
    ["DELETE", "/api/sites/victim;/env/X"],
    ["GET", "/api/sites/victim;/kv"],
    ["GET", "/api/sites/victim%3b/env"],
  ])("does not lead around the policy: %s %s", async (method, path) => {
    const { token } = await key(owner, ["kv", "env"])
    const answer = await server.ask(path, { method, token })
    expect([answer.status, answer.json.error?.code]).toEqual([404, expect.stringMatching(/_NOT_FOUND$/)])
    checkSuccess(await owner.get("/api/sites/victim"))
  })

  it("is a file's own name where it is one", async () => {
    const { token } = await key(owner, ["deploy"])
    const api = apiOf(server, token)
    for (const bytes of ["short", "with a semicolon"]) await api.upload(bytes)
    checkSuccess(await api.post("/sites/mine/deploys", { files: manifestOf({ a: "short", "a;b.txt": "with a semicolon" }) }), 201)
    for (const name of ["a;b.txt", "a%3Bb.txt"])
      expect((await server.ask(`/api/sites/mine/files/${name}`, { token })).text).toBe("with a semicolon")
  })
})

describe("a page of another origin", () => {
  it("changes nothing at any endpoint with the cookie of whoever looks at it, not even by a form that needs no permission to be sent", async () => {
    const { headers: form, body } = zipForm(zipOf({ "index.html": "taken over" }), { site_name: "victim" })
    const reached: Array<unknown> = []
    for (const endpoint of Object.keys(policy)) {
      const [method, pattern] = endpoint.split(" ") as [string, string]
      if (method === "GET") continue
      const path = pattern.replace(":site", "victim").replaceAll(/:\w+/g, "none")
      for (const site of ["same-site", "cross-site"]) {
        const headers = {
          ...(path === "/api/deploy" ? form : { "content-type": "text/plain" }),
          cookie: owner.cookie,
          "sec-fetch-site": site,
        }
        const answer = await server.ask(path, { method, headers, body: path === "/api/deploy" ? body : "{}" })
        if (answer.json.error?.code !== "CROSS_ORIGIN") reached.push([endpoint, site, answer.status])
      }
    }
    expect(reached).toEqual([])
    expect(checkSuccess(await owner.get("/api/sites/victim")).deploy).toBeNull()
  })

  it("cannot use what sites have stored as part of the admin's pages", async () => {
    for (const dest of ["script", "style", "worker", "iframe", "object"])
      checkError(
        await send(server, owner.cookie, "GET", "/api/sites/mine/files/a", undefined, { headers: { "sec-fetch-dest": dest } }),
        "FORBIDDEN",
      )
    expect(
      (await send(server, owner.cookie, "GET", "/api/sites/mine/files/a", undefined, { headers: { "sec-fetch-dest": "empty" } })).text,
    ).toBe("short")
  })

  it("gains nothing by planting a cookie beside the right one", async () => {
    const attacker = await join(server, "deployer", ["mine"])
    const both = `${attacker.cookie}; ${owner.cookie}`
    checkError(await send(server, both, "GET", "/api/user/me"), "SESSION_EXPIRED")
    const madeUp = Array.from({ length: 8 }, (_, i) => `fazt_session=${String(i).repeat(43)}`).join("; ")
    checkSuccess(await send(server, `${madeUp}; ${owner.cookie}`, "GET", "/api/user/me"))
  })
})

describe("rights that are taken away while a body is on its way", () => {
  it("are gone when it has come: a changed password ends a stolen session that is inviting an owner", async () => {
    const victim = await join(server, "owner")
    const inviting = { headers: { cookie: victim.cookie }, body: '{"role":"owner"}' }
    const { status } = await whileSending(server.port, "/api/invitations", inviting, () =>
      askLocally(server, `/api/users/${victim.id}/password`, { method: "POST", body: "{}" }),
    )
    expect(status).toBe(401)
    expect(checkList(await owner.get("/api/invitations")).items).toEqual([])
  })

  it.each([
    ["an object", "PUT", "/api/sites/mine/objects/content?path=late", ["kv"], {}, "bytes"],
    ["a deploy", "POST", "/api/sites/mine/deploys", ["deploy"], {}, '{"files":{}}'],
    ["a key", "POST", "/api/keys", ["admin"], {}, '{"name":"x","scopes":["admin"]}'],
    ["a setting", "PUT", "/api/config/limits.zip_ratio", ["admin"], {}, '{"value":"199"}'],
  ] as const)("are gone for %s sent with a key that is revoked meanwhile", async (_, method, path, scopes, headers, body) => {
    const { id, token } = await key(owner, scopes)
    const before = (await owner.get("/api/audit?limit=1")).json.data[0].seq
    const { status } = await whileSending(server.port, path, { method, token, headers, body }, () =>
      owner.send("DELETE", `/api/keys/${id}`),
    )
    expect(status).toBe(401)
    const types = (await owner.get(`/api/audit?after=${before}`)).json.data.map(({ type }: { readonly type: string }) => type)
    expect(types.filter((type: string) => type !== "v1.KeyUsed")).toEqual(["v1.KeyRevoked"])
  })

  it("are gone for a zip that is deployed with a key that is revoked meanwhile", async () => {
    const { id, token } = await key(owner, ["deploy"])
    const form = zipForm(zipOf({ "index.html": "too late" }), { site_name: "victim" })
    const { status } = await whileSending(server.port, "/api/deploy", { ...form, token }, () => owner.send("DELETE", `/api/keys/${id}`))
    expect(status).toBe(401)
    expect(checkSuccess(await owner.get("/api/sites/victim")).deploy).toBeNull()
  })
})

describe("a key for everything", () => {
  const ask = (token: string, method: string, path: string, body?: unknown): Promise<Answer> =>
    apiOf(server, token).send(method, path, body)

  it("neither makes nor unmakes an owner, and changes the password of nobody who could be behind it", async () => {
    const { token } = await key(owner, ["admin"])
    const other = await join(server, "owner")
    const viewer = await join(server, "viewer")
    checkError(await ask(token, "POST", "/invitations", { role: "owner" }), "FORBIDDEN")
    checkError(await ask(token, "PATCH", `/users/${viewer.id}`, { role: "owner" }), "FORBIDDEN")
    checkError(await ask(token, "PATCH", `/users/${other.id}`, { role: "viewer" }), "FORBIDDEN")
    checkError(await ask(token, "DELETE", `/users/${other.id}`), "FORBIDDEN")
    const admin = await join(server, "admin")
    const theirs = await key(admin, ["admin"])
    checkError(await ask(theirs.token, "POST", `/users/${admin.id}/password`, {}), "FORBIDDEN")
    checkError(await ask(theirs.token, "DELETE", `/users/${admin.id}`), "FORBIDDEN")
    checkSuccess(await ask(token, "PATCH", `/users/${viewer.id}`, { role: "admin" }))
  })

  it("that is limited to a site neither sees nor revokes the keys of others, nor those that reach further", async () => {
    const { token } = await key(owner, ["admin"], { sites: ["mine"] })
    const admin = await join(server, "admin")
    const [theirs, wider] = [await key(admin, ["read"]), await key(owner, ["admin"])]
    checkError(await ask(token, "DELETE", `/keys/${theirs.id}`), "KEY_NOT_FOUND")
    for (const method of ["GET", "DELETE"]) checkError(await ask(token, method, `/keys/${wider.id}`), "KEY_NOT_FOUND")
    const seen = checkList(await ask(token, "GET", "/keys")).items.map(({ user, sites }) => [user, sites])
    expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(new Set([JSON.stringify([owner.id, ["mine"]])]))
  })

  it("is revoked with every key that it has made", async () => {
    const first = await key(owner, ["admin"])
    const second = checkSuccess(await ask(first.token, "POST", "/keys", { name: "second", scopes: ["admin"] }), 201)
    const third = checkSuccess(await ask(second.token, "POST", "/keys", { name: "third", scopes: ["read"] }), 201)
    checkSuccess(await ask(third.token, "GET", "/sites"))
    checkSuccess(await owner.send("DELETE", `/api/keys/${first.id}`))
    for (const { token } of [first, second, third]) checkError(await ask(token, "GET", "/sites"), "INVALID_API_KEY")
  })
})

describe("somebody at the same address", () => {
  it("holds up nobody who has been here before, however often they try to log in", async () => {
    await askLocally(server, "/api/config/limits.api_auth_per_minute", { method: "PUT", body: '{"value":"5"}' })
    try {
      const tries = await Promise.all(Array.from({ length: 12 }, () => server.ask("/api/login/passkey/options", { method: "POST" })))
      expect(tries.filter(({ status }) => status === 429).length).toBeGreaterThan(4)
      // Other endpoints count for themselves, and a cookie of before counts apart.
      checkError(await send(server, undefined, "POST", "/api/login", { username: "x", password: "wrong" }), "INVALID_CREDENTIALS")
      for (let i = 0; i < 8; i++) await send(server, undefined, "POST", "/api/login", {})
      checkError(await send(server, undefined, "POST", "/api/login", {}), "RATE_LIMIT_EXCEEDED")
      checkError(await send(server, owner.cookie, "POST", "/api/login", {}), "VALIDATION_FAILED")
    } finally {
      await withoutRates(server, ["auth"])
    }
  })

  it("does not take all streams of events", async () => {
    await askLocally(server, "/api/config/live.event_streams", { method: "PUT", body: '{"value":"10"}' })
    const open: Array<() => void> = []
    const follow = (person: Person): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { host: "localhost", cookie: person.cookie }
        const req = request(
          { port: server.port, host: "127.0.0.1", path: "/api/events/live?stream=logs/mine", headers, agent: false },
          (res) => {
            open.push(() => req.destroy())
            res.resume()
            resolve(res.statusCode!)
          },
        )
        req.on("error", reject)
        req.end()
      })
    try {
      const viewer = await join(server, "viewer")
      const statuses = []
      for (let i = 0; i < 4; i++) statuses.push(await follow(viewer))
      expect(statuses).toEqual([200, 200, 503, 503])
      expect(await follow(owner)).toBe(200)
    } finally {
      for (const close of open) close()
      await askLocally(server, "/api/config/live.event_streams", { method: "DELETE" })
    }
  })
})
