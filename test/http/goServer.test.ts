import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { withoutRates } from "../support/api.ts"
import { checkError, checkSuccess } from "../support/checks.ts"
import { cookiesOf, logIn, type Person, send } from "../support/people.ts"
import { type Ask, owner, startServer, type TestServer } from "../support/server.ts"

/** What the shell scripts and the routing, login and security tests of the Go server try, as far as this server has it by now. */

let server: TestServer
let person: Person
beforeAll(async () => {
  server = await startServer({ domain: "fazt.test" })
  await withoutRates(server, ["auth"])
  person = await logIn(server)
  await person.post("/api/sites", { site: "test" })
})
afterAll(() => server.stop())

describe("the login of the scripts", () => {
  it("goes from 401 by a cookie called cc_session to 200, and back by a logout", async () => {
    checkError(await server.ask("/api/sites"), "UNAUTHORIZED")
    checkError(await send(server, undefined, "POST", "/api/login", { username: owner.username, password: "nope" }), "INVALID_CREDENTIALS")
    const answer = await send(server, undefined, "POST", "/api/login", {
      username: owner.username,
      password: owner.password,
      remember_me: true,
    })
    expect(checkSuccess(answer).message).toBe("Login successful")
    const cookie = cookiesOf(answer)
      .split("; ")
      .find((pair) => pair.startsWith("cc_session="))
    checkSuccess(await send(server, cookie, "GET", "/api/user/me"))
    expect(checkSuccess(await send(server, cookie, "GET", "/api/auth/status"))).toMatchObject({
      authenticated: true,
      username: owner.username,
    })
    expect(checkSuccess(await send(server, cookie, "POST", "/api/logout")).message).toBe("Logged out successfully")
    checkError(await send(server, cookie, "GET", "/api/sites"), "SESSION_EXPIRED")
  })

  it("locks nobody out but who guesses, after five failures", async () => {
    const statuses: Array<number> = []
    for (let i = 0; i < 6; i++)
      statuses.push((await send(server, undefined, "POST", "/api/login", { username: "somebody", password: `guess ${i}` })).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    checkSuccess(await send(server, person.cookie, "POST", "/api/login", { username: owner.username, password: owner.password }))
    person = await logIn(server)
  })

  it("takes a key or a cookie, and never a cookie beside a wrong key", async () => {
    const wrong = { authorization: `Bearer fazt_000000000000_${"A".repeat(43)}` }
    checkError(await send(server, person.cookie, "GET", "/api/sites", undefined, { headers: wrong }), "INVALID_API_KEY")
  })
})

describe("the routes of 0.9", () => {
  const paths = [
    "/api/sites",
    "/api/sites/test",
    "/api/sites/test/files",
    "/api/apps",
    "/api/apps/test",
    "/api/apps/test/files",
    "/api/deployments",
    "/api/envvars?site_id=test",
    "/api/logs?site_id=test",
    "/api/keys",
    "/api/config",
    "/api/auth/status",
    "/api/user/me",
    "/api/system/limits",
    "/api/system/cache",
    "/api/system/db",
    "/api/system/config",
    "/api/system/health",
  ]
  it.each(paths)("has %s for who is logged in, and never null for a list", async (path) => {
    const answer = await person.get(path)
    checkSuccess(answer)
    expect(answer.text).not.toMatch(/"(data|vars|logs|deployments|keys)":null/)
  })

  it.each(paths.filter((path) => path !== "/api/auth/status"))("asks of %s who it is", async (path) => {
    checkError(await server.ask(path), "UNAUTHORIZED")
  })

  it.each([
    "/api/loginx",
    "/api/login/",
    "/api/deployx",
    "/api/deploymentsx",
    "/healthx",
    "/tracker",
    "/api/logouts",
  ])("is not open at %s by the beginning of its name", async (path) => {
    const { status } = await server.ask(path)
    expect([404, 405]).toContain(status)
  })
})

describe("the hosts of the scripts", () => {
  const cases: ReadonlyArray<readonly [host: string, path: string, status: number, text: string]> = [
    ["root.fazt.test", "/", 200, "Welcome to Fazt"],
    ["fazt.test", "/", 200, "Welcome to Fazt"],
    ["404.fazt.test", "/", 200, "Lost in Space"],
    ["nowhere.fazt.test", "/", 404, "Lost in Space"],
    ["other.example", "/", 404, "Lost in Space"],
    ["a.b.fazt.test", "/", 404, "Lost in Space"],
    ["127.0.0.1", "/", 404, "Lost in Space"],
    ["admin.fazt.test", "/", 200, "<title>Fazt</title>"],
    ["localhost", "/", 200, "<title>Fazt</title>"],
    ["ADMIN.FAZT.TEST:4698", "/health", 200, "OK"],
    ["admin.fazt.test", "/api/sites", 401, "UNAUTHORIZED"],
    ["localhost", "/api/sites", 401, "UNAUTHORIZED"],
    ["root.fazt.test", "/api/sites", 404, ""],
    ["test.fazt.test", "/api/sites", 404, ""],
    ["test.fazt.test", "/health", 404, ""],
  ]
  it.each(cases)("%s%s answers %i", async (host, path, status, text) => {
    const answer = await server.ask(path, { host })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
  })
})

describe("what the security tests send", () => {
  const hostile: ReadonlyArray<readonly [what: string, path: string, request?: Ask]> = [
    ["SQL in a site's name", "/api/sites/x'%20OR%20'1'='1"],
    ["SQL in a parameter", "/api/logs?site_id=x'%3B%20DROP%20TABLE%20sites%3B--"],
    ["SQL in a limit", "/api/sites?limit=1%20UNION%20ALL"],
    ["a way out of a folder", "/api/sites/test/files/../../../etc/passwd"],
    ["an encoded way out of a folder", "/api/sites/test/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd"],
    ["a way out with backslashes", "/api/sites/test/files/..%5c..%5cwindows"],
    ["a NUL", "/api/sites/test/files/a%00.html"],
    ["a script in a name", "/api/sites/%3Cscript%3Ealert(1)%3C%2Fscript%3E"],
    ["ten thousand characters of name", `/api/sites/${"a".repeat(10_000)}`],
    ["JSON of ten thousand brackets", "/api/sites", { method: "POST", body: "[".repeat(10_000) }],
    ["JSON that is too large", "/api/sites", { method: "POST", body: JSON.stringify({ site: "a".repeat(1_000_000) }) }],
    ["a prototype in JSON", "/api/sites", { method: "POST", body: '{"__proto__":{"site":"x"}}' }],
  ]
  it.each(
    hostile.map(([what, path, request = {}]) => [what, path, request] as const),
  )("%s is refused, in the envelope, and says nothing of the server's insides", async (_, path, request) => {
    const headers = { cookie: person.cookie, "content-type": "application/json" }
    const answer = await server.ask(path, { ...request, headers })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.headers["content-type"]).toMatch(/^application\/json/)
    expect(answer.text).not.toMatch(/sqlite|SELECT|node_modules|\.ts:|root:x:/i)
  })

  it("a host that is a script is not shown as one", async () => {
    const { text, headers } = await server.ask("/", { host: '"><script>alert(1)</script>' })
    expect(text).not.toContain("<script>alert")
    expect(headers["content-type"]).not.toBeUndefined()
  })
})
