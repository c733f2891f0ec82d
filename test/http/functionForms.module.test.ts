import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { allBytes, type FormServer, formServer, multipart } from "../support/forms.ts"

let server: FormServer
beforeAll(async () => {
  server = await formServer()
})
afterAll(() => server.stop())

/** A module whose handler has this body. */
const handler = (body: string, before = ""): string =>
  `${before}\nexport default { async fetch(request, env, ctx) { const url = new URL(request.url); ${body} } }`
const deploy = (body: string, before = "") => server.deploy({ "main.js": handler(body, before) })
const run = async (body: string, path = "/", request = {}) => server.ask(await deploy(body), path, request)

describe("a module's default export", () => {
  it.each([
    ["an object", "export default { fetch() { return new Response('ok') } }"],
    ["an object that uses itself", "export default { word: 'ok', fetch() { return new Response(this.word) } }"],
    ["an object with an async function", "export default { async fetch() { await null; return new Response('ok') } }"],
    ["a function", "export default function () { return new Response('ok') }"],
    ["an async arrow function", "export default async () => new Response('ok')"],
    ["an object of a class", "class App { word = 'ok'; fetch() { return new Response(this.word) } }\nexport default new App()"],
    ["an object whose fetch is inherited", "export default Object.create({ fetch: () => new Response('ok') })"],
    ["a function with a function fetch", "export default Object.assign(() => {}, { fetch: () => new Response('ok') })"],
    ["a name given later", "const app = { fetch: () => new Response('ok') }\nexport { app as default }"],
    ["a frozen object", "export default Object.freeze({ fetch: () => new Response('ok') })"],
    ["something like a promise", "export default () => ({ then: (done) => done(new Response('ok')) })"],
  ])("answers: %s", async (_, code) => {
    expect((await server.ask(await server.deploy({ "main.js": code }))).text).toBe("ok")
  })

  it.each([
    ["nothing", "return undefined", /TypeError: The handler did not return a Response/],
    ["a text", "return 'text'", /TypeError: The handler did not return a Response/],
    ["an object", "return { status: 200, body: 'x' }", /TypeError: The handler did not return a Response/],
    ["null", "return s3.serve('none')", /TypeError: The handler did not return a Response/],
    ["a Response that has been read", "const r = new Response('x'); await r.text(); return r", /TypeError: .*used/],
    ["a Response of an error", "return Response.error()", /RangeError: The status 0/],
    ["a thrown Response", "throw new Response('x', { status: 403 })", /Uncaught/],
    [
      "a thrown error with a cause",
      "throw new Error('outer', { cause: new TypeError('inner') })",
      /Error: outer \(cause: TypeError: inner\)/,
    ],
    ["a header with a control character", "return new Response('x', { headers: { a: 'b\\x01c' } })", /TypeError: The header a/],
    [
      "a stream that fails",
      "return new Response(new ReadableStream({ start(c) { c.error(new RangeError('broken')) } }))",
      /RangeError: broken/,
    ],
    ["a stream that never ends", "return new Response(new ReadableStream({}))", /never comes/],
    ["a stream of text", "return new Response(new ReadableStream({ start(c) { c.enqueue('x'); c.close() } }))", /TypeError: .*Uint8Array/],
  ])("fails with 500: %s", async (_, body, expected) => {
    const site = await deploy(`kv.set("kept", 1); ${body}`)
    const { status, json } = await server.ask(site)
    expect([status, json.error.code]).toEqual([500, "FUNCTION_FAILED"])
    await server.logOf(site, expected)
  })

  it("tells the owner where it failed", async () => {
    const site = await server.deploy({
      "main.js": "import { fail } from './lib/fail.ts'\nexport default {\n  async fetch() {\n    await null\n    return fail(1)\n  },\n}",
      "lib/fail.ts": "interface A {\n  n: number\n}\nexport const fail = (n: number): never => {\n  throw new RangeError('bad ' + n)\n}",
    })
    expect((await server.ask(site)).status).toBe(500)
    expect(await server.logOf(site, /RangeError/)).toEqual([
      expect.stringMatching(/^error RangeError: bad 1\n.*lib\/fail\.ts:5.*\n.*main\.js:5/s),
    ])
  })
})

describe("a module's request", () => {
  it("has address, method and headers", async () => {
    const site = await deploy(
      "return Response.json({ url: request.url, host: url.host, path: url.pathname, q: url.searchParams.getAll('x'), method: request.method, headers: Object.fromEntries(request.headers), isRequest: request instanceof Request })",
    )
    const { json } = await server.ask(site, "/caf%C3%A9%20x?x=1&x=2", {
      method: "PATCH",
      headers: { cookie: "a=1", "x-forwarded-for": "6.6.6.6", "x-real-ip": "6.6.6.6", "x-forwarded-host": "evil", "x-own": "ÿ" },
    })
    expect(json).toMatchObject({
      url: `http://${site}.localhost/caf%C3%A9%20x?x=1&x=2`,
      host: `${site}.localhost`,
      path: "/caf%C3%A9%20x",
      q: ["1", "2"],
      method: "PATCH",
      isRequest: true,
    })
    expect(json.headers).toMatchObject({ cookie: "a=1", "x-own": "ÿ", host: `${site}.localhost` })
    expect(json.headers["x-real-ip"]).toMatch(/127\.0\.0\.1|::1/)
    expect(json.headers["x-forwarded-for"]).toBe(json.headers["x-real-ip"])
    expect(json.headers).not.toHaveProperty("x-forwarded-host")
  })

  it.each<[string, string, { body?: string | Uint8Array; headers?: Record<string, string>; method?: string }, unknown]>([
    ["none", "[request.body, await request.text()]", {}, [null, ""]],
    ["none with POST", "[request.body, await request.text()]", { method: "POST", headers: { "content-length": "0" } }, [null, ""]],
    ["text", "await request.text()", { body: "ä😀" }, "ä😀"],
    ["text with U+0000", "await request.text()", { body: "a\0b" }, "a\0b"],
    ["JSON", "await request.json()", { body: '{"a":[1,null]}' }, { a: [1, null] }],
    ["what is no JSON", "await request.json().catch((e) => e.name)", { body: "{" }, "SyntaxError"],
    ["bytes", "[...new Uint8Array(await request.arrayBuffer())]", { body: allBytes }, [...allBytes]],
    ["bytes that are no UTF-8", "await request.text()", { body: new Uint8Array([97, 255, 98]) }, "a\ufffdb"],
    [
      "a stream",
      "await (async () => { let n = 0; for await (const c of request.body) n += c.length; return n })()",
      { body: allBytes },
      256,
    ],
    [
      "a form",
      "Object.fromEntries(await request.formData())",
      { body: "a=1&b=x+y%26", headers: { "content-type": "application/x-www-form-urlencoded" } },
      { a: "1", b: "x y&" },
    ],
    ["read twice", "[await request.text(), await request.text().catch((e) => e.name)]", { body: "x" }, ["x", "TypeError"]],
    ["read from a clone", "[await request.clone().text(), await request.text()]", { body: "x" }, ["x", "x"]],
  ])("has a body: %s", async (_, code, request, expected) => {
    expect((await run(`return Response.json(${code})`, "/", { method: "body" in request ? "POST" : "GET", ...request })).json).toEqual(
      expected,
    )
  })

  it("has uploads", async () => {
    const form = multipart([
      { name: "title", content: "Grüße" },
      { name: "f", filename: "a.bin", type: "x/y", content: allBytes },
    ])
    const { json } = await run(
      "const f = await request.formData(); const file = f.get('f'); return Response.json([f.get('title'), file.name, file.type, file.size, [...await file.bytes()]])",
      "/",
      form,
    )
    expect(json).toEqual(["Grüße", "a.bin", "x/y", 256, [...allBytes]])
  })

  it("may be 1 MB, and no more", async () => {
    const site = await deploy("return new Response(String((await request.arrayBuffer()).byteLength))")
    expect((await server.ask(site, "/", { method: "POST", body: Buffer.alloc(1024 ** 2, 1) })).text).toBe("1048576")
    const { status, json } = await server.ask(site, "/", { method: "POST", body: Buffer.alloc(1024 ** 2 + 1, 1) })
    expect([status, json.error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"])
  })
})

describe("a module's answer", () => {
  it.each<[string, string, number, Record<string, unknown>, string]>([
    ["text", "return new Response('ä\\0😀')", 200, { "content-type": "text/plain;charset=UTF-8" }, "ä\0😀"],
    ["JSON", "return Response.json({ a: 1 }, { status: 201 })", 201, { "content-type": "application/json" }, '{"a":1}'],
    ["HTML", "return new Response('<p>', { headers: { 'Content-Type': 'text/html' } })", 200, { "content-type": "text/html" }, "<p>"],
    ["nothing", "return new Response()", 200, { "content-length": "0" }, ""],
    ["204", "return new Response(null, { status: 204 })", 204, {}, ""],
    ["304", "return new Response(null, { status: 304, headers: { etag: '\"a\"' } })", 304, { etag: '"a"' }, ""],
    ["a redirect", "return Response.redirect('https://a.b/c', 303)", 303, { location: "https://a.b/c" }, ""],
    [
      "a redirect on the host",
      "return new Response(null, { status: 302, headers: { location: '/login' } })",
      302,
      { location: "/login" },
      "",
    ],
    [
      "cookies",
      "const h = new Headers(); h.append('set-cookie', 'a=1'); h.append('set-cookie', 'b=2'); return new Response('', { headers: h })",
      200,
      { "set-cookie": ["a=1", "b=2"] },
      "",
    ],
    ["a header set later", "const r = new Response('x'); r.headers.set('x-a', 'ÿ'); return r", 200, { "x-a": "ÿ" }, "x"],
    [
      "a stream",
      "const e = new TextEncoder(); let n = 0; return new Response(new ReadableStream({ pull(c) { n++ < 3 ? c.enqueue(e.encode(n + ',')) : c.close() } }))",
      200,
      {},
      "1,2,3,",
    ],
    [
      "a stream with pauses",
      "const { readable, writable } = new TransformStream(); const w = writable.getWriter(); (async () => { for (const n of [1, 2]) { await new Promise((r) => setTimeout(r, 5)); await w.write(new TextEncoder().encode(n + ';')) } await w.close() })(); return new Response(readable)",
      200,
      {},
      "1;2;",
    ],
    ["the request's own stream", "return new Response(request.body)", 200, {}, ""],
    ["a Blob", "return new Response(new Blob(['x'], { type: 'a/b' }))", 200, { "content-type": "a/b" }, "x"],
    [
      "a form",
      "return new Response(new URLSearchParams({ a: 'ä b' }))",
      200,
      { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
      "a=%C3%A4+b",
    ],
    [
      "its own content-length",
      "return new Response('abc', { headers: { 'content-length': '100', connection: 'close', 'transfer-encoding': 'chunked' } })",
      200,
      { "content-length": "3" },
      "abc",
    ],
  ])("is %s", async (_, body, status, headers, text) => {
    const answer = await run(body)
    expect([answer.status, answer.text]).toEqual([status, text])
    expect(answer.headers).toMatchObject(headers)
  })

  it("may be any bytes", async () => {
    const { body, headers } = await run(
      "return new Response(Uint8Array.from({ length: 256 }, (_, i) => i), { headers: { 'content-type': 'x/y' } })",
    )
    expect([Buffer.compare(body, allBytes), headers["content-length"]]).toEqual([0, "256"])
  })

  it("may be large", async () => {
    const { json } = await run("return Response.json(Array.from({ length: 5000 }, (_, i) => ({ id: i, name: 'item ' + i })))")
    expect([json.length, json.at(-1).name]).toEqual([5000, "item 4999"])
  })

  it.each(["\x01", "\n", "\r\n", "\0", "\x7f"])("takes no header out of a value with %j in it", async (separator) => {
    const site = await deploy("return new Response('x', { headers: { 'x-name': url.searchParams.get('name') } })")
    const { status, headers } = await server.ask(site, `/?name=${encodeURIComponent(`a${separator}set-cookie${separator}evil=1`)}`)
    expect([status, headers["set-cookie"], headers["x-name"]]).toEqual([500, undefined, undefined])
  })

  it("to HEAD has the headers of its body only", async () => {
    const site = await deploy("return new Response('abc', { headers: { 'x-method': request.method } })")
    const { status, text, headers } = await server.ask(site, "/", { method: "HEAD" })
    expect([status, text, headers["content-length"], headers["x-method"]]).toEqual([200, "", "3", "HEAD"])
  })

  it("echoes what came, byte by byte", async () => {
    const site = await deploy("return new Response(await request.arrayBuffer())")
    const bytes = Buffer.concat(Array.from({ length: 1000 }, () => allBytes))
    expect(Buffer.compare((await server.ask(site, "/", { method: "POST", body: bytes })).body, bytes)).toBe(0)
  })

  it("that is an object is sent whatever date the visitor has a copy of", async () => {
    const site = await deploy("s3.put('a.txt', 'text'); return s3.serve('a.txt')")
    const now = new Date().toUTCString()
    expect(await server.ask(site, "/", { headers: { "if-modified-since": now } })).toMatchObject({ status: 200, text: "text" })
    const { etag } = (await server.ask(site)).headers
    expect((await server.ask(site, "/", { headers: { "if-none-match": etag! } })).status).toBe(304)
  })
})

describe("env", () => {
  it("has the bindings and the site's variables", async () => {
    const site =
      await deploy(`return Response.json([env.KEY, process.env.KEY, fazt.env.get("KEY"), { ...env }.KEY, "KEY" in env, "NONE" in env,
      typeof env.NONE, typeof env.toString, Object.keys(env).sort(), env.kv === kv && env.ds === ds && env.s3 === s3 && env.realtime === fazt.realtime])`)
    const value = "secret ä😀\nwith a line"
    await server.api("PUT", `/sites/${site}/env/KEY`, { value })
    expect((await server.ask(site)).json).toEqual([
      value,
      value,
      value,
      value,
      true,
      false,
      "undefined",
      "undefined",
      ["KEY", "ds", "fazt", "kv", "realtime", "s3"],
      true,
    ])
  })

  it("changes with the next request", async () => {
    const site = await deploy("return new Response(env.KEY ?? 'unset')")
    expect((await server.ask(site)).text).toBe("unset")
    await server.api("PUT", `/sites/${site}/env/KEY`, { value: "one" })
    expect((await server.ask(site)).text).toBe("one")
    await server.api("DELETE", `/sites/${site}/env/KEY`)
    expect((await server.ask(site)).text).toBe("unset")
  })

  it("is not there while the module is loaded", async () => {
    const before = "const early = [process.env.KEY, fazt.env.get('KEY'), typeof fazt.app.id]"
    const site = await deploy("return Response.json([early, process.env.KEY])", before)
    await server.api("PUT", `/sites/${site}/env/KEY`, { value: "v" })
    expect((await server.ask(site)).json).toEqual([[null, null, "string"], "v"])
    await server.deploy({ "main.js": handler("return Response.json([early, process.env.KEY])", `${before}\n// again`) }, site)
    expect((await server.ask(site)).json).toEqual([[null, null, "string"], "v"])
  })
})

describe("waitUntil", () => {
  it("goes on after the answer, and saves by itself", async () => {
    const site = await deploy(`
      if (url.pathname === "/read") return Response.json([kv.get("before") ?? null, kv.get("after") ?? null])
      kv.set("before", 1)
      ctx.waitUntil((async () => { await new Promise((r) => setTimeout(r, 30)); kv.set("after", kv.get("before") + 1); console.log("done") })())
      return new Response("answered")`)
    expect((await server.ask(site)).text).toBe("answered")
    expect(await server.logOf(site, /done/)).toEqual(["log done"])
    expect((await server.ask(site, "/read")).json).toEqual([1, 2])
  })

  it("logs what fails; the answer and what it wrote stay", async () => {
    const site = await deploy(`
      if (url.pathname === "/read") return Response.json([kv.get("before") ?? null])
      kv.set("before", 1)
      ctx.waitUntil(Promise.reject(new RangeError("later")))
      return new Response("answered")`)
    expect((await server.ask(site)).text).toBe("answered")
    await server.logOf(site, /RangeError: later/)
    expect((await server.ask(site, "/read")).json).toEqual([1])
  })

  it("cannot outlive its time", async () => {
    const site = await deploy(
      `ctx.waitUntil((async () => { await null; kv.set("a", 1); for (;;); })()); return new Response(String(kv.get("a")))`,
    )
    await server.ask(site)
    await server.logOf(site, /functions\.cpu_ms/)
  })
})

describe("what code may use", () => {
  const program = {
    "main.ts": `import { pick } from "./lib/pick"
import data from "./data.json"
import _, { chunk } from "lodash"
import * as cheerio from "cheerio"
import { v4 } from "uuid"
import { z } from "zod"
import { marked } from "marked"
import dayjs from "dayjs"
import validator from "validator"
const loaded: string = await Promise.resolve("awaited")
export default {
  async fetch(request: Request): Promise<Response> {
    const { later } = await import("./lib/later.js")
    return Response.json([pick(data, "x"), loaded, later, chunk([1, 2, 3], 2), _.sum([1, 2]), v4().length, z.number().safeParse("a").success,
      marked("# a"), dayjs("2024-01-31").add(1, "day").date(), validator.isEmail("a@b.cd"), cheerio.load("<p>x</p>")("p").text(),
      await import("./none.js").catch((error: Error) => error.message.includes("none.js"))])
  },
} satisfies { fetch(request: Request): Promise<Response> }
`,
    "lib/pick.ts": "export const pick = <T extends object>(from: T, name: keyof T): unknown => from[name]",
    "lib/later.js": 'import { word } from "../word.mjs"\nexport const later = word',
    "word.mjs": 'export const word = "later"',
    "data.json": '{"x": {"y": [1]}}',
  }

  it("is its own files, JSON, TypeScript and the packages that are built in", async () => {
    const site = await server.deploy(program)
    const expected = [{ y: [1] }, "awaited", "later", [[1, 2], [3]], 3, 36, false, "<h1>a</h1>\n", 1, true, "x", true]
    expect((await server.ask(site)).json).toEqual(expected)
    for (const path of Object.keys(program)) expect([path, (await server.ask(site, `/${path}`)).json]).toEqual([path, expected])
  })

  it("is fresh in each request, however it was frozen", async () => {
    const site = await deploy(
      "const seen = n++; return Response.json([seen, Math.random(), crypto.randomUUID(), Date.now() - at, new Date().getFullYear() > 2000])",
      "let n = 0; const at = Date.now()",
    )
    const [a, b] = [(await server.ask(site)).json, (await server.ask(site)).json]
    expect([a[0], b[0]]).toEqual([0, 0])
    expect(a[1]).not.toBe(b[1])
    expect(a[2]).not.toBe(b[2])
    expect(b[3]).toBeGreaterThan(a[3])
  })

  it("is a timer that was set while it was loaded, in each request", async () => {
    const site = await deploy(
      "await new Promise((r) => setTimeout(r, 20)); return new Response(String(fired))",
      "let fired = 0; setTimeout(() => fired++, 1)",
    )
    expect([(await server.ask(site)).text, (await server.ask(site)).text]).toEqual(["1", "1"])
  })
})

describe("files and code together", () => {
  const files = {
    "main.js": handler("return new Response(request.method + ' ' + url.pathname)", "import './lib.js'"),
    "lib.js": "",
    "index.html": "front",
    "about.html": "about",
    "docs/index.html": "docs",
    "app.js": "static",
    "404.html": "not found",
    _redirects: "/old /about 301\n/inner /about 200\n/forced /about 301!\n/gone /nowhere 200",
    _headers: "/*\n  X-Rule: yes",
  }
  let site: string
  beforeAll(async () => {
    site = await server.deploy(files)
  })

  it.each<[string, string, string]>([
    ["GET", "/", "front"],
    ["GET", "/about", "about"],
    ["GET", "/docs", "docs"],
    ["GET", "/app.js", "static"],
    ["GET", "/inner", "about"],
    ["GET", "/none", "GET /none"],
    ["GET", "/main.js", "GET /main.js"],
    ["GET", "/lib.js", "GET /lib.js"],
    ["GET", "/_redirects", "GET /_redirects"],
    ["GET", "/api/x", "GET /api/x"],
    ["GET", "/gone", "GET /gone"],
    ["POST", "/", "POST /"],
    ["POST", "/about", "POST /about"],
    ["PUT", "/app.js", "PUT /app.js"],
    ["DELETE", "/none", "DELETE /none"],
    ["OPTIONS", "/", "OPTIONS /"],
  ])("%s %s", async (method, path, text) => {
    expect((await server.ask(site, path, { method })).text).toBe(text)
  })

  it("redirects where a rule says so", async () => {
    expect((await server.ask(site, "/old")).headers.location).toBe("/about")
    expect((await server.ask(site, "/forced")).headers.location).toBe("/about")
    expect((await server.ask(site, "/about/")).status).toBe(301)
  })

  it("leaves the rest to files where the code is in api/", async () => {
    const other = await server.deploy({
      "api/main.js": handler("return new Response('code ' + url.pathname)"),
      "index.html": "front",
      "404.html": "not found",
    })
    expect((await server.ask(other, "/api/x")).text).toBe("code /api/x")
    expect((await server.ask(other, "/api")).text).toBe("code /api")
    expect((await server.ask(other, "/")).text).toBe("front")
    expect((await server.ask(other, "/none")).text).toBe("not found")
    expect((await server.ask(other, "/", { method: "POST" })).status).toBe(405)
  })
})

describe("s3.serve", () => {
  let site: string
  beforeAll(async () => {
    site = await deploy(`
      if (request.method === "PUT") { const { path } = s3.put(url.pathname, await request.arrayBuffer(), "text/x-test"); return new Response(path) }
      const options = { "/download": { download: "ä b.txt" }, "/headers": { headers: new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["cache-control", "no-store"]]) }, "/bad": { headers: { "x-a": "€" } } }
      return s3.serve("file", options[url.pathname]) ?? new Response("none", { status: 404 })`)
  })

  it("answers with an object, with ranges and conditions", async () => {
    expect((await server.ask(site)).status).toBe(404)
    expect((await server.ask(site, "/file", { method: "PUT", body: "0123456789" })).text).toBe("file")
    const whole = await server.ask(site)
    expect([whole.status, whole.text]).toEqual([200, "0123456789"])
    expect(whole.headers).toMatchObject({ "content-type": "text/x-test", "content-length": "10", "accept-ranges": "bytes" })
    const etag = whole.headers.etag!
    expect((await server.ask(site, "/", { headers: { "if-none-match": etag } })).status).toBe(304)
    const part = await server.ask(site, "/", { headers: { range: "bytes=2-4" } })
    expect([part.status, part.text, part.headers["content-range"]]).toEqual([206, "234", "bytes 2-4/10"])
    expect((await server.ask(site, "/", { headers: { range: "bytes=50-" } })).status).toBe(416)
    expect(await server.ask(site, "/", { method: "HEAD" })).toMatchObject({ status: 200, text: "" })
  })

  it("sends what has just been put, and its newest form", async () => {
    const fresh = await deploy(`s3.put("f", await request.text()); return s3.serve("f")`)
    for (const body of ["one", "two"]) expect((await server.ask(fresh, "/", { method: "POST", body })).text).toBe(body)
  })

  it("may have headers of its own", async () => {
    expect((await server.ask(site, "/download")).headers["content-disposition"]).toBe(
      `attachment; filename="_ b.txt"; filename*=UTF-8''%C3%A4%20b.txt`,
    )
    expect((await server.ask(site, "/headers")).headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], "cache-control": "no-store" })
    expect((await server.ask(site, "/bad")).status).toBe(500)
  })

  it("cannot be made up", async () => {
    const fake = await deploy(`return { status: 200, headers: [], object: { hash: "${"0".repeat(64)}", size: 1, type: "a/b" } }`)
    expect((await server.ask(fake)).status).toBe(500)
  })
})
