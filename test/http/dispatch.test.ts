import { createServer, type RequestListener } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it, vi } from "vitest"
import { chunkBytes } from "../../src/events/blobs.ts"
import type { AdminPages } from "../../src/http/adminPages.ts"
import { blobCache } from "../../src/http/blobCache.ts"
import { dispatcher, placeOf } from "../../src/http/dispatch.ts"
import type { FunctionServer } from "../../src/http/functionServer.ts"
import type { SiteFile, SiteSnapshot } from "../../src/http/site.ts"
import { askRaw } from "../support/hosting.ts"
import { ask } from "../support/server.ts"

/** `admin`, `unknown`, or the site's name in brackets. */
const place = (host: string | undefined, domain: string): string => {
  const found = placeOf(host, domain)
  return found.kind === "site" ? `[${found.name}]` : found.kind
}

type Row = readonly [host: string | undefined, expected: string]

const everywhere: ReadonlyArray<Row> = [
  ["localhost", "admin"],
  ["localhost:4698", "admin"],
  ["LocalHost", "admin"],
  ["localhost.", "admin"],
  ["admin.localhost", "admin"],
  ["blog.localhost", "[blog]"],
  ["Blog.LOCALHOST:80", "[blog]"],
  ["blog.localhost.:80", "[blog]"],
  ["root.localhost", "[root]"],
  ["404.localhost", "[404]"],
  ["aaaaaaaaaa--blog.localhost", "[aaaaaaaaaa--blog]"],
  ["a.b.localhost", "unknown"],
  ["blog.127.0.0.1", "[blog]"],
  ["blog.127.0.0.1:4698", "[blog]"],
  ["a.b.127.0.0.1", "unknown"],
  ["127.0.0.1", "unknown"],
  ["10.127.0.0.1.example", "unknown"],
  ["[::1]", "unknown"],
  ["[::1]:4698", "unknown"],
  ["[::ffff:127.0.0.1]", "unknown"],
  ["[::1", "unknown"],
  ["]", "unknown"],
  ["", "unknown"],
  [":80", "unknown"],
  [".", "unknown"],
  [".localhost", "unknown"],
  ["blog.localhost..", "unknown"],
  ["bloglocalhost", "unknown"],
  ["blog.localhost.evil.example", "unknown"],
  ["blog.localhost:", "[blog]"],
  ["blog.localhost:65535", "[blog]"],
  // What would make another URL of it, or none.
  ["blog.localhost:65536", "unknown"],
  ["blog.localhost:8o", "unknown"],
  ["blog.localhost:80/admin?x=", "unknown"],
  ["blog.localhost:80\\admin", "unknown"],
  ["blog.localhost:80#", "unknown"],
  ["blog.localhost:1@evil.example", "unknown"],
  ["user@blog.localhost", "unknown"],
  ["aaaaaaaaaa--blog/.localhost", "unknown"],
  [undefined, "unknown"],
]

describe("a host name", () => {
  it.each([
    ...everywhere,
    // `*.localhost` means the same whichever domain the server has.
    ["example.test", "unknown"],
    ["blog.example.test", "unknown"],
  ] satisfies ReadonlyArray<Row>)("%s on a server for localhost stands for %s", (host, expected) => {
    expect(place(host, "localhost")).toBe(expected)
  })

  it.each([
    ...everywhere,
    ["example.test", "[root]"],
    ["EXAMPLE.test:443", "[root]"],
    ["example.test.", "[root]"],
    ["root.example.test", "[root]"],
    ["404.example.test", "[404]"],
    ["admin.example.test", "admin"],
    ["Admin.Example.Test:80", "admin"],
    ["blog.example.test", "[blog]"],
    ["BLOG.example.test.:8080", "[blog]"],
    ["www.example.test", "[www]"],
    ["aaaaaaaaaa--blog.example.test", "[aaaaaaaaaa--blog]"],
    ["a.b.example.test", "unknown"],
    ["x.admin.example.test", "unknown"],
    [".example.test", "unknown"],
    ["notexample.test", "unknown"],
    ["example.test.evil.example", "unknown"],
    ["test", "unknown"],
  ] satisfies ReadonlyArray<Row>)("%s on a server for example.test stands for %s", (host, expected) => {
    expect(place(host, "example.test")).toBe(expected)
  })
})

const file = (hash: string, size: number): SiteFile => ({ hash, size, type: "text/html; charset=utf-8", modified: 0 })

const snapshot: SiteSnapshot = {
  site: "blog",
  deploy: "aaaaaaaaaa",
  preview: false,
  manifest: "m",
  server: undefined,
  serverFiles: new Set(),
  spa: false,
  files: new Map([
    ["index.html", file("whole", 5)],
    ["gone.html", file("gone", 5)],
    ["half.html", file("half", 2 * chunkBytes)],
    ["derived.html", file("derived", 5)],
    ["endless.html", file("endless", 200 * chunkBytes)],
  ]),
  redirects: undefined,
  headers: undefined,
  cors: undefined,
  varyOn: [],
  plans: new Map(),
}

let close = async (): Promise<void> => {}
afterEach(() => close())

/** A dispatcher behind a real server; `asked` are the names of sites that were looked up, `read` the pieces of the endless file. */
const listening = async (
  api: RequestListener = (req, res) => res.end(req.url),
  live = (_name: string): SiteSnapshot | undefined => snapshot,
) => {
  const asked: Array<string> = []
  const read: Array<number> = []
  const cache = blobCache(
    {
      chunk: (hash, n) => {
        if (hash === "endless") read.push(n)
        if (hash === "endless" || (hash === "half" && n === 0)) return Buffer.alloc(chunkBytes)
        return hash === "whole" || hash === "derived" ? Buffer.from("hello") : undefined
      },
      variants: (hash) => (hash === "derived" ? ["br"] : []),
      variant: () => undefined,
    },
    1000,
  )
  const snapshots = {
    live: (name: string) => {
      asked.push(name)
      return live(name)
    },
    deploy: () => undefined,
    changed: () => {},
  }
  const functions: FunctionServer = (req, res, { path }, host, { site }) => res.end(`code of ${site}: ${req.method} ${host} ${path}`)
  const pages: AdminPages = (_, res, path) => res.end(`page ${path}`)
  const server = createServer(dispatcher({ domain: "example.test", snapshots, cache, functions, api, pages, isHealthy: () => true }))
  await new Promise<void>((resolve) => server.listen(0, resolve))
  close = () => new Promise((resolve) => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, asked, read }
}

describe("a request whose target is a whole URL", () => {
  it.each<readonly [target: string, host: string, asked: string]>([
    ["http://blog.example.test/", "shop.example.test", "blog"],
    ["HTTP://Blog.Example.Test:80/?x", "shop.example.test", "blog"],
    ["http://blog.example.test", "shop.example.test", "blog"],
    ["http://blog.example.test?x", "shop.example.test", "blog"],
    ["https://user@blog.example.test/", "shop.example.test", "blog"],
    ["http://other.example/blog.example.test/", "shop.example.test", "404"],
    ["//blog.example.test/", "shop.example.test", "shop"],
    ["/http://blog.example.test/", "shop.example.test", "shop"],
  ])("is answered for the host in it (RFC 9112, 3.2.2): %s with Host %s", async (target, host, expected) => {
    const { port, asked } = await listening()
    await askRaw(port, target, host)
    expect(asked).toEqual([expected])
  })
})

describe("the API", () => {
  it.each<readonly [target: string, seen: string]>([
    ["/api", "/api"],
    ["/api/", "/api/"],
    ["/api/sites?deleted=true", "/api/sites?deleted=true"],
    ["//api//sites", "/api/sites"],
    ["/x/../api/sites?q=/../y", "/api/sites?q=/../y"],
    ["/%61pi/sites", "/api/sites"],
    ["/api/sites/caf%c3%a9%25", "/api/sites/caf%C3%A9%25"],
    ["http://admin.example.test/api/sites", "/api/sites"],
    ["/auth/login", "/auth/login"],
    ["/x/..//auth/./login?x", "/auth/login?x"],
    ["/metrics", "/metrics"],
  ])("sees the path that was decided on: for %s it is %s", async (target, seen) => {
    const { port } = await listening()
    expect((await askRaw(port, target, "admin.example.test")).body).toBe(seen)
  })

  it.each([
    ["/apis", "page /apis"],
    ["/", "page /"],
    ["/API/sites", "page /API/sites"],
    ["/api/../x", "page /x"],
    ["/health/api", "page /health/api"],
    ["/auth", "page /auth"],
    ["/authority/x", "page /authority/x"],
    ["/metrics/x", "page /metrics/x"],
    ["/health", "OK\n"],
  ])("is not asked about %s, and no site is", async (target, answered) => {
    const { port, asked } = await listening()
    expect((await askRaw(port, target, "admin.example.test")).body).toBe(answered)
    expect(asked).toEqual([])
  })

  it.each([
    ["http://admin.example.test/api", "blog.example.test", "admin.example.test"],
    ["http://user@LOCALHOST.:80/api", "blog.example.test", "LOCALHOST.:80"],
    ["/api", "admin.example.test", "admin.example.test"],
  ])("sees the host that was decided on: for %s with Host %s", async (target, host, seen) => {
    const { port } = await listening((req, res) => res.end(req.headers.host))
    expect((await askRaw(port, target, host)).body).toBe(seen)
  })

  it.each(["example.test", "blog.example.test", "other.example"])("is not behind %s", async (host) => {
    const { port, asked } = await listening()
    const { status, body } = await askRaw(port, "/api/sites", host)
    expect([status, body === "/api/sites", asked.length]).toEqual([404, false, 1])
  })
})

describe("what cannot be read from the cartridge", () => {
  it("fails with 500, and the server lives on", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {})
    const { port } = await listening(undefined, (name) => {
      if (name === "broken") throw new Error("disk I/O error")
      return snapshot
    })
    const statuses = []
    for (const [host, path] of [
      ["broken", "/"],
      ["blog", "/gone"],
      ["blog", "/"],
    ] as const) {
      statuses.push((await ask(port, path, { host: `${host}.example.test` })).status)
    }
    expect(statuses).toEqual([500, 500, 200])
    expect(reported).toHaveBeenCalledTimes(2)
    reported.mockRestore()
  })

  it("breaks the answer off when it is missed half-way, so that nobody takes it for the whole", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {})
    const { port } = await listening()
    await expect(ask(port, "/half", { host: "blog.example.test" })).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    expect((await ask(port, "/", { host: "blog.example.test" })).text).toBe("hello")
    reported.mockRestore()
  })

  it("does not matter where it is a compressed form: the file itself is sent", async () => {
    const { port } = await listening()
    const { status, headers, text } = await ask(port, "/derived", { host: "blog.example.test", headers: { "accept-encoding": "br" } })
    expect([status, headers["content-encoding"], headers["content-length"], text]).toEqual([200, undefined, "5", "hello"])
  })
})

describe("a large file", () => {
  it("is read from the cartridge no faster than the client takes it, and no further once it is gone", async () => {
    const { port, read } = await listening()
    const socket = connect(port, "127.0.0.1", () => socket.write("GET /endless HTTP/1.1\r\nHost: blog.example.test\r\n\r\n"))
    await new Promise((resolve) => socket.once("readable", resolve))
    await sleep(100)
    // What fits into the system's buffers has been read, and little more.
    const first = read.length
    expect(first).toBeLessThan(50)
    for (let taken = 0; taken < 20 * chunkBytes; await sleep(1)) taken += (socket.read() as Buffer | null)?.length ?? 0
    const then = read.length
    expect(then).toBeGreaterThan(first)
    expect(then).toBeLessThan(first + 40)
    socket.destroy()
    await sleep(50)
    expect(read.length).toBeLessThan(then + 10)
  })
})

describe("a site with server code", () => {
  const withCode = (form: "module" | "api" | "legacy", scope: "site" | "api"): SiteSnapshot => ({
    ...snapshot,
    server: { form, scope, entry: "main.js", modules: [], stdlib: [] },
    serverFiles: new Set(["main.js"]),
    plans: new Map(),
  })

  it.each<readonly ["module" | "api" | "legacy", "site" | "api", string, string, string]>([
    ["module", "site", "GET", "/", "hello"],
    ["module", "site", "GET", "/index.html", "hello"],
    ["module", "site", "GET", "/main.js", "code of blog: GET blog.example.test /main.js"],
    ["module", "site", "GET", "/nothing", "code of blog: GET blog.example.test /nothing"],
    ["module", "site", "POST", "/", "code of blog: POST blog.example.test /"],
    ["module", "site", "OPTIONS", "/", "code of blog: OPTIONS blog.example.test /"],
    ["legacy", "site", "GET", "/", "code of blog: GET blog.example.test /"],
    ["module", "api", "GET", "/", "hello"],
    ["module", "api", "GET", "/api", "code of blog: GET blog.example.test /api"],
    ["api", "api", "DELETE", "/api/x/y", "code of blog: DELETE blog.example.test /api/x/y"],
    ["api", "api", "GET", "/apix", "404 page not found\n"],
    ["api", "api", "POST", "/", "405 method POST not allowed: this site is static\n"],
  ])("in the form %s for the %s answers %s %s", async (form, scope, method, path, expected) => {
    const { port } = await listening(undefined, () => withCode(form, scope))
    expect((await ask(port, path, { host: "blog.example.test", method })).text).toBe(expected)
  })

  it("is asked for nothing where it stands in for a site that is not there", async () => {
    const code = { ...withCode("legacy", "site"), files: new Map() }
    const { port } = await listening(undefined, (name) => (name === "404" ? code : undefined))
    const { status, text } = await ask(port, "/x", { host: "nowhere.example" })
    expect([status, text]).toEqual([404, "404 there is no site at this address\n"])
  })
})
