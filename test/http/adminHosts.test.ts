import { connect } from "node:net"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { adminHeaders } from "../../src/http/adminHeaders.ts"
import { adminPages } from "../../src/http/adminPages.ts"
import { blobCache } from "../../src/http/blobCache.ts"
import { trustedProxies } from "../../src/http/clientOf.ts"
import { dispatcher } from "../../src/http/dispatch.ts"
import { listenOnPort } from "../../src/http/Edge.ts"
import { addressRate } from "../../src/http/limits/addressRate.ts"
import { connectionGate } from "../../src/http/limits/connections.ts"
import { slowBodies } from "../../src/http/limits/slowBodies.ts"
import { makeLive } from "../../src/http/live.ts"
import type { SiteSnapshot } from "../../src/http/site.ts"
import { adminFolder } from "../../src/resources.ts"
import { liveLimits } from "../support/live.ts"
import { ask } from "../support/server.ts"

/** Every name is a site whose code answers whatever is asked of it, and may have WebSockets. */
const siteWithCode = (site: string, preview = false): SiteSnapshot => ({
  site,
  deploy: "aaaaaaaaaa",
  preview,
  manifest: "m",
  spa: false,
  server: { form: "legacy", scope: "site", entry: "main.js", modules: [], stdlib: [] },
  serverFiles: new Set(["main.js"]),
  files: new Map(),
  redirects: undefined,
  headers: undefined,
  cors: undefined,
  varyOn: [],
  plans: new Map(),
})

const limits = {
  trusted: trustedProxies("127.0.0.1"),
  connections: 0,
  addressConnections: 0,
  addressRequestsPerSecond: 0,
  slowBodySeconds: 30,
  slowBodyBytesPerSecond: 0,
}

/** What sites have come to know of: the names that were looked up, and the requests that their code has got. */
let seen: Array<string> = []
let isHealthy = true
let port = 0
const scope = Effect.runSync(Scope.make())

const live = makeLive({ limits: () => liveLimits, closeMs: 50 })

beforeAll(async () => {
  const known = (name: string, deploy?: string): SiteSnapshot => {
    seen.push(name)
    return siteWithCode(name, deploy !== undefined)
  }
  const listener = dispatcher({
    domain: "example.test",
    snapshots: { live: (name) => (name.includes("--") ? undefined : known(name)), deploy: known, changed: () => {} },
    cache: blobCache({ chunk: () => undefined, variants: () => [], variant: () => undefined }, 1000),
    functions: (req, res, _, __, { site }) => {
      seen.push(`${site}: ${req.headers.cookie}`)
      res.end("CODE")
    },
    api: (req, res) => res.writeHead(200, { "content-type": "application/json", "x-api": "1" }).end(JSON.stringify(req.url)),
    apiUpgrade: (req, socket) => socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${req.headers.host} ${req.url}`),
    pages: adminPages(adminFolder),
    isHealthy: () => isHealthy,
    sockets: { live, hasServer: () => true },
    guard: {
      trusted: () => limits.trusted,
      connections: connectionGate(() => limits),
      bodies: slowBodies(() => limits),
      requests: addressRate(() => limits),
    },
  })
  port = await Effect.runPromise(Scope.extend(listenOnPort(listener, 0), scope))
})
afterAll(async () => {
  live.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
})
beforeEach(() => {
  seen = []
})

/** Sends a request as it stands here and gives the whole answer, as text. */
const send = (...lines: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1"))
    socket.setEncoding("latin1")
    socket.on("data", (part) => {
      answer += part
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(answer))
  })

const adminsHosts = [
  "localhost",
  "LOCALHOST",
  "localhost.",
  "localhost:4698",
  "LocalHost.:80",
  "admin.localhost",
  "Admin.LOCALHOST:4698",
  "admin.localhost.",
  "admin.example.test",
  "ADMIN.Example.Test.:8080",
]

describe("on the hosts of the server itself", () => {
  const targets = [
    "/",
    "/index.html",
    "/x",
    "/ws",
    "/_ws",
    "/main.js",
    "/auth",
    "/auth/login",
    "/api",
    "/api/x",
    "/apis",
    "/API/x",
    "/health",
    "/metrics",
    "/%61pi/x",
    "//x",
    "/../x",
    "/%2e%2e/x",
    "/%2f",
    "/%00",
    "*",
    "http://localhost/x",
    "http://ADMIN.example.test:80/_ws",
    "https://user@admin.localhost./x",
  ]
  for (const host of adminsHosts)
    it(`no site and none of its code sees anything of a request: Host: ${host}`, async () => {
      for (const target of targets) {
        for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
          const answer = await send(
            `${method} ${target} HTTP/1.1`,
            `Host: ${host}`,
            "Cookie: __Host-fazt_session=secret",
            "Connection: close",
          )
          expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404|405) /)
          expect(answer).not.toContain("CODE")
        }
      }
      expect(seen).toEqual([])
    })

  for (const [target, host] of [
    ["http://localhost/x", "blog.example.test"],
    ["http://admin.example.test/_ws", "blog.example.test"],
    ["HTTP://Admin.LocalHost.:4698/", "root.localhost"],
    ["https://x@localhost/", "example.test"],
    ["http://localhost?x", "aaaaaaaaaa--blog.localhost"],
    ["http://localhost", "nowhere.example"],
  ] as const)
    it(`nor where the target names the host: ${target} with Host ${host}`, async () => {
      const answer = await send(`GET ${target} HTTP/1.1`, `Host: ${host}`, "Cookie: a=1", "Connection: close")
      expect([answer.includes("CODE"), seen]).toEqual([false, []])
      expect(answer).toContain("Content-Security-Policy: default-src 'none';")
    })

  for (const [target, host, site] of [
    ["http://blog.example.test/api/sites", "localhost", "blog"],
    ["/api/sites", "aaaaaaaaaa--admin.localhost", "admin"],
    ["/api/sites", "aaaaaaaaaa--localhost.localhost", "localhost"],
    ["/api/sites", "root.localhost", "root"],
    ["/api/sites", "example.test", "root"],
    ["/api/sites", "admin.127.0.0.1", "admin"],
    ["/health", "root.example.test", "root"],
  ] as const)
    it(`which other hosts are not, whose requests never get to the API: ${target} on ${host}`, async () => {
      const answer = await send(`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close")
      expect([answer.endsWith("CODE"), seen.at(-1)]).toEqual([true, `${site}: undefined`])
      for (const [name] of adminHeaders) expect(answer).not.toContain(`${name}:`)
    })

  for (const [host, target] of [
    ["localhost, blog.localhost", "/"],
    ["localhost:99999", "/"],
    ["localhost/x", "/"],
    ["localhost..", "/"],
    ["x.admin.example.test", "/"],
    ["xadmin.example.test", "/"],
  ] as const)
    it(`nor is every host that looks like one of them: ${host}`, async () => {
      const answer = await send(`GET ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close")
      expect(answer).not.toContain("<title>Fazt</title>")
      expect(seen).toEqual(answer.startsWith("HTTP/1.1 400") ? [] : expect.arrayContaining([expect.not.stringContaining("root")]))
    })

  it("a request that names two hosts is refused, in either order", async () => {
    for (const hosts of [
      ["localhost", "blog.localhost"],
      ["blog.localhost", "localhost"],
      ["localhost", "localhost"],
    ]) {
      const answer = await send("GET /api/x HTTP/1.1", ...hosts.map((host) => `Host: ${host}`), "Connection: close")
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    }
    expect(seen).toEqual([])
  })
})

const handshake = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]

describe("a WebSocket on the server's own hosts", () => {
  for (const [target, host, answered] of [
    ["/api/events/live", "localhost", "localhost /api/events/live"],
    ["/api/events/live?since=5", "admin.example.test", "admin.example.test /api/events/live?since=5"],
    ["//api/./events/live", "localhost", "localhost /api/events/live"],
    ["http://localhost:80/api/events/live", "blog.example.test", "localhost:80 /api/events/live"],
  ] as const)
    it(`is the API's at ${target}`, async () => {
      expect((await send(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...handshake)).split("\r\n\r\n")[1]).toBe(answered)
    })

  for (const [target, host] of [
    ["/_ws", "localhost"],
    ["/ws", "admin.localhost:80"],
    ["/", "admin.example.test"],
    ["/api/events/live/", "localhost"],
    ["/api/events", "localhost"],
    ["/api%2fevents/live", "localhost"],
    ["http://admin.example.test/_ws", "blog.example.test"],
  ] as const)
    it(`is refused elsewhere: ${target} on ${host}`, async () => {
      const answer = await send(`GET ${target} HTTP/1.1`, `Host: ${host}`, "Cookie: a=1", ...handshake)
      expect(answer).toMatch(/^HTTP\/1\.1 404 /)
      for (const [name, value] of adminHeaders) expect(answer).toContain(`\r\n${name}: ${value}\r\n`)
      expect(seen).toEqual([])
    })

  for (const [target, host, site] of [
    ["/_ws", "root.localhost", "root"],
    ["/ws", "example.test", "root"],
    ["/_ws", "blog.localhost", "blog"],
    ["http://blog.localhost/_ws", "localhost", "blog"],
  ] as const)
    it(`is a site's on the site's hosts: ${target} on ${host}`, async () => {
      const ws = send(`GET ${target} HTTP/1.1`, `Host: ${host}`, ...handshake)
      await expect.poll(() => live.count(site, "")).toBe(1)
      live.drop(site)
      expect(await ws).toMatch(/^HTTP\/1\.1 101 /)
    })

  it("of the API's address on a site is an ordinary request to the site", async () => {
    const request = ["GET /api/events/live HTTP/1.1", "Host: blog.localhost", "Connection: Upgrade, close", "Upgrade: websocket"]
    expect(await send(...request)).toMatch(/CODE$/)
  })
})

describe("every answer of the server's own hosts has the headers that protect it", () => {
  const all = Object.fromEntries(adminHeaders.map(([name, value]) => [name.toLowerCase(), value]))

  for (const [method, path, status, more] of [
    ["GET", "/", 200, { "cache-control": "no-cache", "content-type": "text/html; charset=utf-8" }],
    ["GET", "/admin.css", 200, { "content-type": "text/css; charset=utf-8" }],
    ["GET", "/nothing", 404, {}],
    ["GET", "/%ff", 400, {}],
    ["POST", "/", 405, { allow: "GET, HEAD" }],
    ["OPTIONS", "/", 405, { allow: "GET, HEAD" }],
    ["GET", "/health", 200, {}],
    ["HEAD", "/health", 200, {}],
    ["POST", "/health", 405, { allow: "GET, HEAD" }],
    ["OPTIONS", "/health", 405, { allow: "GET, HEAD" }],
    ["GET", "/api/x", 200, { "cache-control": "no-store", "x-api": "1" }],
    ["OPTIONS", "/api/x", 200, { "cache-control": "no-store" }],
    ["GET", "/auth/x", 200, { "cache-control": "no-store" }],
    ["GET", "/metrics", 200, { "cache-control": "no-store" }],
    ["GET", "/api/a%2fb", 400, { "content-type": "application/json", "cache-control": "no-store" }],
    ["GET", `/api/${"a".repeat(9000)}`, 414, { "content-type": "application/json" }],
  ] as const)
    it(`${method} ${path.slice(0, 40)}: ${status}`, async () => {
      const cross = { origin: "https://evil.example", "access-control-request-method": "DELETE" }
      const answer = await ask(port, path, { method, headers: cross })
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject({ ...all, ...more })
      expect(answer.headers).not.toHaveProperty("strict-transport-security")
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([])
    })

  it("also when the cartridge cannot be read", async () => {
    isHealthy = false
    const { status, headers } = await ask(port, "/health")
    isHealthy = true
    expect([status, headers["x-frame-options"]]).toEqual([503, "DENY"])
  })

  it("also when an address asks too much, which sites say without them", async () => {
    limits.addressRequestsPerSecond = 1
    const headers = { "x-forwarded-for": "198.51.100.66" }
    /** Asks until it is too much. */
    const refused = async <A>(again: () => Promise<A>, isRefused: (answer: A) => boolean): Promise<A> => {
      for (let tries = 0; tries < 50; tries++) {
        const answer = await again()
        if (isRefused(answer)) return answer
      }
      throw new Error("never refused")
    }
    const own = await refused(
      () => ask(port, "/health", { headers }),
      ({ status }) => status === 429,
    )
    expect(own.headers).toMatchObject({ ...all, "retry-after": "1" })
    const site = await refused(
      () => ask(port, "/", { headers, host: "blog.localhost" }),
      ({ status }) => status === 429,
    )
    expect([site.headers["retry-after"], site.headers["content-security-policy"]]).toEqual(["1", undefined])
    const socket = ["GET /_ws HTTP/1.1", "Host: localhost", "X-Forwarded-For: 198.51.100.66", ...handshake]
    await refused(
      () => send(...socket),
      (answer) => answer.startsWith("HTTP/1.1 429 "),
    )
    limits.addressRequestsPerSecond = 0
  })

  it("and asks for TLS only where a trusted proxy says that there is TLS", async () => {
    const strict = async (headers: Record<string, string>) => (await ask(port, "/", { headers })).headers["strict-transport-security"]
    expect(await strict({ "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7" })).toBe("max-age=31536000")
    expect(await strict({ "x-forwarded-proto": "http" })).toBeUndefined()
    expect(await strict({ forwarded: "proto=https" })).toBeUndefined()
  })
})

describe("the program's own page", () => {
  it("is sent once, and then only if it has changed", async () => {
    const page = await ask(port, "/")
    expect(page.text).toContain("<title>Fazt</title>")
    const again = await ask(port, "/index.html", { headers: { "if-none-match": `W/"x", ${page.headers.etag}` } })
    expect([again.status, again.text, again.headers.etag]).toEqual([304, "", page.headers.etag])
    const head = await ask(port, "/", { method: "HEAD" })
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", page.headers["content-length"]])
  })

  it("is nothing but what the headers allow: no script, no style of its own, nothing from elsewhere", async () => {
    const { text } = await ask(port, "/")
    expect(text).not.toMatch(/<script|<style|style=|\son[a-z]+=|javascript:/i)
    const links = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to)
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(link).toMatch(/^(\/[a-z]|data:image\/)/)
    for (const link of links.filter((to) => to!.endsWith(".css"))) expect((await ask(port, link!)).status).toBe(200)
  })

  it.each(["/admin.css/", "/..%2fadmin", "/.env", "/index.html/x", "/constructor", "/__proto__"])("has no neighbours: %s", async (path) => {
    expect((await ask(port, path)).status).toBeGreaterThanOrEqual(400)
  })
})
