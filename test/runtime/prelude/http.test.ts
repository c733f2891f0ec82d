import { each, likeNode } from "./likeNode.ts"

likeNode("Headers", {
  ...each("const h = new Headers(_); return [[...h], h.get('a'), h.get('x')]", [
    { A: "1", b: "2" },
    [
      ["b", "2"],
      ["A", "1"],
      ["a", "3"],
    ],
    [["a"]],
    [],
    null,
    5,
    "ab",
    { "a b": "1" },
    { "": "1" },
    { a: "x\ny" },
    { a: "x\u0000y" },
    { a: "\t x \r\n" },
    { a: "€" },
    { a: "ÿ" },
    { a: 5 },
    { "set-cookie": "a=1" },
    { ä: "1" },
  ]),
  "of nothing": "[...new Headers()]",
  "of a Map": "[...new Headers(new Map([['a', 'b']]))]",
  "of others": "const a = new Headers({ a: '1' }); const b = new Headers(a); b.append('a', '2'); return [[...a], [...b]]",
  "names in any case":
    "const h = new Headers({ 'Content-TYPE': 'x' }); return [h.get('content-type'), h.has('CONTENT-type'), [...h.keys()]]",
  "append, set, delete":
    "const h = new Headers(); h.append('A', '1'); h.append('a', '2'); const one = h.get('a'); h.set('a', '3'); const two = h.get('a'); h.delete('A'); return [one, two, h.get('a'), h.has('a')]",
  "set in the middle": "const h = new Headers([['a','1'],['b','2'],['a','3'],['c','4']]); h.set('a', 'x'); return [...h]",
  "a value like a name": "const h = new Headers([['vary','accept'],['accept','x']]); h.delete('accept'); return [[...h], h.get('accept')]",
  "cookies stay apart":
    "const h = new Headers(); h.append('set-cookie', 'a=1'); h.append('Set-Cookie', 'b=2'); h.append('b', '1'); return [h.getSetCookie(), [...h], h.get('set-cookie')]",
  "no cookies": "new Headers().getSetCookie()",
  sorted: "[...new Headers({ z: '1', b: '2', a: '3', 'content-type': 'x' }).keys()]",
  forEach: "const all = []; new Headers({ b: '1', a: '2' }).forEach((v, k) => all.push(k, v)); return all",
  "an empty value": "const h = new Headers({ a: '' }); h.append('a', ''); return [h.get('a'), new Headers({ a: '' }).get('a')]",
  iterators: "const h = new Headers({ b: '1', a: '2' }); return [[...h.values()], [...h.entries()], Object.fromEntries(h)]",
  "wrong names":
    "const h = new Headers(); const all = []; for (const f of ['get', 'has', 'delete']) try { h[f]('a b'); all.push('fine') } catch (e) { all.push(e.name) } return all",
})

const shape = "[r.status, r.statusText, r.ok, r.type, r.url, r.redirected, r.bodyUsed, r.body === null, [...r.headers]]"

likeNode("Response", {
  ...each(`const [body, init] = _; const r = new Response(body, init); return [${shape}, await r.text(), r.bodyUsed]`, [
    ["x", { status: 201, statusText: "Made", headers: { a: "1" } }],
    [null, { status: 204 }],
    ["x", { status: 204 }],
    ["", { status: 304 }],
    ["x", { status: 199 }],
    ["x", { status: 600 }],
    ["x", { status: "404" }],
    ["x", { status: 200.7 }],
    ["x", { status: "nonsense" }],
    ["x", { statusText: "a\nb" }],
    ["x", { headers: { "content-type": "text/html" } }],
    ["x", { headers: { "access-control-allow-headers": "content-type" } }],
    ["x", { headers: { "bad name": "x" } }],
    [5, {}],
    [{ a: 1 }, {}],
    ["ä😀\u0000", {}],
    ["\ud800", {}],
    ["\ufeffx", {}],
  ]),
  "of nothing": `const r = new Response(); return [${shape}, await r.text(), r.bodyUsed]`,
  "of bytes": `const r = new Response(new Uint8Array([97, 98, 99]).subarray(1)); return [${shape}, await r.text()]`,
  "bytes are copied": "const b = new Uint8Array([97]); const r = new Response(b); b[0] = 98; return r.text()",
  "of URLSearchParams": `const r = new Response(new URLSearchParams('a=1&b=ä')); return [${shape}, await r.text()]`,
  "of a Blob": `const r = new Response(new Blob(['x'], { type: 'Text/X' })); return [${shape}, await r.text()]`,
  "of a Blob without a type": `const r = new Response(new Blob(['x'])); return [${shape}, await r.text()]`,
  "of a stream": `const r = new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('ab')); c.enqueue(new TextEncoder().encode('c')); c.close() } })); return [${shape}, await r.text(), r.bodyUsed]`,
  "of a stream of text": "await new Response(new ReadableStream({ start(c) { c.enqueue('ab'); c.close() } })).text()",
  "of a stream that fails": "await new Response(new ReadableStream({ start(c) { c.error(new RangeError('x')) } })).text()",
  "of a locked stream": "const s = new ReadableStream(); s.getReader(); new Response(s)",
  "of another as init": `const a = new Response('x', { status: 201, headers: { a: '1' } }); const r = new Response(a.body, a); return [${shape}, await r.text(), a.bodyUsed]`,
  json: `const r = Response.json({ a: [1] }, { status: 201, headers: { b: '2' } }); return [${shape}, await r.json()]`,
  "json with its own type": `const r = Response.json(1, { headers: { 'content-type': 'x/y' } }); return [${shape}]`,
  "json with nothing else": `const r = Response.json(null); return [${shape}, await r.text()]`,
  "json of nothing": "Response.json(undefined)",
  "json of a function": "Response.json(() => 1)",
  redirect: `const r = Response.redirect('https://a.b/ä', 301); return [${shape}]`,
  "redirect by default": `const r = Response.redirect('https://a.b'); return [${shape}]`,
  "redirect with another status": "Response.redirect('https://a.b', 200)",
  "redirect to nonsense": "Response.redirect('nonsense')",
  error: `const r = Response.error(); return [${shape}]`,
  clone:
    "const a = new Response('x', { status: 201, headers: { a: '1' } }); const b = a.clone(); b.headers.set('a', '2'); return [await a.text(), await b.text(), b.status, a.headers.get('a'), b.headers.get('a')]",
  "clone of a stream":
    "const a = new Response(new ReadableStream({ start(c) { c.enqueue(new Uint8Array([97])); c.close() } })); const b = a.clone(); return [await a.text(), await b.text()]",
  "clone after use": "const r = new Response('x'); await r.text(); r.clone()",
  "clone of no body": "const r = new Response(null); return (await r.clone().text())",
  "read twice": "const r = new Response('x'); await r.text(); await r.text()",
  "no body read twice": "const r = new Response(); return [await r.text(), await r.text(), r.bodyUsed]",
  "json that is none": "await new Response('{').json()",
  "json of no body": "await new Response().json()",
  arrayBuffer: "const b = await new Response('ä').arrayBuffer(); return [b instanceof ArrayBuffer, [...new Uint8Array(b)]]",
  bytes: "[...await new Response(new Uint8Array([1, 2])).bytes()]",
  blob: "const b = await new Response('x', { headers: { 'content-type': 'text/html' } }).blob(); return [b.type, b.size, await b.text()]",
  "the body's stream":
    "const r = new Response('abc'); const all = []; for await (const c of r.body) all.push(...c); return [all, r.bodyUsed]",
  "the same stream each time":
    "const r = new Response('abc'); return [r.body === r.body, r.body.locked, r.bodyUsed, await r.text(), r.body.locked || r.bodyUsed]",
  "a locked body": "const r = new Response('abc'); r.body.getReader(); await r.text()",
  "a cancelled body": "const r = new Response('abc'); await r.body.cancel(); return r.bodyUsed",
  "a body after use": "const r = new Response('abc'); await r.text(); return [r.body !== null, r.bodyUsed]",
  "an empty body": "const r = new Response(''); const read = await r.body.getReader().read(); return [r.body === null, read.done]",
  tag: "[String(new Response), Response.name, new Response() instanceof Response]",
  "a subclass":
    "class R extends Response { get x() { return 1 } } const r = new R('y', { status: 202 }); return [r.x, r.status, await r.text(), r instanceof Response]",
})

const asked =
  "[r.url, r.method, [...r.headers], r.redirect, r.bodyUsed, r.body === null, r.signal.aborted, r.signal instanceof AbortSignal]"

likeNode("Request", {
  ...each(`const r = new Request('https://a.b/c', _); return [${asked}, await r.text()]`, [
    {},
    { method: "post", body: "x" },
    { method: "patch", body: "x" },
    { method: "DELETE" },
    { method: "get", body: "x" },
    { method: "HEAD", body: "x" },
    { body: "x" },
    { method: "CONNECT" },
    { method: "a b" },
    { method: "PURGE" },
    { headers: { A: "1" } },
    { method: "POST", body: "x", headers: { "Content-Type": "a/b" } },
    { redirect: "manual" },
    { redirect: "nonsense" },
    { method: "POST", body: null },
  ]),
  ...each("return new Request(_).url", ["https://a.b", "HTTPS://A.b:443/x?y#z", "/relative", "", "https://user:pw@a.b"]),
  "of a URL": "new Request(new URL('https://a.b/c')).url",
  "of another": `const a = new Request('https://a.b', { method: 'POST', body: 'x', headers: { b: '1' } }); const r = new Request(a); return [${asked}, await r.text(), a.bodyUsed]`,
  "of another with changes": `const a = new Request('https://a.b', { method: 'POST', body: 'x', headers: { b: '1' } }); const r = new Request(a, { body: 'y', headers: { c: '2' }, method: 'PUT' }); return [${asked}, await r.text(), a.bodyUsed]`,
  "of a used one": "const a = new Request('https://a.b', { method: 'POST', body: 'x' }); await a.text(); new Request(a)",
  "with another as init": `const a = new Request('https://a.b', { method: 'PUT', headers: { b: '1' }, redirect: 'manual' }); const r = new Request('https://c.d', a); return [${asked}]`,
  clone:
    "const a = new Request('https://a.b', { method: 'POST', body: 'x' }); const b = a.clone(); return [await a.text(), await b.text(), b.method, b.url]",
  "clone after use": "const a = new Request('https://a.b', { method: 'POST', body: 'x' }); await a.text(); a.clone()",
  "a signal":
    "const c = new AbortController(); const r = new Request('https://a.b', { signal: c.signal }); c.abort(5); return [r.signal.aborted, r.signal.reason, new Request(r).signal.aborted]",
  "not a signal": "new Request('https://a.b', { signal: {} })",
  "no signal": "new Request('https://a.b', { signal: null }).signal.aborted",
  "what browsers ask":
    "const r = new Request('https://a.b'); return [r.mode, r.credentials, r.cache, r.referrer, r.referrerPolicy, r.integrity, r.keepalive, r.destination, r.duplex]",
  json: "await new Request('https://a.b', { method: 'POST', body: '[1]' }).json()",
  "headers can be changed":
    "const r = new Request('https://a.b'); r.headers.set('a', '1'); return [r.headers.get('a'), r.headers === r.headers]",
  tag: "String(new Request('https://a.b'))",
})
