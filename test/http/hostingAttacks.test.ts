import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { askRaw, deploySite, sendRaw } from "../support/hosting.ts"
import { startServer, type TestServer } from "../support/server.ts"

const secret = "THE SECRET"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const hidden = ["main.js", "api/main.js", "api/lib/db.js", "api/data.json", "private/report.txt", ".env", ".git/config", "a/.hidden/b"]
  const files = {
    ...Object.fromEntries(hidden.map((path) => [path, secret])),
    "api/main.js": `// ${secret}\nrespond(404, "not here")`,
    "index.html": "front",
    "about.html": "about",
    "a/index.html": "a",
    "evil.example/index.html": "a folder",
    "evil.html": "a page",
    "https:/evil.example/index.html": "a scheme",
    "404.html": "not here",
    _headers: `/*\n  X-Secret: ${secret.toLowerCase()}`,
  }
  await deploySite(server, "plain", files)
  await deploySite(server, "app", files, { spa: "true" })
  const rules = "/go/* /:splat\n/old/* /new/:splat 302\n/q to=:to /:to 302\n/show/* /:splat 200\n/at/:name/* /:splat/:name 307"
  await deploySite(server, "rules", { ...files, _redirects: rules })
  for (const site of ["404", "root"]) await deploySite(server, site, files)
})
afterAll(() => server.stop())

const hosts = ["plain.localhost", "app.localhost", "rules.localhost", "no-such-site.localhost", "root.localhost", "localhost"]

/** Targets as they stand in the request line, each byte as it is. */
const targets = [
  ...[
    "/../x",
    "/../../../../etc/passwd",
    "/..",
    "/.",
    "/a/../../about",
    "/a/./b",
    "/a/..;/main.js",
    "/x/../api/main.js",
    "/x/../../main.js",
  ],
  ...["//api/main.js", "///api///main.js", "/./api/main.js", "/api/./main.js", "/api/../api/main.js", "/api//main.js", "/api/main.js/"],
  ...[
    "/api/main.js",
    "/api/lib/db.js",
    "/api/data.json",
    "/api",
    "/api/",
    "/api/index.html",
    "/API/main.js",
    "/%61pi/main.js",
    "/ap%69/main.js",
  ],
  ...[
    "/main.js",
    "//main.js",
    "/main.js/",
    "/main.js?x",
    "/main.js%3f",
    "/%6dain.js",
    "/main%2ejs",
    "/main.js%20",
    "/main.js.",
    "/main.js::$DATA",
  ],
  ...["/%2e%2e/", "/%2e%2e/main.js", "/%2E%2e/%2e%2E/.env", "/.%2e/.env", "/%252e%252e/", "/%252e%252e%252fmain.js", "/%c0%ae%c0%ae/.env"],
  ...[
    "/%2F",
    "/a%2F..%2Fmain.js",
    "/%2f%2fevil.example",
    "/a%5c..%5c.env",
    "/%5cevil.example/",
    "/%5C%5Cevil.example/about/",
    "/\\evil",
    "/\\\\evil\\",
  ],
  ...[
    "/.env",
    "/%2eenv",
    "/.env/",
    "/x/../.env",
    "/.git/config",
    "/.git/",
    "/.git",
    "/a/.hidden/b",
    "/a/%2ehidden/b",
    "/.well-known/../.env",
  ],
  ...[
    "/_redirects",
    "/_headers",
    "/%5fredirects",
    "/_headers/",
    "//_redirects",
    "/private/report.txt",
    "//private/report.txt",
    "/private/",
    "/private",
  ],
  ...[
    "//evil.example/",
    "//evil.example",
    "//evil.example/%2e%2e",
    "///evil.example//",
    "//evil/",
    "//evil.example/?//x",
    "/evil.example",
    "/evil/",
  ],
  ...[
    "/https://evil.example/",
    "/https:/evil.example",
    "/https:/evil.example/",
    "//https://evil.example",
    "/;/evil/",
    "/@evil.example/",
    "//user@evil/",
  ],
  ...[
    "/about/?next=//evil.example",
    "/about/#",
    "/about/%23",
    "/about/%3f",
    "/a?//evil.example/",
    "/a?\\evil",
    "/a/?%0d%0aX-Injected:1",
    "/a?%00",
  ],
  ...[
    "/go//evil.example",
    "/go/%5cevil.example",
    "/go/\\evil.example",
    "/go/https://evil.example",
    "/go/%2fevil.example",
    "/go/./evil.example",
  ],
  ...[
    "/go/%0d%0aX-Injected:%201",
    "/old/%0d%0aX-Injected:1",
    "/old/a%0ab",
    "/old/?x=%0d%0aX-Injected:1",
    "/old/%E5%98%8A%E5%98%8DX-Injected:1",
    "/go/",
  ],
  ...[
    "/q?to=//evil.example",
    "/q?to=%2F%2Fevil.example",
    "/q?to=%5cevil.example",
    "/q?to=https://evil.example",
    "/q?to=%0d%0aX-Injected:1",
    "/q?to=",
  ],
  ...[
    "/show/main.js",
    "/show/api/main.js",
    "/show/.env",
    "/show//_redirects",
    "/show/x/../.env",
    "/show/%2e%2e/.env",
    "/show/private/report.txt",
  ],
  ...[
    "/at//evil.example",
    "/at/evil.example//",
    "/at/x//evil.example",
    "/at/%2e%2e/evil",
    "/at/./evil",
    "/at/a/%5cevil",
    "/at/evil.example/https:",
  ],
  ...[
    "/%00",
    "/about%00.html",
    "/main.js%00.html",
    "/%0a",
    "/about%0d%0aX-Injected:1",
    "/%7f",
    "/%c2%85",
    "/%zz",
    "/%",
    "/%e0%80",
    "/\xe9",
    "/\xff",
  ],
  ...[
    "http://plain.localhost/main.js",
    "http://plain.localhost/x/../api/main.js",
    "HTTP://rules.localhost//evil.example/",
    "http:///main.js",
    "http://",
  ],
  ...[
    "https://evil.example//evil.example/",
    "ftp://plain.localhost/",
    "about",
    "*",
    "?x",
    "plain.localhost:80",
    "http:main.js",
    "http://\\evil/about/",
  ],
  `/${"a".repeat(8191)}`,
  `/${"a".repeat(8192)}`,
  `/?${"a".repeat(9000)}`,
  `/${"../".repeat(2000)}main.js`,
  `/${"a/".repeat(2000)}`,
  `/about${"/".repeat(8000)}`,
  `/${"a".repeat(40_000)}`,
]

/** For the names of tests. */
const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 60)}… (${text.length})` : text)

describe("the target", () => {
  it.each(
    targets.map((target) => [short(target), target] as const),
  )("%s gives nothing away on any host, and is not redirected to another one", async (_, target) => {
    for (const host of hosts) {
      const { status, headers, body } = await askRaw(server.port, target, host)
      expect([200, 301, 302, 307, 400, 404, 414, 431]).toContain(status)
      expect(body).not.toContain(secret)
      expect(headers).not.toHaveProperty("x-injected")
      const { location } = headers
      expect(location === undefined).toBe(status < 300 || status >= 400)
      if (location === undefined) continue
      const requestUrl = new URL(`http://${host}`)
      requestUrl.pathname = target
      for (const base of [requestUrl, `http://${host}/`, `http://${host}/deep/folder/`]) expect(new URL(location, base).host).toBe(host)
      expect(location).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/)
    }
  })
})

describe("a request line", () => {
  const rows: ReadonlyArray<readonly [target: string, status: number, body: string]> = [
    ["/../about", 200, "about"],
    ["/../../../../about", 200, "about"],
    ["/%2e%2e/about", 200, "about"],
    ["//about", 200, "about"],
    ["/x/../api/main.js", 404, "not here"],
    ["//api/main.js", 404, "not here"],
    ["/main.js", 404, "not here"],
    ["/.env", 404, "not here"],
    ["/.git/config", 404, "not here"],
    ["/a/.hidden/b", 404, "not here"],
    ["/_redirects", 404, "not here"],
    ["/_headers", 404, "not here"],
    ["/%2F", 400, "400 an encoded slash is not allowed in a path\n"],
    ["/\\evil", 400, "400 the path holds a control character or a backslash\n"],
    ["/%00", 400, "400 the path holds a control character or a backslash\n"],
    ["/%ff", 400, "400 the path is not percent-encoded UTF-8\n"],
    ["ftp://plain.localhost/", 400, "400 the request target is neither a path nor an http URL\n"],
    ["http://plain.localhost/about", 200, "about"],
    ["http://no-such-site.localhost/about", 404, "front"],
    [`/${"a".repeat(8192)}`, 414, "414 the request target is too long\n"],
  ]
  it.each(
    rows.map((row) => [short(row[0]), ...row] as const),
  )("for %s is answered with its status and body", async (_, target, status, body) => {
    const answer = await askRaw(server.port, target, "plain.localhost")
    expect([answer.status, answer.body]).toEqual([status, body])
  })

  const malformed: ReadonlyArray<readonly [text: string, status: number]> = [
    ["GET /\0 HTTP/1.1\r\nHost: plain.localhost\r\n\r\n", 400],
    ["GET /about\tx HTTP/1.1\r\nHost: plain.localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: plain.localhost\r\nX: a\0b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost : plain.localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nConnection: close\r\nHost: plain.localhost\r\nHost: rules.localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nConnection: close\r\nHost: plain.localhost\r\nHOST: plain.localhost\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nConnection: close\r\nHost: plain.localhost\r\nExpect: magic\r\n\r\n", 417],
    ["GET / HTTP/1.1\r\nHost: plain.localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nHost: plain.localhost\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
    ["\x16\x03\x01\x02\x00\x01", 400],
  ]
  it.each(malformed.map((row) => [short(row[0]), ...row] as const))("that is malformed is refused: %j", async (_, text, status) => {
    expect((await sendRaw(server.port, text)).status).toBe(status)
  })
})

describe("a header field", () => {
  it("that asks for another protocol is passed over", async () => {
    const head = "GET /about HTTP/1.1\r\nHost: plain.localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    const { status, body } = await sendRaw(server.port, head)
    expect([status, body]).toEqual([200, "about"])
  })

  const long = "x".repeat(20_000)
  const rows: ReadonlyArray<readonly [name: string, value: string]> = [
    ["Range", `bytes=${"0-0,".repeat(5000)}`],
    ["Range", "bytes=0-99999999999999999999999999"],
    ["Range", "bytes=-99999999999999999999999999"],
    ["If-None-Match", `"${long}`],
    ["If-None-Match", '"a",'.repeat(5000)],
    ["If-Range", long],
    ["If-Modified-Since", long],
    ["Accept-Encoding", `${"br;q=0.".repeat(2500)}`],
    ["Accept-Encoding", "*;".repeat(9000)],
    ["Accept-Language", "de-".repeat(6000)],
    ["Cookie", "=;".repeat(9000)],
    ["Cookie", long],
  ]
  it.each(rows.map((row) => [short(row[1]), ...row] as const))("that makes no sense does not matter: %s", async (_, name, value) => {
    const head = `GET /about HTTP/1.1\r\nHost: rules.localhost\r\nConnection: close\r\n${name}: ${value}\r\n\r\n`
    const { status, body } = await sendRaw(server.port, head)
    expect([
      [200, "about"],
      [206, "about"],
    ]).toContainEqual([status, body])
  })
})
