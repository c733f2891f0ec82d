import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { passwordCost } from "../../src/http/accounts/password.ts"
import { askLocally, query, withoutRates } from "../support/api.ts"
import { checkError, checkList, checkSuccess } from "../support/checks.ts"
import { cookiesOf, join, logIn, type Person, send } from "../support/people.ts"
import { type Ask, cheapPasswords, owner, realPasswords, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  // The tests log in more often than a person would.
  await withoutRates(server, ["auth"])
})
afterAll(() => server.stop())

const login = (body: unknown, more: Ask = {}) => send(server, undefined, "POST", "/api/login", body, more)
let owned: Person
beforeAll(async () => {
  owned = await join(server, "owner")
})

const credentials = { username: owner.username, password: owner.password }
const events = (type: string) =>
  query<{ data: string; actor: string }>(server, "SELECT data, actor FROM events WHERE type = ? ORDER BY seq", type)

describe("logging in", () => {
  it("answers with who it is, and gives the cookie under both names, for this host and for scripts' eyes never", async () => {
    const answer = await login(credentials)
    expect(checkSuccess(answer)).toEqual({
      message: "Login successful",
      user: { id: "owner", username: owner.username, role: "owner", sites: null },
      expires_at: expect.stringMatching(/^\d{4}-/),
    })
    const cookies = answer.headers["set-cookie"]!
    expect(cookies.map((cookie) => cookie.replace(/=[\w-]{43};/, "=…;")).sort()).toEqual([
      "cc_session=…; Path=/; HttpOnly; SameSite=Strict",
      "fazt_session=…; Path=/; HttpOnly; SameSite=Strict",
    ])
    for (const name of ["fazt_session", "cc_session"]) {
      const cookie = cookiesOf(answer)
        .split("; ")
        .find((pair) => pair.startsWith(name))!
      expect(checkSuccess(await send(server, cookie, "GET", "/api/user/me"))).toMatchObject({ username: owner.username, role: "owner" })
    }
  })

  it("goes on for weeks where it is to be remembered", async () => {
    const cookies = (await login({ ...credentials, remember_me: true })).headers["set-cookie"]!
    expect(cookies.every((cookie) => cookie.includes("Max-Age=2592000"))).toBe(true)
  })

  it("over TLS, behind a trusted proxy, gives one cookie that only this host can have set", async () => {
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "PUT", body: '{"value":"loopback"}' })
    const tls = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" }
    const answer = await login(credentials, { headers: tls })
    expect(answer.headers["set-cookie"]!.map((cookie) => cookie.replace(/=[\w-]{43};/, "=…;"))).toEqual([
      "__Host-fazt_session=…; Path=/; HttpOnly; SameSite=Strict; Secure",
    ])
    const cookie = cookiesOf(answer)
    expect((await send(server, cookie, "GET", "/api/user/me", undefined, { headers: tls })).status).toBe(200)
    const planted = cookie.replace("__Host-", "")
    checkError(await send(server, planted, "GET", "/api/user/me", undefined, { headers: tls }), "UNAUTHORIZED")
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "DELETE" })
    expect((await login(credentials, { headers: tls })).headers["set-cookie"]).toHaveLength(2)
  })

  it("works by the names of every generation", async () => {
    for (const path of ["/api/login", "/api/auth/login", "/auth/login"]) {
      const answer = await send(server, undefined, "POST", path, credentials)
      expect([path, answer.status]).toEqual([path, 200])
      const cookie = cookiesOf(answer)
      for (const status of ["/api/auth/status", "/auth/session"])
        expect((await send(server, cookie, "GET", status)).json.data).toMatchObject({ authenticated: true, username: owner.username })
    }
    expect((await server.ask("/auth/session")).json.data).toEqual({ authenticated: false })
    expect((await send(server, "fazt_session=nonsense", "GET", "/api/auth/status")).json.data).toEqual({ authenticated: false })
  })

  it("is refused in the same words for a wrong name and a wrong password", async () => {
    const wrongPassword = await login({ ...credentials, password: "wrong" })
    const wrongName = await login({ username: "nobody", password: "wrong" })
    checkError(wrongName, "INVALID_CREDENTIALS")
    expect([wrongPassword.status, wrongPassword.text]).toEqual([wrongName.status, wrongName.text])
    expect(wrongName.headers["set-cookie"]).toBeUndefined()
  })

  it("takes as long for a name that nobody has as for a wrong password", async () => {
    const person = await join(server, "viewer")
    try {
      Object.assign(passwordCost, realPasswords)
      checkSuccess(await owned.send("POST", `/api/users/${person.id}/password`, { password: "at the real cost" }))
      const times: Record<string, Array<number>> = { [person.username]: [], "nobody-here": [] }
      // Four of each, since the fifth that fails is the last; by turns, so that both have the same moments of the machine.
      for (let i = 0; i < 4; i++) {
        for (const username of Object.keys(times)) {
          const started = performance.now()
          checkError(await login({ username, password: "wrong" }), "INVALID_CREDENTIALS")
          times[username]!.push(performance.now() - started)
        }
      }
      const [known, unknown] = Object.values(times).map((each) => Math.min(...each))
      expect(known! / unknown!).toBeGreaterThan(0.4)
      expect(known! / unknown!).toBeLessThan(2.5)
    } finally {
      Object.assign(passwordCost, cheapPasswords)
    }
  })

  it("never accepts a token that was there before it", async () => {
    const planted = `fazt_session=${"A".repeat(43)}`
    const answer = await login(credentials, { headers: { cookie: planted } })
    expect(cookiesOf(answer)).not.toContain("AAAA")
    checkError(await send(server, planted, "GET", "/api/user/me"), "SESSION_EXPIRED")
  })

  it("ends the session that the browser had before", async () => {
    const before = cookiesOf(await login(credentials))
    await login(credentials, { headers: { cookie: before } })
    checkError(await send(server, before, "GET", "/api/user/me"), "SESSION_EXPIRED")
  })

  it("leaves no token and no password in the log, in any form", async () => {
    const answer = await login(credentials)
    const token = cookiesOf(answer).split("; ")[0]!.split("=")[1]!
    await login({ ...credentials, password: "a secret typed wrongly" })
    const log = JSON.stringify(query(server, "SELECT data, stream, cause FROM events"))
    for (const secret of [token, owner.password, owner.hash, "a secret typed wrongly"]) expect(log).not.toContain(secret)
    expect(events("v1.SessionStarted").at(-1)).toMatchObject({ actor: "user:owner", data: expect.stringContaining("127.0.0.1") })
    expect(events("v1.LoginFailed").at(-1)).toMatchObject({ actor: "visitor", data: expect.stringContaining('"reason":"password"') })
  })

  it.each([
    ["no name", { password: "x" }, "username"],
    ["no password", { username: "x" }, "password"],
    ["a password that is no text", { username: "x", password: 5 }, "password"],
  ])("with %s names the field", async (_, body, field) => {
    const { details } = checkError(await login(body), "VALIDATION_FAILED")
    expect(details.issues[0].field).toBe(field)
  })
})

describe("a session", () => {
  it("can be listed and ended, alone or with all others", async () => {
    const person = await join(server, "viewer")
    const second = await logIn(server, person.username, person.password)
    const third = await logIn(server, person.username, person.password)
    const { items, meta } = checkList(await person.get("/api/user/sessions"))
    expect(meta.total).toBe(3)
    expect(items.map(({ current, method }) => [current, method])).toEqual([
      [false, "password"],
      [false, "password"],
      [true, "invitation"],
    ])
    checkSuccess(await person.send("DELETE", `/api/user/sessions/${items[0].id}`))
    checkError(await third.get("/api/user/me"), "SESSION_EXPIRED")
    checkSuccess(await person.send("DELETE", "/api/user/sessions"))
    checkError(await second.get("/api/user/me"), "SESSION_EXPIRED")
    checkSuccess(await person.get("/api/user/me"))
  })

  it("of somebody else is not there", async () => {
    const [one, other] = [await join(server, "viewer"), await join(server, "viewer")]
    const { items } = checkList(await one.get("/api/user/sessions"))
    checkError(await other.send("DELETE", `/api/user/sessions/${items[0].id}`), "SESSION_NOT_FOUND")
    checkSuccess(await one.get("/api/user/me"))
  })

  it("ends at once when it is logged out of, and the cookie is taken away", async () => {
    const person = await join(server, "viewer")
    const answer = await person.post("/api/logout")
    expect(checkSuccess(answer)).toEqual({ message: "Logged out successfully" })
    expect(answer.headers["set-cookie"]!.every((cookie) => cookie.includes("Max-Age=0"))).toBe(true)
    checkError(await person.get("/api/user/me"), "SESSION_EXPIRED")
    checkSuccess(await send(server, undefined, "POST", "/auth/logout"))
  })

  it("ends a day after it was used last, and after a week however much it is used", async () => {
    const other = await startServer()
    const { now } = Date
    const hour = 3_600_000
    const at = async (person: Person, hours: number) => {
      const moment = now() + hours * hour
      Date.now = () => moment
      return (await person.get("/api/user/me")).status
    }
    try {
      const [idle, busy] = [await logIn(other), await logIn(other)]
      expect(await at(idle, 23)).toBe(200)
      const statuses: Array<number> = []
      for (let hours = 20; hours <= 180; hours += 20) statuses.push(await at(busy, hours))
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 401])
      expect(await at(idle, 23 + 25)).toBe(401)
    } finally {
      Date.now = now
      await other.stop()
    }
  })

  it("is not ended by a GET, which any page can cause", async () => {
    const person = await join(server, "viewer")
    const answer = await person.get("/api/logout")
    checkError(answer, "METHOD_NOT_ALLOWED")
    expect(answer.headers["allow"]).toBe("POST")
    checkSuccess(await person.get("/api/user/me"))
  })
})

describe("a password", () => {
  it("is changed by whoever knows it; every other session ends and the present one goes on under a new token", async () => {
    const person = await join(server, "viewer")
    const other = await logIn(server, person.username, person.password)
    checkError(await person.post("/api/user/password", { password: "wrong", new_password: "another fine phrase" }), "INVALID_CREDENTIALS")
    const changed = await person.post("/api/user/password", { password: person.password, new_password: "another fine phrase" })
    checkSuccess(changed)
    for (const ended of [other, person]) checkError(await ended.get("/api/user/me"), "SESSION_EXPIRED")
    checkSuccess(await send(server, cookiesOf(changed), "GET", "/api/user/me"))
    checkError(await login({ username: person.username, password: person.password }), "INVALID_CREDENTIALS")
    checkSuccess(await login({ username: person.username, password: "another fine phrase" }))
  })

  it.each([
    ["shorter than 8 characters", "short77"],
    ["one that everybody has", "password1"],
    ["of more than 1024 bytes", "x1y2".repeat(300)],
  ])("that is %s is refused", async (_, password) => {
    const person = await join(server, "viewer")
    const { details } = checkError(
      await person.post("/api/user/password", { password: person.password, new_password: password }),
      "VALIDATION_FAILED",
    )
    expect(details.issues[0].constraint).toMatch(/\S/)
  })

  it("kept as a bcrypt hash of the Go server is good, and is hashed anew at the first login", async () => {
    const { hashSync } = await import("bcryptjs")
    const person = await join(server, "viewer")
    await person.post("/api/logout")
    await server.run(
      (await import("effect/Effect")).flatMap((await import("../../src/commands/Commands.ts")).Commands, (commands) =>
        commands.handle({ _tag: "ChangePassword", user: person.id, password: "old/one", by: "local" }, { actor: "owner", cause: "test" }, [
          { ref: "old/one", secret: hashSync("from the old days", 4).replace("$2b$", "$2a$") },
        ]),
      ),
    )
    checkSuccess(await login({ username: person.username, password: "from the old days" }))
    expect(events("v1.PasswordRehashed").at(-1)?.data).toContain('"was":"old/one"')
    expect(query(server, "SELECT ref FROM vault WHERE ref = 'old/one'")).toEqual([])
    checkSuccess(await login({ username: person.username, password: "from the old days" }))
  })
})

describe("guessing a password", () => {
  it("is stopped for the guesser, while the owner, who has been here before, goes on logging in", async () => {
    const guesser = { headers: { "x-forwarded-for": "198.51.100.7" } }
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "PUT", body: '{"value":"loopback"}' })
    const person = await join(server, "admin")
    const home = { headers: { "x-forwarded-for": "203.0.113.20" } }
    const known = await send(server, undefined, "POST", "/api/login", { username: person.username, password: person.password }, home)
    const statuses: Array<number> = []
    for (let i = 0; i < 8; i++) statuses.push((await login({ username: person.username, password: `guess ${i}` }, guesser)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    const right = await login({ username: person.username, password: person.password }, guesser)
    const { details } = checkError(right, "RATE_LIMIT_EXCEEDED")
    expect([right.headers["retry-after"], details.retry_after]).toEqual([String(details.retry_after), expect.any(Number)])
    checkSuccess(await login({ username: person.username, password: person.password }, home))
    const elsewhere = { headers: { "x-forwarded-for": "203.0.113.99", cookie: cookiesOf(known) } }
    checkSuccess(await login({ username: person.username, password: person.password }, elsewhere))
    await askLocally(server, "/api/config/server.trusted_proxies", { method: "DELETE" })
  })
})

describe("a request that a page of another origin has made", () => {
  const changes: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ["by Sec-Fetch-Site", { "sec-fetch-site": "cross-site" }],
    ["on a subdomain, which is the same site", { "sec-fetch-site": "same-site" }],
    ["by Origin", { origin: "https://evil.example" }],
    ["of a site of this very server", { origin: "http://evil.localhost" }],
    ["that hides where it is", { origin: "null" }],
  ]
  it.each(changes)("(%s) changes nothing, with the right cookie or without one", async (_, headers) => {
    const person = await join(server, "admin")
    const { head } = (await person.get("/api/status")).json.data
    checkError(await send(server, person.cookie, "POST", "/api/sites", { site: "forged" }, { headers }), "CROSS_ORIGIN")
    checkError(await send(server, undefined, "POST", "/api/login", credentials, { headers }), "CROSS_ORIGIN")
    expect((await person.get("/api/status")).json.data.head).toEqual(head)
  })

  it("is let in from the admin's own pages, and with a key, which no page can make a browser send", async () => {
    const person = await join(server, "admin")
    const own = { headers: { origin: "http://localhost", "sec-fetch-site": "same-origin" } }
    checkSuccess(await send(server, person.cookie, "POST", "/api/sites", { site: "own-page" }, own), 201)
    const token = await server.key("deploy")
    const elsewhere = { token, headers: { origin: "https://ci.example", "content-type": "application/json" } }
    checkSuccess(await server.ask("/api/sites", { method: "POST", body: '{"site":"by-key"}', ...elsewhere }), 201)
  })
})
