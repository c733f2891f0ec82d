import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { adminHeaders } from "../../src/http/adminHeaders.ts"
import { deploySite, sendRaw } from "../support/hosting.ts"
import { startServer, type TestServer, zipForm } from "../support/server.ts"
import { zipOf } from "../support/zip.ts"

let server: TestServer
let token: string
beforeAll(async () => {
  server = await startServer({ domain: "example.test" })
  const code = { "api/main.js": "export default { fetch: () => new Response('CODE') }", "index.html": "SITE" }
  for (const site of ["root", "404", "blog"]) await deploySite(server, site, code)
  token = await server.key("admin")
})
afterAll(() => server.stop())

/** What a request got: the endpoint that wants a key, no endpoint of the API, a refusal of the API or of Node, or another page. */
type Got = "wants a key" | "no endpoint" | "not this method" | "refused" | "cannot be parsed" | "too long" | "no page" | "not found"

const got = async (request: string): Promise<Got | string> => {
  const { status, body, headers } = await sendRaw(server.port, request)
  expect(body).not.toContain("CODE")
  expect(body).not.toContain("SITE")
  // Nothing in it was taken for a second request.
  expect(body).not.toContain("HTTP/1.1 ")
  if (status === 400 && body === "") return "cannot be parsed"
  if (status === 431) return "too long"
  for (const [name] of adminHeaders) expect(headers).toHaveProperty([name.toLowerCase()])
  if (status === 404 && body === "404 page not found\n") return "no page"
  if (!body.startsWith("{")) return `${status} ${body}`
  const { code } = JSON.parse(body).error ?? {}
  const names: Record<string, Got> = {
    "401 UNAUTHORIZED": "wants a key",
    "404 NOT_FOUND": "no endpoint",
    "405 METHOD_NOT_ALLOWED": "not this method",
    "400 BAD_REQUEST": "refused",
    "414 URI_TOO_LONG": "too long",
  }
  return names[`${status} ${code}`] ?? `${status} ${code}`
}

const request = (target: string, fields = "", method = "GET"): string =>
  `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`

const short = (text: string): string => JSON.stringify(text.length > 90 ? `${text.slice(0, 70)}… (${text.length})` : text)

describe("a target on the server's own hosts leads to the endpoint it names, or to none:", () => {
  for (const [target, expected] of [
    ["/api/status", "wants a key"],
    ["/api/../api/status", "wants a key"],
    ["//api/status", "wants a key"],
    ["/api//status", "wants a key"],
    ["/./api/./status", "wants a key"],
    ["/x/../api/status", "wants a key"],
    ["/auth/../api/status", "wants a key"],
    ["/health/../api/status", "wants a key"],
    ["/api/openapi.json/../status", "wants a key"],
    ["/api/sites/%2e%2e/status", "wants a key"],
    ["/api/sites/.%2E/status", "wants a key"],
    ["/%61pi/%73tatus", "wants a key"],
    ["/api/status/", "wants a key"],
    ["/api/status//", "wants a key"],
    ["/api/status?x#y", "wants a key"],
    ["/api/status?/../openapi.json", "wants a key"],
    ["/api/status#/api/openapi.json", "wants a key"],
    ["http://localhost/api/status", "wants a key"],
    ["http://LOCALHOST.:80//api/status", "wants a key"],
    ["http://admin.example.test/api/status", "wants a key"],
    ["/api", "no endpoint"],
    ["/api/", "no endpoint"],
    ["/api/STATUS", "no endpoint"],
    ["/api/status;x=1", "no endpoint"],
    ["/api/;/status", "no endpoint"],
    ["/api/status%20", "no endpoint"],
    ["/api/status.", "no endpoint"],
    ["/api/status.json", "no endpoint"],
    ["/api/status%3fx", "no endpoint"],
    ["/api/api/status", "no endpoint"],
    ["/auth/api/status", "no endpoint"],
    ["/auth/status/../../../auth/status/x", "no endpoint"],
    [`/api/${"a/".repeat(4000)}`, "no endpoint"],
    ["/API/status", "no page"],
    ["/Api/status", "no page"],
    ["/AUTH/login", "no page"],
    ["/METRICS", "no page"],
    ["/apistatus", "no page"],
    ["/api.json", "no page"],
    ["/http://localhost/api/status", "no page"],
    ["//localhost/api/status", "no page"],
    ["/api%2fstatus", "refused"],
    ["/api%2Fstatus", "refused"],
    ["/api/sites/..%2fstatus", "refused"],
    ["/api/openapi.json%2f..%2fstatus", "refused"],
    ["/api/status%00", "refused"],
    ["/api/status%00.json", "refused"],
    ["/api/status%0d%0aX-A:1", "refused"],
    ["/api/status%5c..%5copenapi.json", "refused"],
    ["/api\\status", "refused"],
    ["/api/%ff", "refused"],
    ["/api/%c0%ae%c0%ae/x", "refused"],
    ["/api/%", "refused"],
    [`/api/status?${"a".repeat(9000)}`, "too long"],
    [`/api/${"../".repeat(3000)}`, "too long"],
    [`/api/status?${"a".repeat(40_000)}`, "too long"],
    ["\\api\\status", "cannot be parsed"],
    ["/api /status", "cannot be parsed"],
    ["/api\0/status", "cannot be parsed"],
    ["/api\x0b/status", "cannot be parsed"],
    ["localhost:80", "cannot be parsed"],
    ["*", "400 400 the request target is neither a path nor an http URL\n"],
  ] as const)
    it(`${short(target)}: ${expected.trim()}`, async () => expect(await got(request(target))).toBe(expected))
})

describe("a request that could be read in two ways is read in none:", () => {
  const chunks = "0\r\n\r\nGET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
  for (const [what, text, expected] of [
    [
      "a length and chunks",
      `${request("/api/sites", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "POST")}${chunks}`,
      "cannot be parsed",
    ],
    [
      "chunks and a length",
      `${request("/api/sites", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "POST")}${chunks}`,
      "cannot be parsed",
    ],
    ["two lengths", `${request("/api/sites", "Content-Length: 5\r\nContent-Length: 6\r\n", "POST")}hello!`, "cannot be parsed"],
    ["a length twice", `${request("/api/sites", "Content-Length: 5\r\nContent-Length: 5\r\n", "POST")}hello`, "cannot be parsed"],
    ["a list of lengths", `${request("/api/sites", "Content-Length: 5, 5\r\n", "POST")}hello`, "cannot be parsed"],
    ["a length with a sign", `${request("/api/sites", "Content-Length: +5\r\n", "POST")}hello`, "cannot be parsed"],
    ["a length below zero", `${request("/api/sites", "Content-Length: -5\r\n", "POST")}hello`, "cannot be parsed"],
    ["a length in hexadecimal", `${request("/api/sites", "Content-Length: 0x5\r\n", "POST")}hello`, "cannot be parsed"],
    [
      "chunks twice",
      `${request("/api/sites", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "POST")}${chunks}`,
      "cannot be parsed",
    ],
    [
      "chunks that are not the last",
      `${request("/api/sites", "Transfer-Encoding: chunked, identity\r\n", "POST")}${chunks}`,
      "cannot be parsed",
    ],
    ["a coding that is no coding", `${request("/api/sites", "Transfer-Encoding: xchunked\r\n", "POST")}${chunks}`, "refused"],
    ["a coding before the chunks", `${request("/api/sites", "Transfer-Encoding: gzip, chunked\r\n", "POST")}0\r\n\r\n`, "refused"],
    ["a space behind a name", `${request("/api/sites", "Transfer-Encoding : chunked\r\n", "POST")}${chunks}`, "cannot be parsed"],
    [
      "a chunk of a bad length",
      `${request("/api/sites", "Transfer-Encoding: chunked\r\n", "POST")}+5\r\nhello\r\n0\r\n\r\n`,
      "wants a key",
    ],
    ["a folded field", request("/api/status", "X-A: b\r\n c\r\n"), "cannot be parsed"],
    ["a folded host", "GET /api/status HTTP/1.1\r\nHost: blog.localhost\r\n localhost\r\n\r\n", "cannot be parsed"],
    ["lines that end with LF", "GET /api/status HTTP/1.1\nHost: localhost\n\n", "cannot be parsed"],
    ["a CR in a value", request("/api/status", "X-A: b\rX-B: c\r\n"), "cannot be parsed"],
    ["a NUL in a value", request("/api/status", "X-A: b\0\r\n"), "cannot be parsed"],
    ["a NUL in the host", "GET /api/status HTTP/1.1\r\nHost: localhost\0.evil\r\n\r\n", "cannot be parsed"],
    ["a name without a value", request("/api/status", "Authorization\r\n"), "cannot be parsed"],
    ["a value without a name", request("/api/status", ": x\r\n"), "cannot be parsed"],
    ["a method in small letters", request("/api/status", "", "get"), "cannot be parsed"],
    ["a version there is not", "GET /api/status HTTP/1.2\r\nHost: localhost\r\n\r\n", "cannot be parsed"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "cannot be parsed"],
    ["too many fields", request("/api/status", "X-A: 1\r\n".repeat(5000)), "too long"],
    ["a field that is too long", request("/api/status", `X-A: ${"a".repeat(40_000)}\r\n`), "too long"],
  ] as const)
    it(`${what}: ${expected}`, async () => expect(await got(text)).toBe(expected))

  it.each([
    "Host: localhost\r\nHost: blog.localhost",
    "Host: blog.localhost\r\nhOST: localhost",
    "Host: localhost\r\nHost: localhost",
  ])("two hosts: %s", async (hosts) => {
    const { status, body } = await sendRaw(server.port, `GET /api/openapi.json HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`)
    expect([status, body]).toEqual([400, "400 the request has more than one Host header\n"])
  })

  it("a request within the body of another is not one", async () => {
    const inner = "GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for (const method of ["GET", "POST"]) {
      const text = request("/api/status", `Content-Length: ${inner.length}\r\n`, method) + inner
      expect(await got(text)).toBe(method === "GET" ? "wants a key" : "not this method")
    }
  })
})

describe("nothing but the request line and the host decides where a request goes:", () => {
  for (const fields of [
    "X-HTTP-Method-Override: GET\r\nX-HTTP-Method: GET\r\nX-Method-Override: GET\r\n",
    "X-Original-URL: /api/openapi.json\r\nX-Rewrite-URL: /health\r\nX-Forwarded-Prefix: /x\r\n",
    "X-Forwarded-Host: blog.localhost\r\nX-Host: blog.localhost\r\nForwarded: host=blog.localhost\r\n",
    "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n",
    "Connection: Upgrade, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
  ])
    it(fields.slice(0, 60).replaceAll("\r\n", " "), async () => expect(await got(request("/api/status", fields))).toBe("wants a key"))

  it("of two keys the first counts", async () => {
    const good = `Authorization: Bearer ${token}\r\n`
    const bad = "Authorization: Bearer fazt_x\r\n"
    const status = async (fields: string) => (await sendRaw(server.port, request("/api/status", fields))).status
    expect([await status(good + bad), await status(bad + good), await status(good)]).toEqual([200, 401, 200])
  })

  it.each([
    "GET /api/status HTTP/1.0\r\n\r\n",
    "GET /api/status\r\n\r\n",
    "GET /api/status HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
  ])("no host, no API: %j", async (text) => {
    const { status, body, headers } = await sendRaw(server.port, text)
    expect([status, body.includes("error"), headers["content-security-policy"]]).toEqual([404, false, undefined])
  })
})

describe("the handlers of the API keep the headers that protect it, and may say how long an answer holds", () => {
  const all = Object.fromEntries(adminHeaders.map(([name, value]) => [name.toLowerCase(), value]))
  for (const [method, path, status] of [
    ["GET", "/api/sites", 200],
    ["GET", "/api/openapi.json", 200],
    ["GET", "/api/sites/none", 404],
    ["GET", "/api/none", 404],
    ["OPTIONS", "/api/sites", 405],
    ["POST", "/api/deploy", 400],
  ] as const)
    it(`${method} ${path}`, async () => {
      const preflight = { origin: "https://evil.example", "access-control-request-method": "DELETE" }
      const answer = await server.ask(path, { method, token, headers: preflight })
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject(all)
      expect(answer.headers["cache-control"]).toBeDefined()
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([])
    })

  it("POST /api/deploy that is done", async () => {
    const form = zipForm(zipOf({ "index.html": "x" }), { site_name: "shop" })
    const answer = await server.ask("/api/deploy", { method: "POST", token, ...form })
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ ...all, "cache-control": "no-store" })
  })
})
