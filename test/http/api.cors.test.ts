import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Api, apiOf, publish, query } from "../support/api.ts"
import { checkError, checkSuccess } from "../support/checks.ts"
import { join } from "../support/people.ts"
import { type Ask, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await api.set("limits.deploys_per_minute", 0)
  const code = `export default { async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === "/own") return new Response("own", { headers: { "access-control-allow-origin": "*" } })
    if (pathname === "/varied") return new Response("varied", { headers: { vary: "Accept-Language" } })
    if (pathname === "/broken") throw new Error("broken")
    if (pathname === "/object") { await fazt.app.s3.put("o", "object", "text/plain"); return new Response(await fazt.app.s3.get("o")) }
    return new Response(request.method + " by code", { status: request.method === "OPTIONS" ? 418 : 200, headers: { "x-code": "1" } })
  } }`
  for (const site of ["shop", "open", "plain"]) await publish(api, site, { "main.js": code, "file.txt": "file" })
  await publish(api, "files", { "index.html": "files" })
})
afterAll(() => server.stop())

const app = "https://app.example.com"
const cors = (site: string, settings?: unknown) => api.send(settings === undefined ? "GET" : "PUT", `/sites/${site}/cors`, settings)
const visit = (site: string, path: string, origin: string | undefined, request: Ask = {}) =>
  server.ask(path, { host: `${site}.localhost`, ...request, headers: { ...(origin === undefined ? {} : { origin }), ...request.headers } })
const preflight = (site: string, origin: string, method = "PUT", headers = "X-Token, content-type") =>
  visit(site, "/data", origin, {
    method: "OPTIONS",
    headers: { "access-control-request-method": method, "access-control-request-headers": headers },
  })
const corsHeaders = ({ headers }: { readonly headers: object }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-") || name === "vary"))
const head = () => query<{ seq: number }>(server, "SELECT max(seq) AS seq FROM events WHERE stream GLOB 'site/*'")[0]!.seq

const nothing = { origins: [], methods: null, headers: null, credentials: false, max_age: null }

describe("a site without settings for other origins", () => {
  it("says nothing about them, and leaves questions to its code", async () => {
    expect(checkSuccess(await cors("plain"))).toEqual(nothing)
    expect(corsHeaders(await visit("plain", "/data", app))).toEqual({})
    const asked = await preflight("plain", app)
    expect([asked.status, asked.headers["x-code"], corsHeaders(asked)]).toEqual([418, "1", {}])
  })
})

describe("a site that is open to some origins", () => {
  beforeAll(async () => {
    const settings = {
      origins: [app, "http://localhost:3000"],
      methods: ["GET", "PUT"],
      headers: ["X-Token"],
      credentials: true,
      max_age: 600,
    }
    expect(checkSuccess(await cors("shop", settings))).toEqual(settings)
    expect(checkSuccess(await cors("shop"))).toEqual(settings)
  })

  it("lets their pages read the answers of its code, and those of no other origin", async () => {
    const answer = await visit("shop", "/data", app)
    expect([answer.text, corsHeaders(answer)]).toEqual([
      "GET by code",
      { "access-control-allow-origin": app, "access-control-allow-credentials": "true", vary: "Origin" },
    ])
    expect(corsHeaders(await visit("shop", "/data", "http://localhost:3000"))["access-control-allow-origin"]).toBe("http://localhost:3000")
    for (const origin of [
      "https://app.example.com.evil.com",
      "http://app.example.com",
      "https://app.example.com:8443",
      "null",
      "",
      undefined,
    ])
      expect(corsHeaders(await visit("shop", "/data", origin))).toEqual({ vary: "Origin" })
  })

  it("answers for its code when a browser asks beforehand", async () => {
    const answer = await preflight("shop", app)
    expect([answer.status, answer.text, answer.headers["x-code"]]).toEqual([204, "", undefined])
    expect(corsHeaders(answer)).toEqual({
      "access-control-allow-origin": app,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "X-Token",
      "access-control-max-age": "600",
      vary: "Origin",
    })
  })

  it("leaves questions of others to its code, and what only looks like such a question", async () => {
    const other = await preflight("shop", "https://other.example")
    expect([other.status, corsHeaders(other)]).toEqual([418, { vary: "Origin" }])
    const bare = await visit("shop", "/data", app, { method: "OPTIONS" })
    expect([bare.status, corsHeaders(bare)["access-control-allow-origin"]]).toEqual([418, app])
  })

  it("says nothing where its code says something itself", async () => {
    expect(corsHeaders(await visit("shop", "/own", app))).toEqual({ "access-control-allow-origin": "*", vary: "Origin" })
    expect(corsHeaders(await visit("shop", "/varied", app))).toMatchObject({
      "access-control-allow-origin": app,
      vary: "Accept-Language, Origin",
    })
  })

  it("lets them read failures and stored objects too", async () => {
    const broken = await visit("shop", "/broken", app)
    expect([broken.status, corsHeaders(broken)["access-control-allow-origin"]]).toEqual([500, app])
    const object = await visit("shop", "/object", app)
    expect(corsHeaders(object)["access-control-allow-origin"]).toBe(app)
  })

  it("says nothing on its files, which have rules of their own", async () => {
    const file = await visit("shop", "/file.txt", app)
    expect([file.text, corsHeaders(file)["access-control-allow-origin"]]).toEqual(["file", undefined])
    await cors("files", { origins: ["*"] })
    expect(corsHeaders(await visit("files", "/", app))).not.toHaveProperty("access-control-allow-origin")
    expect(
      (await visit("files", "/", app, { method: "OPTIONS", headers: { "access-control-request-method": "GET" } })).headers["allow"],
    ).toBe("GET, HEAD, OPTIONS")
  })

  it("is so after its next deploy, and at the addresses of its deploys", async () => {
    const { answer } = await publish(api, "shop2", { "main.js": "export default { fetch: () => new Response('1') }" })
    await cors("shop2", { origins: [app] })
    expect(corsHeaders(await visit("shop2", "/", app))["access-control-allow-origin"]).toBe(app)
    await publish(api, "shop2", { "main.js": "export default { fetch: () => new Response('2') }" })
    expect(corsHeaders(await visit("shop2", "/", app))["access-control-allow-origin"]).toBe(app)
    expect(corsHeaders(await visit(`${answer.json.data.deploy}--shop2`, "/", app))["access-control-allow-origin"]).toBe(app)
    await api.delete("/sites/shop2")
    await api.post("/sites/shop2/undelete", {})
    expect(checkSuccess(await cors("shop2")).origins).toEqual([app])
  })

  it("is closed again at once", async () => {
    checkSuccess(await api.delete("/sites/shop/cors"))
    expect(checkSuccess(await cors("shop"))).toEqual(nothing)
    expect(corsHeaders(await visit("shop", "/data", app))).toEqual({})
    expect((await preflight("shop", app)).status).toBe(418)
    const before = head()
    checkSuccess(await api.delete("/sites/shop/cors"))
    expect(head()).toBe(before)
  })
})

describe("a site that is open to every origin", () => {
  it("is so without credentials, for whatever browsers ask for", async () => {
    checkSuccess(await cors("open", { origins: ["*"] }))
    expect(corsHeaders(await visit("open", "/data", "https://anybody.example"))).toEqual({ "access-control-allow-origin": "*" })
    expect(corsHeaders(await preflight("open", "null", "DELETE", "x-a,x-b"))).toEqual({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "DELETE",
      "access-control-allow-headers": "x-a, x-b",
    })
    const hostile = await preflight("open", app, "GET", "x-a, a b, (x), x-c")
    expect(hostile.headers["access-control-allow-headers"]).toBe("x-a, x-c")
  })

  it("writes an event only when something changes", async () => {
    const before = head()
    checkSuccess(await cors("open", { origins: ["*"], methods: null, credentials: false }))
    expect(head()).toBe(before)
    checkSuccess(await cors("open", { origins: ["*"], max_age: 5 }))
    expect(head()).toBeGreaterThan(before)
    const { json } = await api.get("/audit?site=open&limit=1")
    expect(json.data[0]).toMatchObject({ type: "v1.SiteCorsSet", data: { site: "open", origins: ["*"], maxAge: 5, credentials: false } })
  })
})

describe("settings for other origins", () => {
  const bad: ReadonlyArray<readonly [what: string, settings: unknown]> = [
    ["nothing", {}],
    ["no origin", { origins: [] }],
    ["a path", { origins: ["https://app.example.com/"] }],
    ["a host alone", { origins: ["app.example.com"] }],
    ["another scheme", { origins: ["ftp://app.example.com"] }],
    ["the scheme's own port", { origins: ["https://app.example.com:443"] }],
    ["capitals", { origins: ["https://App.example.com"] }],
    ["a user", { origins: ["https://me@app.example.com"] }],
    ["a pattern", { origins: ["https://*.example.com"] }],
    ["all and one", { origins: ["*", app] }],
    ["all with credentials", { origins: ["*"], credentials: true }],
    ["an origin twice", { origins: [app, app] }],
    ["too many origins", { origins: Array.from({ length: 101 }, (_, n) => `https://a${n}.example.com`) }],
    ["a method in small letters", { origins: [app], methods: ["get"] }],
    ["a header that is none", { origins: [app], headers: ["a b"] }],
    ["a line break in a header", { origins: [app], headers: ["a\r\nset-cookie: x"] }],
    ["an age of years", { origins: [app], max_age: 1e9 }],
    ["a negative age", { origins: [app], max_age: -1 }],
    ["a number for credentials", { origins: [app], credentials: 1 }],
  ]
  it.each(bad)("are refused with %s", async (_, settings) => {
    const before = head()
    checkError(await cors("plain", settings), "VALIDATION_FAILED")
    expect(head()).toBe(before)
  })

  it("are of sites that there are or were", async () => {
    checkError(await cors("nowhere"), "SITE_NOT_FOUND")
    checkError(await cors("nowhere", { origins: [app] }), "SITE_NOT_FOUND")
    checkError(await api.delete("/sites/nowhere/cors"), "SITE_NOT_FOUND")
  })

  it("are changed by those who manage sites, and read by those who see them", async () => {
    const deployer = await join(server, "deployer", ["plain"])
    const viewer = await join(server, "viewer")
    checkSuccess(await deployer.get("/api/sites/plain/cors"))
    checkSuccess(await viewer.get("/api/sites/plain/cors"))
    checkError(await deployer.get("/api/sites/open/cors"), "FORBIDDEN")
    for (const person of [deployer, viewer]) {
      checkError(await person.send("PUT", "/api/sites/plain/cors", { origins: [app] }), "FORBIDDEN")
      checkError(await person.send("DELETE", "/api/sites/plain/cors"), "FORBIDDEN")
    }
    checkError(await server.ask("/api/sites/plain/cors"), "UNAUTHORIZED")
  })
})
