import { beforeAll, describe, expect, it } from "vitest"
import { guestProgram, startGuest, type TestGuest, webPrelude } from "./guest.ts"

/** An app as its author would write it for any runtime. */
const source = `
import { Hono } from "hono"
import { basicAuth } from "hono/basic-auth"
import { bodyLimit } from "hono/body-limit"
import { getCookie, getSignedCookie, setCookie, setSignedCookie, deleteCookie } from "hono/cookie"
import { cors } from "hono/cors"
import { csrf } from "hono/csrf"
import { etag } from "hono/etag"
import { html, raw } from "hono/html"
import { HTTPException } from "hono/http-exception"
import { sign, verify } from "hono/jwt"
import { logger } from "hono/logger"
import { prettyJSON } from "hono/pretty-json"
import { secureHeaders } from "hono/secure-headers"
import { stream, streamSSE, streamText } from "hono/streaming"
import { timeout } from "hono/timeout"
import { validator } from "hono/validator"

const app = new Hono()
app.use("/logged/*", logger(() => {}))
app.use("/api/*", cors({ origin: "https://front.example", credentials: true, maxAge: 600 }))
app.use("/tagged", etag())
app.use("/secure", secureHeaders())
app.use("/pretty", prettyJSON())
app.use("/admin/*", basicAuth({ username: "me", password: "secret" }))
app.use("/forms", csrf())
app.use("/slow", timeout(20))
app.use("/timed/*", async (c, next) => {
  await next()
  c.header("x-after", "yes")
  c.res.headers.append("x-more", "1")
})

app.get("/", (c) => c.text("Hello"))
app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name"), q: c.req.query("q"), all: c.req.queries("a"), agent: c.req.header("user-agent") ?? null }))
app.get("/page", (c) => c.html(html\`<h1>\${c.req.query("t")}</h1>\${raw("<b>")}\`))
app.get("/away", (c) => c.redirect("/elsewhere", 301))
app.get("/status", (c) => c.body(null, 204))
app.get("/bytes", (c) => c.body(new Uint8Array([0, 255]).buffer, 200, { "Content-Type": "application/octet-stream" }))
app.get("/logged/x", (c) => c.text("ok"))
app.get("/tagged", (c) => c.text("same"))
app.get("/secure", (c) => c.text("safe"))
app.get("/pretty", (c) => c.json({ a: [1] }))
app.get("/admin/x", (c) => c.text("in"))
app.get("/timed/x", (c) => c.json({ ok: true }))
app.get("/slow", async (c) => { await new Promise((resolve) => setTimeout(resolve, 100)); return c.text("late") })
app.get("/cookies", (c) => {
  setCookie(c, "a", "1 2", { path: "/", httpOnly: true, sameSite: "Lax", maxAge: 60 })
  setCookie(c, "b", "ä")
  deleteCookie(c, "old")
  return c.json(getCookie(c))
})
app.get("/signed", async (c) => {
  await setSignedCookie(c, "s", "value", "key")
  return c.text(String(await getSignedCookie(c, "key", "s")))
})
app.get("/api/items", (c) => c.json([1, 2]))
app.post("/api/items", async (c) => c.json(await c.req.json(), 201))
app.post("/text", async (c) => c.text((await c.req.text()).toUpperCase()))
app.post("/limited", bodyLimit({ maxSize: 5 }), async (c) => c.text(await c.req.text()))
app.post("/forms", async (c) => {
  const body = await c.req.parseBody({ all: true })
  const file = body.file
  return c.json({ ...body, file: file instanceof File ? [file.name, file.type, file.size, await file.text()] : null })
})
app.post("/valid", validator("json", (value, c) => (typeof value.n === "number" ? value : c.text("wrong", 400))), (c) => c.json(c.req.valid("json")))
app.get("/jwt", async (c) => {
  const token = await sign({ sub: "me", exp: 4102444800 }, "key", "HS256")
  return c.json([token, await verify(token, "key", "HS256")])
})
app.get("/stream", (c) => streamText(c, async (s) => { for (const n of [1, 2, 3]) { await s.writeln(String(n)); await s.sleep(1) } }))
app.get("/raw", (c) => stream(c, async (s) => { await s.write(new Uint8Array([104, 105])); await s.pipe(new Blob(["!"]).stream()) }))
app.get("/sse", (c) => streamSSE(c, async (s) => { await s.writeSSE({ data: "one", event: "e", id: "1" }); await s.writeSSE({ data: "two" }) }))
app.get("/web", () => new Response("plain", { headers: { "x-a": "1" } }))
app.get("/rewrapped", async (c) => { const r = Response.json({ a: 1 }); return new Response(r.body, r) })
app.get("/throws", () => { throw new Error("broke") })
app.get("/refuses", () => { throw new HTTPException(403, { message: "no" }) })
const sub = new Hono().basePath("/v1")
sub.get("/ping", (c) => c.text("pong " + c.req.path))
sub.get("/*", (c) => c.text("rest " + c.req.routePath))
app.route("/sub", sub)
app.mount("/mounted", (request) => new Response(new URL(request.url).pathname))
app.notFound((c) => c.text("nothing at " + c.req.path, 404))
app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.json({ error: error instanceof SyntaxError ? error.name : error.message }, 500)))
export const handle = (request) => app.fetch(request, {}, { waitUntil() {}, passThroughOnException() {} })
`

interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const lines = (...all: ReadonlyArray<string>): string => all.join("\r\n")
const json = { "content-type": "application/json" }

const requests: ReadonlyArray<readonly [path: string, sent: Sent]> = [
  ["/", {}],
  ["/", { method: "HEAD" }],
  ["/hello/J%C3%B6rg?q=a%20b&a=1&a=2", { headers: { "user-agent": "test" } }],
  ["/page?t=%3Cscript%3E", {}],
  ["/away", {}],
  ["/status", {}],
  ["/bytes", {}],
  ["/logged/x", {}],
  ["/tagged", {}],
  ["/tagged", { headers: { "if-none-match": '"0a4b2b5c"' } }],
  ["/secure", {}],
  ["/pretty?pretty", {}],
  ["/admin/x", {}],
  ["/admin/x", { headers: { authorization: "Basic bWU6c2VjcmV0" } }],
  ["/timed/x", {}],
  ["/slow", {}],
  ["/cookies", { headers: { cookie: "x=1; y=%20z; bad" } }],
  ["/signed", { headers: { cookie: "s=value.wrong" } }],
  ["/api/items", { headers: { origin: "https://front.example" } }],
  [
    "/api/items",
    {
      method: "OPTIONS",
      headers: {
        origin: "https://front.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    },
  ],
  ["/api/items", { method: "POST", headers: json, body: '{"a":"ä"}' }],
  ["/api/items", { method: "POST", headers: json, body: "{" }],
  ["/text", { method: "POST", headers: { "content-type": "text/plain" }, body: "größe" }],
  ["/limited", { method: "POST", headers: { "content-type": "text/plain", "content-length": "10" }, body: "0123456789" }],
  ["/limited", { method: "POST", headers: { "content-type": "text/plain" }, body: "012" }],
  [
    "/forms",
    {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://site.example" },
      body: "a=1&b=x+y&a=2&c%5B%5D=3",
    },
  ],
  [
    "/forms",
    { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", origin: "https://evil.example" }, body: "a=1" },
  ],
  [
    "/forms",
    {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=xyz", origin: "https://site.example" },
      body: lines(
        "--xyz",
        'Content-Disposition: form-data; name="a"',
        "",
        "one",
        "--xyz",
        'Content-Disposition: form-data; name="file"; filename="n.txt"',
        "Content-Type: text/plain",
        "",
        "content ä",
        "--xyz--",
        "",
      ),
    },
  ],
  ["/valid", { method: "POST", headers: json, body: '{"n":1}' }],
  ["/valid", { method: "POST", headers: json, body: '{"n":"1"}' }],
  ["/jwt", {}],
  ["/stream", {}],
  ["/raw", {}],
  ["/sse", {}],
  ["/web", {}],
  ["/rewrapped", {}],
  ["/throws", {}],
  ["/refuses", {}],
  ["/sub/v1/ping", {}],
  ["/sub/v1/other/deep", {}],
  ["/mounted/inside", {}],
  ["/nowhere", {}],
  ["/hello/x", { method: "DELETE" }],
]

const host = "https://site.example"

describe("an app made with Hono answers as it does in Node", () => {
  let guest: TestGuest
  let inNode: (request: Request) => Promise<Response>

  beforeAll(async () => {
    const program = await guestProgram(source)
    inNode = new Function(`${program}; return program.handle`)()
    guest = await startGuest(await webPrelude())
    guest.evaluate(program)
  })

  it.each(requests)("%s %o", async (path, { method = "GET", headers = {}, body }) => {
    const url = host + path
    const expected = await inNode(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }))
    const [status, pairs, text] = (await guest.run(`
      const request = __test.incomingRequest(${JSON.stringify(url)}, ${JSON.stringify(method)}, ${JSON.stringify(Object.entries(headers).flat())}, ${JSON.stringify(body ?? null)})
      const response = await program.handle(request)
      if (!__test.isResponse(response)) throw new Error("no Response")
      const { status, headers, body } = await __test.takeResponse(response)
      const pairs = []
      for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]])
      return [status, pairs, body === null ? "" : typeof body === "string" ? body : new TextDecoder("latin1").decode(body)]`)) as [
      number,
      Array<[string, string]>,
      string,
    ]
    expect(status).toBe(expected.status)
    expect([...new Headers(pairs)]).toEqual([...expected.headers])
    const bytes = Buffer.from(await expected.arrayBuffer())
    expect([bytes.toString(), bytes.toString("latin1"), new TextDecoder("latin1").decode(bytes)]).toContain(text)
  })
})
