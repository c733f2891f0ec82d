import { beforeAll, describe, expect, it } from "vitest"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"

let guest: TestGuest
beforeAll(async () => {
  guest = await startGuest(await webPrelude())
})

describe("an incoming request", () => {
  it("has what the server was sent", async () => {
    expect(
      await guest.run(`
        const request = __test.incomingRequest("https://a.example/b?c=d", "POST", ["content-type", "application/json", "x-a", "1", "x-a", "2"], '{"e":1}')
        return [request.url, request.method, request.headers.get("X-A"), [...request.headers], request.bodyUsed, request instanceof Request, request.signal.aborted, request.redirect, await request.json(), request.bodyUsed, new URL(request.url).search]`),
    ).toEqual([
      "https://a.example/b?c=d",
      "POST",
      "1, 2",
      [
        ["content-type", "application/json"],
        ["x-a", "1, 2"],
      ],
      false,
      true,
      false,
      "follow",
      { e: 1 },
      true,
      "?c=d",
    ])
  })

  it.each([
    ["text", '"aä\\u0000"', "[...new Uint8Array(await request.arrayBuffer())]", [97, 195, 164, 0]],
    ["bytes", "new Uint8Array([104, 105, 0]).buffer", "(await request.text()).length", 3],
    ["nothing", "null", "[await request.text(), request.body, request.bodyUsed]", ["", null, false]],
    ["text as a stream", '"ab"', "[...(await request.body.getReader().read()).value]", [97, 98]],
    [
      "a form",
      '"a=1&b=2"',
      "[...await request.formData()]",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["a clone", '"ab"', "[await request.clone().text(), await request.text()]", ["ab", "ab"]],
    ["another made of it", '"ab"', '[await new Request("https://c.d", request).text(), request.bodyUsed]', ["ab", true]],
  ])("gives %s", async (_, body, read, expected) => {
    expect(
      await guest.run(
        `const request = __test.incomingRequest("https://a.b/", "POST", ["content-type", "application/x-www-form-urlencoded"], ${body}); return ${read}`,
      ),
    ).toEqual(expected)
  })

  it("has the signal that it is given", async () => {
    expect(
      await guest.run(
        'const c = new AbortController(); const r = __test.incomingRequest("https://a.b/", "GET", [], null, c.signal); c.abort("gone"); return [r.signal === c.signal, r.signal.reason]',
      ),
    ).toEqual([true, "gone"])
  })
})

describe("taking a response", () => {
  const taken = (response: string): Promise<unknown> =>
    guest.run(
      `const t = await __test.takeResponse(${response}); return { ...t, body: t.body instanceof ArrayBuffer ? [...new Uint8Array(t.body)] : t.body }`,
    )

  it.each([
    ["new Response('x')", { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: "x" }],
    ["new Response()", { status: 200, headers: [], body: null }],
    ["new Response(null, { status: 204 })", { status: 204, headers: [], body: null }],
    ["Response.json([1], { status: 201 })", { status: 201, headers: ["content-type", "application/json"], body: "[1]" }],
    ["Response.redirect('https://a.b/c')", { status: 302, headers: ["location", "https://a.b/c"], body: null }],
    ["Response.redirect('/c?d#e', 303)", { status: 303, headers: ["location", "/c?d#e"], body: null }],
    ["Response.redirect('/a\\\\b/../c ä')", { status: 302, headers: ["location", "/a/c%20%C3%A4"], body: null }],
    ["new Response(new Uint8Array([1, 0, 255]))", { status: 200, headers: [], body: [1, 0, 255] }],
    ["new Response('a\\0')", { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: [97, 0] }],
    ["new Response('\\ud800')", { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: [239, 191, 189] }],
    ["new Response('ä😀')", { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: "ä😀" }],
    [
      "new Response('', { headers: [['Set-Cookie', 'a=1'], ['set-cookie', 'b=2'], ['X', '1'], ['x', '2']] })",
      {
        status: 200,
        headers: ["set-cookie", "a=1", "set-cookie", "b=2", "x", "1", "x", "2", "content-type", "text/plain;charset=UTF-8"],
        body: "",
      },
    ],
    [
      "(() => { const r = new Response('x'); r.headers.set('a', '1'); r.headers.delete('content-type'); return r })()",
      { status: 200, headers: ["a", "1"], body: "x" },
    ],
    [
      "new Response(new ReadableStream({ async start(c) { await null; c.enqueue(new Uint8Array([1, 2])); c.enqueue(new Uint8Array([3])); c.close() } }))",
      { status: 200, headers: [], body: [1, 2, 3] },
    ],
    [
      "(() => { const r = new Response('x'); r.body; return r })()",
      { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: "x" },
    ],
    [
      "(() => { const r = new Response('x'); return new Response(r.body, r) })()",
      { status: 200, headers: ["content-type", "text/plain;charset=UTF-8"], body: "x" },
    ],
    [
      "new (class extends Response {})('x', { headers: { 'content-type': 'a/b' } })",
      { status: 200, headers: ["content-type", "a/b"], body: "x" },
    ],
    ["Response.error()", { status: 0, headers: [], body: null }],
  ])("%s", async (response, expected) => {
    expect(await taken(response)).toEqual(expected)
  })

  it("waits only for streams that somebody fills", async () => {
    expect(
      await guest.run(`
        const isPromise = (response) => __test.takeResponse(response) instanceof Promise
        const read = new Response("x"); read.body
        return [new Response("x"), new Response(new Uint8Array(1)), read, new Response(new Blob(["x"]).stream()), new Response(new ReadableStream({ start(c) { c.close() } }))].map(isPromise)`),
    ).toEqual([false, false, false, true, true])
  })

  it("refuses a body that has been used", async () => {
    expect(
      await guest.run(`
        const read = new Response("x"); await read.text()
        const locked = new Response("x"); locked.body.getReader()
        const taken = new Response("x"); __test.takeResponse(taken)
        return [read, locked, taken].map((response) => { try { return __test.takeResponse(response).body } catch (error) { return error.name } })`),
    ).toEqual(["TypeError", "TypeError", "TypeError"])
  })

  it("rejects with what a stream fails with", async () => {
    await expect(taken("new Response(new ReadableStream({ start(c) { c.error(new RangeError('broke')) } }))")).rejects.toThrow(
      /RangeError: broke/,
    )
    await expect(taken("new Response(new ReadableStream({ start(c) { c.enqueue('text'); c.close() } }))")).rejects.toThrow(
      /TypeError: A stream that is a body gives Uint8Arrays/,
    )
  })

  it("knows a Response from what only looks like one", async () => {
    expect(
      await guest.run(`
        class Mine extends Response {}
        return [new Response(), new Mine(), {}, null, undefined, "x", Object.create(Response.prototype), { status: 200, headers: new Headers() }, Response, new Request("https://a.b")].map(__test.isResponse)`),
    ).toEqual([true, true, false, false, false, false, false, false, false, false])
  })
})

describe("what the prelude puts on the global object", () => {
  it("takes no text for a URL before it has seen one", async () => {
    const fresh = await startGuest(await webPrelude())
    expect(await fresh.run('return URL.canParse("")')).toBe(false)
  })

  it("is not enumerable, can be replaced, and has its name", async () => {
    expect(
      await guest.run(`
        const own = Object.getOwnPropertyDescriptors(globalThis)
        const names = ["Response", "Headers", "URL", "fetch", "setTimeout", "structuredClone", "atob", "console", "crypto", "self", "queueMicrotask"]
        return [names.every((name) => own[name] && !own[name].enumerable && own[name].writable && own[name].configurable),
          names.filter((name) => typeof globalThis[name] === "function" && globalThis[name].name !== name), self === globalThis]`),
    ).toEqual([true, [], true])
  })

  it("shows user code nothing of its own", async () => {
    expect(
      await guest.run(`
        const request = __test.incomingRequest("https://a.b/", "GET", ["a", "1"], null)
        const things = [request, new Response("x"), new Headers({ a: "1" }), new URL("https://a.b"), new ReadableStream(), new AbortController()]
        return things.flatMap((thing) => [...Reflect.ownKeys(thing)])`),
    ).toEqual([])
  })
})
