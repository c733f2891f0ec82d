import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type FormServer, formServer } from "../support/forms.ts"

let server: FormServer
beforeAll(async () => {
  server = await formServer()
})
afterAll(() => server.stop())

describe("a script main.js of Fazt 0.8", () => {
  it.each<[string, string, number, string, string | undefined]>([
    ["that sends nothing", "var a = 1 // no res.send", 200, "", undefined],
    ["res.send", "res.send('<p>hi</p>')", 200, "<p>hi</p>", "text/html; charset=utf-8"],
    ["res.send of a number", "res.send(5)", 200, "5", "text/html; charset=utf-8"],
    ["res.send of nothing", "res.send()", 200, "", "text/html; charset=utf-8"],
    ["res.send of bytes", "res.send(new Uint8Array([65, 66]))", 200, "AB", "application/octet-stream"],
    ["res.json", "res.json({ a: [1] })", 200, '{"a":[1]}', "application/json"],
    ["res.json of null", "res.json(null)", 200, "null", "application/json"],
    ["res.status alone", "res.status(204)", 204, "", undefined],
    ["a chain", "res.status(201).header('X-A', '1').json({ ok: true })", 201, '{"ok":true}', "application/json"],
    ["a chain that begins with the body", "res.send('x').status(404)", 404, "x", "text/html; charset=utf-8"],
    ["a header after the body", "res.json(1); res.header('Content-Type', 'text/plain')", 200, "1", "text/plain"],
    ["the last of several bodies", "res.json({}); res.send('last')", 200, "last", "text/html; charset=utf-8"],
    ["text beyond ASCII, with U+0000", "res.send('ä\\0😀')", 200, "ä\0😀", "text/html; charset=utf-8"],
    ["a value that is not the answer", "res.send('this'); 'not this'", 200, "this", "text/html; charset=utf-8"],
    ["a hashbang", "#!/usr/bin/env fazt\nres.send('x')", 200, "x", "text/html; charset=utf-8"],
  ])("answers with %s", async (_, script, status, text, type) => {
    // Without a mention of `res` it would be a page's script, if a page loaded it.
    const answer = await server.ask(await server.deploy({ "main.js": script }))
    expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([status, text, type])
  })

  it("finds the request", async () => {
    const site = await server.deploy({ "main.js": "res.json(req)" })
    const { json } = await server.ask(site, "/a%20b?x=1&x=%20", {
      method: "POST",
      body: '{"a":1}',
      headers: { cookie: "c=1", "content-type": "application/json" },
    })
    expect(json).toMatchObject({ method: "POST", path: "/a b", query: "x=1&x=%20", body: '{"a":1}' })
    expect(json.headers).toMatchObject({ Cookie: "c=1", "Content-Type": "application/json" })
    expect((await server.ask(site, "/")).json).toMatchObject({ method: "GET", path: "/", query: "", body: "" })
  })

  it("handles every path and method, whatever files there are", async () => {
    const site = await server.deploy({
      "main.js": "res.send(req.method + ' ' + req.path)",
      "index.html": "page",
      "style.css": "a {}",
      "404.html": "none",
      _redirects: "/old /new",
    })
    for (const path of ["/", "/index.html", "/style.css", "/main.js", "/api", "/api/x", "/old", "/none"]) {
      expect((await server.ask(site, path)).text).toBe(`GET ${path}`)
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      expect((await server.ask(site, "/", { method })).text).toBe(`${method} /`)
  })

  it("keeps values in db", async () => {
    const site = await server.deploy({
      "main.js": `var before = db.get('n')
if (req.path === '/delete') db.delete('n'); else db.set('n', { count: (before ? before.count : 0) + 1 })
res.json([before, db.get('n'), kv.get('none') === undefined])`,
    })
    expect((await server.ask(site)).json).toEqual([null, { count: 1 }, true])
    expect((await server.ask(site)).json).toEqual([{ count: 1 }, { count: 2 }, true])
    expect((await server.ask(site, "/delete")).json).toEqual([{ count: 2 }, null, true])
    expect((await server.ask(site)).json).toEqual([null, { count: 1 }, true])
  })

  it("has sockets, variables and a console", async () => {
    const site = await server.deploy({
      "main.js":
        "console.log('said', req.path); console.error('bad'); socket.broadcast({ a: 1 }); res.json([socket.clients(), process.env.KEY, typeof process.env.NONE])",
    })
    await server.api("PUT", `/sites/${site}/env/KEY`, { value: "v" })
    expect((await server.ask(site, "/x")).json).toEqual([0, "v", "undefined"])
    expect(await server.logOf(site, /bad/)).toEqual(["log said /x", "error bad"])
  })

  it("calls other servers and waits; what may not be called is an error in the answer", async () => {
    const site = await server.deploy({
      "main.js": `db.set('n', (db.get('n') || 0) + 1)
var a = fetch('http://127.0.0.1:1/', { method: 'POST', headers: { 'X-A': 1 }, body: { a: 1 } })
var b = fetch('http://localhost/')
var c = fetch('nonsense', null)
res.json([a, b, c].map(function (x) { return [Object.keys(x), typeof x.error] }).concat([db.get('n')]))`,
    })
    const refused = [["error"], "string"]
    expect((await server.ask(site)).json).toEqual([refused, refused, refused, 1])
    expect((await server.ask(site)).json[3]).toBe(2)
  })

  it("fails with 500, and the owner finds the line", async () => {
    const site = await server.deploy({ "main.js": "res.send('lost')\nboom()\n" })
    const { status, text } = await server.ask(site)
    expect([status, text.includes("boom")]).toEqual([500, false])
    expect(await server.logOf(site, /ReferenceError/)).toEqual([expect.stringMatching(/^error ReferenceError: .*boom.*\n.*main\.js:2/s)])
  })

  it.each([
    ["a header with a line break", "res.header('X-A', 'a\\nb').send('x')"],
    ["a status out of range", "res.status(42).send('x')"],
    ["a status that is no number", "res.status('x').send('x')"],
  ])("fails with 500 for %s", async (_, script) => {
    expect((await server.ask(await server.deploy({ "main.js": script }))).status).toBe(500)
  })

  it("ends after its time", async () => {
    const site = await server.deploy({ "main.js": "res.send('x'); while (true) {}" })
    expect((await server.ask(site)).status).toBe(504)
  })

  it("gives way to api/main.js", async () => {
    const site = await server.deploy({ "main.js": "res.send('old')", "api/main.js": "respond('new')", "index.html": "page" })
    expect((await server.ask(site, "/api")).text).toBe("new")
    expect((await server.ask(site, "/")).text).toBe("page")
    expect((await server.ask(site, "/main.js")).status).toBe(404)
  })
})
