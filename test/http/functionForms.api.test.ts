import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { version } from "../../src/resources.ts"
import { allBytes, type FormServer, formServer, multipart } from "../support/forms.ts"

let server: FormServer
beforeAll(async () => {
  server = await formServer()
})
afterAll(() => server.stop())

const run = async (script: string, path = "/api", request = {}) => server.ask(await server.deploy({ "api/main.js": script }), path, request)

describe("a script's value is its answer", () => {
  it.each<[string, string, number, string]>([
    ["nothing", "", 200, ""],
    ["undefined", "undefined", 200, ""],
    ["null", "null", 200, ""],
    ["a string", "'text'", 200, "text"],
    ["an empty string", "respond('')", 200, ""],
    ["a number", "42", 200, "42"],
    ["no number", "0 / 0", 200, "null"],
    ["true", "true", 200, "true"],
    ["false", "false", 200, "false"],
    ["a large integer", "2n ** 70n", 200, "1180591620717411303424"],
    ["an array", "[1, 'a', null]", 200, '[1,"a",null]'],
    ["an object that says nothing", "({ a: 1 })", 200, ""],
    ["an object with a body", "({ body: { a: 1 } })", 200, '{"a":1}'],
    ["an object with all parts", "({ status: 201, body: 'x', headers: { 'Content-Type': 'text/plain' } })", 201, "x"],
    ["an object with a status only", "({ status: 204 })", 204, ""],
    ["a function", "(function () {})", 200, ""],
    ["respond()", "respond()", 200, ""],
    ["respond(null)", "respond(null)", 200, ""],
    ["respond(a string)", "respond('a')", 200, "a"],
    ["respond(an object)", "respond({ ok: true })", 200, '{"ok":true}'],
    ["respond(an array)", "respond([1])", 200, "[1]"],
    ["respond(true)", "respond(true)", 200, "true"],
    ["respond(a status)", "respond(404)", 404, ""],
    ["respond(a status, an object)", "respond(201, { id: 1 })", 201, '{"id":1}'],
    ["respond(a status, a string)", "respond(400, 'no')", 400, "no"],
    ["respond(a status, a number)", "respond(200, 5)", 200, "5"],
    ["respond(a status, null)", "respond(418, null)", 418, ""],
    ["respond(a status, a body, headers)", "respond(202, 'x', { 'X-A': '1' })", 202, "x"],
    ["bytes", "respond(200, new Uint8Array([65, 66]))", 200, "AB"],
    ["a text with U+0000", "'a\\0b'", 200, "a\0b"],
    ["a text beyond ASCII", "'ä😀'", 200, "ä😀"],
    ["the last of several", "respond(500); respond(200, 'last')", 200, "last"],
    ["a call of a function at the end", "function handler(r) { return respond(r.method) }\nhandler(request)", 200, "GET"],
    ["a call before the function", "var a = handler()\na\nfunction handler() { return 'hoisted' }", 200, "hoisted"],
    ["declarations at the end", "respond('a'); var x = 1; let y; const z = 2; class C {} function f() {}", 200, "a"],
    [
      "a chain of if",
      "if (request.method === 'POST') { respond(1) } else if (request.method === 'GET') { respond('got') } else { respond(405) }",
      200,
      "got",
    ],
    ["an if that is not taken", "'before'; if (false) { respond('x') }", 200, ""],
    ["a loop", "for (var i = 0; i < 3; i++) { i }", 200, "2"],
    ["a loop that is left", "while (true) { respond('in'); break }", 200, "in"],
    ["try", "try { JSON.parse('{') } catch (e) { respond(400, e.name) } finally { 'not this' }", 400, "SyntaxError"],
    ["a label", "out: { respond('in'); break out; respond('not') }", 200, "in"],
    ["switch", "switch (request.query.x) { case '1': respond('one'); break; default: respond('other') }", 200, "other"],
    ["a block", "{ let a = 1; respond(String(a)) }", 200, "1"],
    ["no semicolons", "var a = [1, 2]\nvar b = a\nb.length", 200, "2"],
    ["strict code", "'use strict'\nvar r\ntry { undeclared = 1 } catch (e) { r = e.name }\nr", 200, "ReferenceError"],
    ["sloppy code", "undeclared = 1\nrespond(String(globalThis.undeclared))", 200, "1"],
    ["a hashbang", "#!/usr/bin/env fazt\n'use strict'\nrespond('hash')", 200, "hash"],
    ["an HTML comment", "respond('x') <!-- y", 200, "x"],
    ["this", "respond(this === globalThis)", 200, "true"],
    ["an async function", "async function h() { await null; return respond(201, { later: true }) }\nh()", 201, '{"later":true}'],
    ["an async function that waits", "(async () => { await new Promise((r) => setTimeout(r, 5)); return 'waited' })()", 200, "waited"],
    ["a Response of the web", "new Response('web', { status: 203 })", 203, "web"],
    ["base64 of an image", "respond(200, btoa('\\0\\xff'), { 'content-type': 'image/png' })", 200, "\0\ufffd"],
    ["base64 of what is text", "respond(200, 'abcd', { 'content-type': 'text/plain' })", 200, "abcd"],
    ["what only looks like an image", "respond(200, '<svg>', { 'content-type': 'image/svg+xml' })", 200, "<svg>"],
  ])("%s", async (_, script, status, text) => {
    const answer = await run(script)
    expect([answer.status, answer.text]).toEqual([status, text])
  })

  it("is JSON unless it says something else, text too", async () => {
    expect((await run("'text'")).headers["content-type"]).toBe("application/json")
    expect((await run("respond(404)")).headers["content-type"]).toBe("application/json")
    const { headers } = await run("respond(200, '<p>', { 'CONTENT-TYPE': 'text/html', 'X-Null': null, 'X-List': ['a', 'b'] })")
    expect(headers).toMatchObject({ "content-type": "text/html", "x-list": "a, b" })
    expect(headers).not.toHaveProperty("x-null")
  })

  it("may set several cookies", async () => {
    const { headers } = await run("respond(200, 'x', { 'Set-Cookie': ['a=1; Path=/', 'b=2'] })")
    expect(headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2"])
  })

  it.each([
    ["a status that is too small", "respond(99, 'x')"],
    ["a status that is too large", "respond(600, 'x')"],
    ["a status that is no number", "({ status: 'fine' })"],
    ["half a status", "respond(200.5, 'x')"],
    ["a header with a line break", "respond(200, 'x', { 'X-A': 'a\\r\\nSet-Cookie: b=1' })"],
    ["a header beyond Latin-1", "respond(200, 'x', { 'X-A': '€' })"],
    ["a header without a name", "respond(200, 'x', { '': 'a' })"],
    ["a body that goes in circles", "var a = {}; a.a = a; respond(200, a)"],
  ])("fails with 500 for %s, and the owner finds why", async (_, script) => {
    const site = await server.deploy({
      "api/main.js": `if (request.query.kept) { typeof fazt.storage.kv.get('kept') } else { fazt.storage.kv.set('kept', 1); ${script} }`,
    })
    const { status, json } = await server.ask(site, "/api")
    expect([status, json.error.code, Object.keys(json.error).sort()]).toEqual([500, "FUNCTION_FAILED", ["code", "message", "request"]])
    await server.logOf(site, /^error (RangeError|TypeError)/)
    expect((await server.ask(site, "/api?kept=1")).text).toBe("undefined")
  })
})

describe("request", () => {
  const show = "respond(200, Object.assign({}, request, { hasBody: request.body !== undefined, type: typeof request.body }))"
  let site: string
  beforeAll(async () => {
    site = await server.deploy({ "api/main.js": show })
  })

  it("has method, path, query and headers", async () => {
    const path = "/api/caf%C3%A9/a%20b?x=1&x=2&y=a+b%26&flag&z="
    const { json } = await server.ask(site, path, { method: "DELETE", headers: { cookie: "a=1; b=2", "x-under_score-id": "7" } })
    expect(json).toMatchObject({ method: "DELETE", path: "/api/café/a b", query: { x: "1", y: "a b&", flag: "", z: "" } })
    expect(json.headers).toMatchObject({ Cookie: "a=1; b=2", "X-Under_score-Id": "7", Host: `${site}.localhost` })
    expect([json.hasBody, json.type]).toEqual([false, "undefined"])
  })

  it.each<[string, string, string, unknown]>([
    ["JSON", "application/json", '{"a":[1]}', { a: [1] }],
    ["JSON with a charset", "application/json; charset=utf-8", "5", 5],
    ["JSON of a kind", "application/problem+json", '"x"', "x"],
    ["what is no JSON", "application/json", "{nope", "{nope"],
    ["text", "text/plain", '{"a":1}', '{"a":1}'],
    ["a form in the address's way", "application/x-www-form-urlencoded", "a=1&b=2", "a=1&b=2"],
    ["something without a type", "", '{"a":1}', '{"a":1}'],
    ["text beyond ASCII", "text/plain", "ä😀", "ä😀"],
    ["text with U+0000", "text/plain", "a\0b", "a\0b"],
  ])("has a body: %s", async (_, type, body, expected) => {
    const { json } = await server.ask(site, "/api", { method: "POST", body, headers: type === "" ? {} : { "content-type": type } })
    expect(json.body).toEqual(expected)
  })

  it("has no body where an empty one was sent", async () => {
    const { json } = await server.ask(site, "/api", {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "0" },
    })
    expect(json.hasBody).toBe(false)
  })

  it("has the files and fields of an upload", async () => {
    const upload = await server.deploy({
      "api/main.js": `var f = request.files.photo
respond(200, { form: request.form, name: f.name, type: f.type, size: f.size, sum: new Uint8Array(f.data).reduce(function (a, b) { return a + b }, 0),
  isBuffer: f.data instanceof ArrayBuffer, hasBody: request.body !== undefined, names: Object.keys(request.files) })`,
    })
    const form = multipart([
      { name: "title", content: "Grüße" },
      { name: "title", content: "another" },
      { name: "photo", filename: "ä.png", type: "image/png", content: allBytes },
      { name: "empty", filename: "", content: "" },
    ])
    const { json } = await server.ask(upload, "/api", form)
    expect(json).toEqual({
      form: { title: "Grüße" },
      name: "ä.png",
      type: "image/png",
      size: 256,
      sum: 32640,
      isBuffer: true,
      hasBody: false,
      names: ["photo", "empty"],
    })
  })

  it("of a form that is malformed has it as text", async () => {
    const { json } = await server.ask(site, "/api", {
      method: "POST",
      body: "nonsense",
      headers: { "content-type": "multipart/form-data; boundary=x" },
    })
    expect([json.body, json.files]).toEqual(["nonsense", undefined])
  })
})

describe("require", () => {
  const files = {
    "api/lib.js": "module.exports = { name: 'lib', n: 0, self: this === module.exports }",
    "api/util/a.js": "exports.name = 'a'; exports.b = require('./b.js').name; exports.fromApi = require('./lib.js').name",
    "api/util/b.js": "#!/usr/bin/env node\nexports.name = 'b'",
    "api/data.json": '{"x": [1, 2]}',
    "api/one.js": "exports.before = true; var two = require('./two.js'); exports.seen = two.seen",
    "api/two.js": "exports.seen = require('./one.js').before",
    "api/throws.js": "throw new TypeError('from throws')",
    "api/nothing.js": "",
    "api/typed.ts": "const n: number = 6; module.exports = { n }",
    "outside.js": "module.exports = 'outside'",
  }
  const cases: ReadonlyArray<[string, string, unknown]> = [
    ["a file", "require('./lib.js').name", "lib"],
    ["a file without .js", "require('./lib').name", "lib"],
    ["from a folder", "require('./util/a.js')", { name: "a", b: "b", fromApi: "lib" }],
    ["JSON", "require('./data.json').x", [1, 2]],
    ["TypeScript", "require('./typed.ts').n", 6],
    ["the same module twice", "require('./lib.js').n = 5; require('./util/../lib.js').n", 5],
    ["this in a module", "require('./lib.js').self", true],
    ["a module that exports nothing", "require('./nothing.js')", {}],
    ["modules that need each other", "require('./one.js').seen", true],
    ["a name that is worked out", "require('./' + 'lib' + '.js').name", "lib"],
    ["what is not there", "try { require('./none.js') } catch (e) { e.message.slice(0, 18) }", "Cannot find module"],
    ["what is outside", "try { require('../outside.js') } catch (e) { /outside api/.test(e.message) }", true],
    ["what is far outside", "try { require('../../../../etc/passwd') } catch (e) { /outside api/.test(e.message) }", true],
    ["an absolute path", "try { require('/outside.js') } catch (e) { e.code }", "MODULE_NOT_FOUND"],
    ["a module of Node", "try { require('fs') } catch (e) { /module of Node/.test(e.message) }", true],
    ["a module that throws", "try { require('./throws.js') } catch (e) { e.name + ': ' + e.message }", "TypeError: from throws"],
    ["a number", "try { require(5) } catch (e) { e.code }", "MODULE_NOT_FOUND"],
  ]
  let site: string
  beforeAll(async () => {
    const body = cases.map(([, code], i) => `case ${i}: result = (function () { return eval(${JSON.stringify(code)}) })(); break`)
    site = await server.deploy({
      ...files,
      "api/main.js": `function unused() { ${cases.map(([, code]) => `(function () { ${code} })`).join(";")} }
var result
switch (Number(request.query.n)) { ${body.join("\n")} }
respond(200, { result: result })`,
    })
  })

  it.each(cases.map(([name, , expected], i) => [name, i, expected] as const))("of %s", async (_, i, expected) => {
    expect((await server.ask(site, `/api?n=${i}`)).json).toEqual({ result: expected })
  })

  it("begins anew with each request", async () => {
    const count = await server.deploy({ "api/main.js": "respond(String(require('./n.js').n++))", "api/n.js": "exports.n = 1" })
    expect([(await server.ask(count, "/api")).text, (await server.ask(count, "/api")).text]).toEqual(["1", "1"])
  })

  it.each<[string, string, string]>([
    ["lodash", "var _ = require('lodash'); respond(200, [_.chunk([1, 2, 3], 2), _.template('a<%= b %>')({ b: 1 })])", '[[[1,2],[3]],"a1"]'],
    [
      "cheerio",
      "var $ = require('cheerio').load('<ul><li>a<li>b</ul>'); respond(200, $('li').map(function () { return $(this).text() }).get())",
      '["a","b"]',
    ],
    [
      "uuid",
      "var uuid = require('uuid'); respond(200, [uuid.v4().length, uuid.v4() === uuid.v4(), uuid.validate(uuid.v7())])",
      "[36,false,true]",
    ],
    [
      "zod",
      "var z = require('zod').z; respond(200, [z.object({ a: z.number() }).safeParse({ a: 'x' }).success, z.string().email().parse('a@b.cd')])",
      '[false,"a@b.cd"]',
    ],
    [
      "marked",
      "var marked = require('marked'); respond(200, [marked('# a'), marked.parse('*b*')])",
      '["<h1>a</h1>\\n","<p><em>b</em></p>\\n"]',
    ],
    ["dayjs", "var dayjs = require('dayjs'); respond(200, dayjs('2024-02-28').add(2, 'day').format('YYYY-MM-DD'))", "2024-03-01"],
    ["validator", "var v = require('validator'); respond(200, [v.isEmail('a@b.cd'), v.isURL('nope')])", "[true,false]"],
  ])("gives %s, which works in the time of a request", async (_, script, expected) => {
    const site = await server.deploy({ "api/main.js": script })
    await server.set("functions.cpu_ms", 100)
    expect((await server.ask(site, "/api")).text).toBe(expected)
  })

  it("gives a package to a file that asks for it", async () => {
    const site = await server.deploy({
      "api/main.js": "respond(require('./x.js')())",
      "api/x.js": "var _ = require('lodash'); module.exports = function () { return _.sum([1, 2]) + '' }",
    })
    expect((await server.ask(site, "/api")).text).toBe("3")
  })
})

describe("fazt", () => {
  const value = async (code: string) => JSON.parse((await run(`respond(200, ${code})`)).text)

  it("knows the site", async () => {
    const site = await server.deploy({ "api/main.js": "respond(200, [fazt.app.id, fazt.app.name, fazt.version])" })
    expect((await server.ask(site, "/api")).json).toEqual([site, site, version])
  })

  it("has the site's variables", async () => {
    const site = await server.deploy({
      "api/main.js":
        "respond(200, [fazt.env.get('A'), fazt.env.has('A'), fazt.env.has('B'), typeof fazt.env.get('B'), process.env.A, Object.keys(process.env)])",
    })
    await server.api("PUT", `/sites/${site}/env/A`, { value: "one" })
    expect((await server.ask(site, "/api")).json).toEqual(["one", true, false, "undefined", "one", ["A"]])
    await server.api("PUT", `/sites/${site}/env/A`, { value: "two" })
    expect((await server.ask(site, "/api")).json[0]).toBe("two")
  })

  it("logs", async () => {
    const site = await server.deploy({
      "api/main.js": "fazt.log.info('i', 1); fazt.log.warn('w'); fazt.log.error('e'); fazt.log.debug('d'); console.log('%s is %d', 'x', 5)",
    })
    await server.ask(site, "/api")
    expect(await server.logOf(site, /x is 5/)).toEqual(["info i 1", "warn w", "error e", "debug d", "log x is 5"])
  })

  it("keeps values", async () => {
    const site = await server.deploy({
      "api/main.js": `var kv = fazt.storage.kv
if (request.method === 'POST') { kv.set('a:1', { n: 1 }); kv.set('b', [1]); kv.set('t', 1, 60000); kv.delete('b'); kv.get('a:1').n }
else respond(200, { a: kv.get('a:1'), gone: typeof kv.get('b'), list: kv.list('a:'), same: fazt.app.kv.get('a:1').n, expires: kv.list('t')[0].expiresAt > Date.now() })`,
    })
    expect((await server.ask(site, "/api", { method: "POST" })).text).toBe("1")
    expect((await server.ask(site, "/api")).json).toEqual({
      a: { n: 1 },
      gone: "undefined",
      list: [{ key: "a:1", value: { n: 1 } }],
      same: 1,
      expires: true,
    })
  })

  it("keeps documents", async () => {
    const site = await server.deploy({
      "api/main.js": `var ds = fazt.storage.ds
if (request.method === 'POST') { var id = ds.insert('c', { n: 1, tags: ['x'] }); ds.insert('c', { id: 'two', n: 2 }); ds.update('c', { id: id }, { $inc: { n: 5 } }); id.length > 0 }
else respond(200, { six: ds.find('c', { n: { $gt: 5 } }).map(function (d) { return [d.n, typeof d.id, typeof d._createdAt, typeof d._updatedAt] }),
  two: ds.findOne('c', 'two').n, none: ds.findOne('c', 'none'), count: fazt.app.ds.count('c', {}), tagged: ds.find('c', { tags: { $contains: 'x' } }).length, deleted: ds.delete('c', {}) })`,
    })
    expect((await server.ask(site, "/api", { method: "POST" })).text).toBe("true")
    expect((await server.ask(site, "/api")).json).toEqual({
      six: [[6, "string", "number", "number"]],
      two: 2,
      none: null,
      count: 2,
      tagged: 1,
      deleted: 2,
    })
  })

  it("keeps objects, and answers with them", async () => {
    const site = await server.deploy({
      "api/main.js": `var s3 = fazt.storage.s3
if (request.method === 'POST') { s3.put('/a//b.bin', request.files.f.data, 'image/png'); respond(201) }
else if (request.query.as === 'base64') { var o = fazt.app.s3.get('a/b.bin'); respond(200, o.data, { 'Content-Type': o.mime }) }
else if (request.query.as === 'bytes') respond(200, s3.get('a/b.bin').arrayBuffer(), { 'Content-Type': 'x/y' })
else if (request.query.as === 'served') s3.serve('a/b.bin')
else if (request.query.as === 'respond') respond(200, s3.serve('a/b.bin'), { 'X-More': '1' })
else respond(200, [s3.get('none'), s3.list('a/').map(function (o) { return [o.path, o.mime, o.size, typeof o.updatedAt] })])`,
    })
    expect((await server.ask(site, "/api", multipart([{ name: "f", filename: "f", content: allBytes }]))).status).toBe(201)
    expect((await server.ask(site, "/api")).json).toEqual([null, [["a/b.bin", "image/png", 256, "number"]]])
    for (const as of ["base64", "bytes", "served", "respond"]) {
      const { body, status } = await server.ask(site, `/api?as=${as}`)
      expect([as, status, Buffer.compare(body, allBytes)]).toEqual([as, 200, 0])
    }
    expect((await server.ask(site, "/api?as=respond")).headers).toMatchObject({ "x-more": "1", "content-type": "image/png" })
    expect((await server.ask(site, "/api?as=served", { headers: { range: "bytes=1-3" } })).status).toBe(206)
  })

  it("calls other servers, but not this one", async () => {
    expect(
      await value("(function () { try { fazt.net.fetch('http://127.0.0.1/') } catch (e) { return [e instanceof Error, e.code] } })()"),
    ).toEqual([true, "NET_BLOCKED"])
    expect(await value("(function () { try { fazt.net.fetch('nonsense') } catch (e) { return e.message.length > 0 } })()")).toBe(true)
    expect(
      await value("(function () { try { fazt.net.fetch('http://a.b', { auth: 'x' }) } catch (e) { return /auth/.test(e.message) } })()"),
    ).toBe(true)
  })

  it("keeps what was written before a call that waits once only", async () => {
    const site = await server.deploy({
      "api/main.js":
        "fazt.storage.kv.incr('n'); console.log('once'); try { fazt.net.fetch('http://127.0.0.1/') } catch (e) {} respond(fazt.storage.kv.get('n') + '')",
    })
    expect([(await server.ask(site, "/api")).text, (await server.ask(site, "/api")).text]).toEqual(["1", "2"])
    expect(await server.logOf(site, /once/)).toEqual(["log once", "log once"])
  })
})

describe("what goes wrong", () => {
  it("is an error without its reason for the visitor, and with file and line for the owner", async () => {
    const site = await server.deploy({
      "api/main.js": "var a = 1\nvar b = require('./deep.js')\nb(a)",
      "api/deep.js": "module.exports = function (a) {\n  return null.secretField\n}",
    })
    const { status, headers, text, json } = await server.ask(site, "/api")
    expect([status, headers["content-type"], json.error.code]).toEqual([500, "application/json", "FUNCTION_FAILED"])
    expect(text).not.toMatch(/secretField|deep\.js|stack/)
    const [line] = await server.logOf(site, /TypeError/)
    expect(line).toMatch(/^error TypeError: .*secretField.*\n.*api\/deep\.js:2.*\n.*api\/main\.js:3/s)
  })

  it("is told to a browser as a page", async () => {
    const site = await server.deploy({ "api/main.js": "throw new Error('<b>secret</b>')" })
    const { headers, text } = await server.ask(site, "/api", { headers: { accept: "text/html,*/*" } })
    expect(headers["content-type"]).toBe("text/html; charset=utf-8")
    expect(text).not.toContain("secret")
  })

  it.each([
    ["a thrown text", "throw 'just text'", /just text/],
    ["a thrown object", "throw { a: 1 }", /\{"a":1\}/],
    ["a thrown nothing", "throw undefined", /Uncaught/],
    ["a promise that is rejected", "Promise.reject(new RangeError('rejected'))", /RangeError: rejected/],
    ["a promise that never settles", "new Promise(function () {})", /never/],
    ["a recursion without end", "function f() { return f() + 1 } f()", /nest too deeply|stack overflow|call stack/i],
  ])("is logged: %s", async (_, script, expected) => {
    const site = await server.deploy({ "api/main.js": script })
    expect((await server.ask(site, "/api")).status).toBe(500)
    await server.logOf(site, expected)
  })

  it("ends a loop without end", async () => {
    const site = await server.deploy({ "api/main.js": "if (request.query.loop) for (;;) {}\nrespond('fine')" })
    const { status, json } = await server.ask(site, "/api?loop=1")
    expect([status, json.error.code]).toEqual([504, "FUNCTION_TIMEOUT"])
    expect((await server.ask(site, "/api")).text).toBe("fine")
    await server.logOf(site, /functions\.cpu_ms/)
  })

  it("keeps nothing of what was written before", async () => {
    const site = await server.deploy({
      "api/main.js": "if (request.query.fail) { fazt.storage.kv.set('a', 1); throw new Error('x') } typeof fazt.storage.kv.get('a')",
    })
    expect((await server.ask(site, "/api?fail=1")).status).toBe(500)
    expect((await server.ask(site, "/api")).text).toBe("undefined")
  })

  it("leaves nothing behind in globals and prototypes", async () => {
    const site = await server.deploy({
      "api/main.js":
        "var before = [typeof leaked, ({}).polluted, Array.prototype.map.name]; leaked = 1; Object.prototype.polluted = 1; Array.prototype.map = null; respond(200, before)",
    })
    for (let i = 0; i < 3; i++) expect((await server.ask(site, "/api")).text).toBe('["undefined",null,"map"]')
  })
})

describe("where it answers", () => {
  it("is /api and below, beside static files", async () => {
    const site = await server.deploy({ "api/main.js": "request.path", "api/lib.js": "1", "index.html": "page", "api.html": "static" })
    expect((await server.ask(site, "/api")).text).toBe("/api")
    expect((await server.ask(site, "/api/")).text).toBe("/api/")
    expect((await server.ask(site, "/api/lib.js")).text).toBe("/api/lib.js")
    expect((await server.ask(site, "/")).text).toBe("page")
    expect((await server.ask(site, "/x/../api/main.js")).text).toBe("/api/main.js")
    expect((await server.ask(site, "//api/main.js")).text).toBe("/api/main.js")
    expect((await server.ask(site, "/apix")).status).toBe(404)
    expect((await server.ask(site, "/", { method: "POST" })).status).toBe(405)
  })

  it("needs no page beside it", async () => {
    const site = await server.deploy({ "api/main.js": "'alone'" })
    expect((await server.ask(site, "/api/x")).text).toBe("alone")
    expect((await server.ask(site, "/")).status).toBe(404)
  })

  it("answers HEAD without a body", async () => {
    const site = await server.deploy({ "api/main.js": "respond(200, 'abc', { 'X-M': request.method })" })
    const { status, text, headers } = await server.ask(site, "/api", { method: "HEAD" })
    expect([status, text, headers["content-length"], headers["x-m"]]).toEqual([200, "", "3", "HEAD"])
  })
})
