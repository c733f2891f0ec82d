import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Role } from "../../src/events/accounts.ts"
import { askLocally, query, withoutRates } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { cookiesOf, join, type Person, send } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let owner: Person
let admin: Person
beforeAll(async () => {
  server = await startServer()
  await withoutRates(server, ["auth"])
  owner = await join(server, "owner")
  admin = await join(server, "admin")
})
afterAll(() => server.stop())

const invite = async (by: Person, role: Role, more: Record<string, unknown> = {}) => by.post("/api/invitations", { role, ...more })

describe("an invitation", () => {
  it("is shown once, says what it invites to, and makes an account that is logged in", async () => {
    const made = checkSuccess(await invite(owner, "deployer", { sites: ["blog"], note: "for Ann" }), 201)
    expect(made).toMatchObject({ role: "deployer", sites: ["blog"], note: "for Ann", created_by: owner.id })
    expect(made.code).toMatch(/^inv_[a-z0-9]{12}_[\w-]{43}$/)
    expect(made.url).toBe(`http://localhost:${server.port}/auth/invite/${made.code}`)
    const { items } = checkList(await owner.get("/api/invitations"))
    expect(JSON.stringify(items)).not.toContain(made.code.slice(-43))
    const look = checkSuccess(await server.ask(`/auth/invite/${made.code}`))
    expect(look).toEqual({ role: "deployer", sites: ["blog"], expires_at: made.expires_at })
    const joined = await send(server, undefined, "POST", `/auth/invite/${made.code}`, { username: "ann", password: "a phrase of her own" })
    expect(checkSuccess(joined, 201).user).toEqual({ id: expect.any(String), username: "ann", role: "deployer", sites: ["blog"] })
    expect(checkSuccess(await send(server, cookiesOf(joined), "GET", "/api/user/me")).username).toBe("ann")
    checkSuccess(await send(server, undefined, "POST", "/api/login", { username: "ANN", password: "a phrase of her own" }))
  })

  it("is good for one person, however many come at once", async () => {
    const { code } = checkSuccess(await invite(owner, "viewer"), 201)
    const all = Array.from({ length: 4 }, (_, i) =>
      send(server, undefined, "POST", `/api/auth/invite/${code}`, { username: `racer${i}`, password: "a phrase of their own" }),
    )
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([201, 404, 404, 404])
  })

  it.each([
    ["unknown", () => `inv_000000000000_${"A".repeat(43)}`],
    ["of another form", () => "nonsense"],
    ["with another secret", async () => `${checkSuccess(await invite(owner, "viewer"), 201).code.slice(0, -43)}${"A".repeat(43)}`],
    [
      "revoked",
      async () => {
        const { id, code } = checkSuccess(await invite(owner, "viewer"), 201)
        checkSuccess(await owner.send("DELETE", `/api/invitations/${id}`))
        return code
      },
    ],
  ])("that is %s is not there, in the same words", async (_, code) => {
    const path = `/api/auth/invite/${await code()}`
    const { message } = checkError(await server.ask(path), "INVITATION_NOT_FOUND")
    const accepted = await send(server, undefined, "POST", path, { username: "late", password: "a phrase of their own" })
    expect(checkError(accepted, "INVITATION_NOT_FOUND").message).toBe(message)
  })

  it.each([
    ["a name that is taken, in other capitals", "ADMIN", "CONFLICT"],
    ["a name with a space", "a b", "VALIDATION_FAILED"],
    ["no name", "", "VALIDATION_FAILED"],
  ] as const)("stays good after a try with %s", async (_, username, code) => {
    const invitation = checkSuccess(await invite(owner, "viewer"), 201).code
    checkError(
      await send(server, undefined, "POST", `/api/auth/invite/${invitation}`, { username, password: "a phrase of their own" }),
      code,
    )
    checkError(
      await send(server, undefined, "POST", `/api/auth/invite/${invitation}`, { username: "ok", password: "password1" }),
      "VALIDATION_FAILED",
    )
    checkSuccess(await server.ask(`/api/auth/invite/${invitation}`))
  })

  it("needs sites for a deployer, and has none for others", async () => {
    checkError(await invite(owner, "deployer"), "VALIDATION_FAILED")
    checkError(await invite(owner, "viewer", { sites: ["blog"] }), "VALIDATION_FAILED")
    checkError(await invite(owner, "boss" as Role), "VALIDATION_FAILED")
  })
})

describe("an admin", () => {
  it("invites and manages everybody but owners", async () => {
    checkSuccess(await invite(admin, "admin"), 201)
    checkError(await invite(admin, "owner"), "FORBIDDEN")
    const viewer = await join(server, "viewer")
    checkError(await admin.send("PATCH", `/api/users/${viewer.id}`, { role: "owner" }), "FORBIDDEN")
    expect(checkSuccess(await admin.send("PATCH", `/api/users/${viewer.id}`, { role: "admin" })).role).toBe("admin")
    checkError(await viewer.get("/api/user/me"), "SESSION_EXPIRED")
    for (const [method, path, body] of [
      ["PATCH", `/api/users/${owner.id}`, { role: "viewer" }],
      ["DELETE", `/api/users/${owner.id}`],
      ["POST", `/api/users/${owner.id}/password`, { password: "taken over by me" }],
      ["DELETE", `/api/users/${owner.id}/factors`],
      ["DELETE", `/api/users/${owner.id}/sessions`],
    ] as const) {
      checkError(await admin.send(method, path, body), "FORBIDDEN")
    }
    checkSuccess(await owner.get("/api/user/me"))
  })
})

describe("nobody", () => {
  it("raises their own role", async () => {
    for (const role of ["admin", "deployer", "viewer"] as const) {
      const person = await join(server, role, role === "deployer" ? ["blog"] : [])
      checkError(await person.send("PATCH", `/api/users/${person.id}`, { role: "owner" }), "FORBIDDEN")
      checkError(await person.post("/api/users/role", { user_id: person.id, role: "owner" }), "FORBIDDEN")
      expect(checkSuccess(await person.get("/api/user/me")).role).toBe(role)
    }
  })

  it("changes their own password without knowing it, and no key changes an owner's", async () => {
    checkError(await owner.post(`/api/users/${owner.id}/password`, { password: "without the old one" }), "FORBIDDEN")
    const { token } = checkSuccess(await owner.post("/api/keys", { name: "all", scopes: ["admin"] }), 201)
    const path = "/api/users/owner/password"
    const byKey = await server.ask(path, {
      method: "POST",
      token,
      body: '{"password":"by a key, not me"}',
      headers: { "content-type": "application/json" },
    })
    checkError(byKey, "FORBIDDEN")
  })

  it("takes the last owner away", async () => {
    const alone = await startServer()
    try {
      const answer = await askLocally(alone, "/api/users/owner", { method: "DELETE" })
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([409, "CONFLICT"])
    } finally {
      await alone.stop()
    }
  })
})

describe("a user", () => {
  let user: Person
  beforeEach(async () => {
    user = await join(server, "deployer", ["blog"])
  })

  it("is listed and shown without anything secret", async () => {
    const { items, meta } = checkList(await owner.get("/api/users?limit=2&offset=1"))
    expect([items.length, meta]).toEqual([2, { total: expect.any(Number), limit: 2, offset: 1 }])
    expect(checkSuccess(await owner.get(`/api/users/${user.id}`))).toEqual({
      id: user.id,
      username: user.username,
      role: "deployer",
      sites: ["blog"],
      totp: false,
      passkeys: 0,
      invited_by: "local",
      created_at: expect.any(String),
      last_login: expect.any(String),
    })
  })

  it("gets other rights at once: their sessions end, and their keys may no more than they do", async () => {
    const { token } = checkSuccess(await user.post("/api/keys", { name: "mine", scopes: ["deploy"] }), 201)
    const deploy = () =>
      server.ask("/api/sites", { method: "POST", token, body: '{"site":"blog"}', headers: { "content-type": "application/json" } })
    checkSuccess(await deploy(), 201)
    checkSuccess(await owner.send("PATCH", `/api/users/${user.id}`, { role: "viewer" }))
    checkError(await user.get("/api/sites"), "SESSION_EXPIRED")
    checkError(await deploy(), "FORBIDDEN")
    checkSuccess(await server.ask("/api/sites", { token }))
    checkSuccess(await owner.post("/api/users/role", { username: user.username, role: "deployer", sites: ["other"] }))
    checkError(await server.ask("/api/sites/blog", { token }), "FORBIDDEN")
  })

  it("who is removed is gone with sessions and keys, and the name is free again", async () => {
    const { token } = checkSuccess(await user.post("/api/keys", { name: "mine", scopes: ["read"] }), 201)
    checkSuccess(await admin.send("DELETE", `/api/users/${user.id}`))
    checkError(await user.get("/api/sites"), "SESSION_EXPIRED")
    checkError(await server.ask("/api/sites", { token }), "INVALID_API_KEY")
    checkError(await admin.get(`/api/users/${user.id}`), "USER_NOT_FOUND")
    checkError(await admin.send("DELETE", `/api/users/${user.id}`), "USER_NOT_FOUND")
    expect(query(server, "SELECT ref FROM vault WHERE ref LIKE ?", `user/${user.id}/%`)).toEqual([])
    const { code } = checkSuccess(await invite(owner, "viewer"), 201)
    checkSuccess(
      await send(server, undefined, "POST", `/api/auth/invite/${code}`, { username: user.username, password: "a phrase of their own" }),
      201,
    )
  })

  it("who has forgotten the password gets a new one, shown once, and is logged out", async () => {
    const { password } = checkSuccess(await admin.post(`/api/users/${user.id}/password`))
    checkError(await user.get("/api/user/me"), "SESSION_EXPIRED")
    checkSuccess(await send(server, undefined, "POST", "/api/login", { username: user.username, password }))
    checkError(await admin.post(`/api/users/${user.id}/password`, { password: "12345678" }), "VALIDATION_FAILED")
    checkError(await admin.post("/api/users/nobody/password", {}), "USER_NOT_FOUND")
  })

  it("named by nothing is asked for", async () => {
    checkError(await owner.post("/api/users/role", { role: "viewer" }), "MISSING_FIELD")
    checkError(await owner.post("/api/users/role", { username: "nobody", role: "viewer" }), "USER_NOT_FOUND")
  })
})
