/** What an object leads to by way of its constructors: always this very realm, in which there is no Node. */
const reach = `const reach = (from) => {
  const F = Object(from).constructor?.constructor
  if (typeof F !== "function") return "nowhere"
  const found = F("return [this === globalThis, typeof process, Object.keys(process).join(), typeof process.version, typeof require, typeof module]")()
  return found.join(" ") === "true object env undefined undefined undefined" ? "here" : found.join(" ")
}
const caught = (run) => { try { return run() } catch (error) { return error } }
const settled = async (run) => { try { return await run() } catch (error) { return error } }
`

/**
 * Ways out of other sandboxes, and into objects of the host, as bodies of async functions; with what they come to here. Where it
 * is about an object, "here" means that it belongs to the guest itself.
 */
const reaching: ReadonlyArray<readonly [name: string, code: string, result: unknown]> = [
  ["this", `return reach(this)`, "here"],
  ["the global object", `return reach(globalThis)`, "here"],
  [
    "the handler's arguments",
    `return [request, env, ctx, ctx.waitUntil, env.kv, env.fazt].map(reach)`,
    ["here", "nowhere", "here", "here", "here", "here"],
  ],
  [
    "what the host has put in",
    `return [kv, ds, s3, fazt, fetch, console, crypto, crypto.subtle, setTimeout, process, URL, navigator].map(reach)`,
    Array(12).fill("here"),
  ],
  [
    "functions of the host, called strangely",
    `return [kv.get.call(null, "a"), Reflect.apply(kv.get, globalThis, ["a"]), caught(() => new kv.get("a")), kv.get.bind({})("a")].map(reach)`,
    ["nowhere", "nowhere", "here", "nowhere"].map(() => "here"),
  ],
  [
    "the host's refusals",
    `return [() => kv.set("", 1), () => kv.set("a", 1n), () => kv.set("a\\0", 1), () => ds.insert("!", {}), () => s3.put("a", {}), () => new URL("bad"), () => crypto.getRandomValues(new Uint8Array(70000)), () => atob("!"), () => new TextDecoder("no"), () => kv.list({ limit: -1 })].map((run) => { const e = caught(run); return [e instanceof Error, reach(e)].join() })`,
    Array(10).fill("true,here"),
  ],
  [
    "what the host rejects with",
    `const all = [() => fetch("http://127.0.0.1/"), () => fetch("bad:"), () => crypto.subtle.digest("MD5", new Uint8Array(1)), () => import("node:fs")]; const out = []; for (const run of all) { const e = await settled(run); out.push([e instanceof Error, reach(e)].join()) } return out`,
    Array(4).fill("true,here"),
  ],
  [
    "promises of the host",
    `const p = fetch("http://127.0.0.1/"); p.catch(() => {}); return [p.constructor === Promise, p instanceof Promise, reach(p)]`,
    [true, true, "here"],
  ],
  ["a stack overflow", `const down = () => down(); const e = caught(down); return [e instanceof Error, reach(e)]`, [true, "here"]],
  [
    "a stack overflow inside a call of the host",
    `let e; const down = () => { try { down() } catch (x) { e ??= caught(() => kv.get("a")) } kv.get("a") }; caught(down); return reach(e ?? {})`,
    "here",
  ],
  [
    "memory that runs out",
    `const all = []; const e = caught(() => { for (;;) all.push(new Uint8Array(4e6)) }); all.length = 0; return [e instanceof Error, reach(e)]`,
    [true, "here"],
  ],
  [
    "the caller of a function",
    `function f() { const { callee } = Object.getOwnPropertyDescriptors(arguments); return [() => f.caller, () => f.arguments, () => callee.value ?? callee.get.call(arguments)].map((get) => { const found = caught(get); return found == null || found === f || found instanceof Error }) } return f()`,
    [true, true, true],
  ],
  [
    "async functions, generators and their constructors",
    `return [async () => {}, function* () {}, async function* () {}].map((f) => { const r = caught(() => f.constructor("return typeof process.version")()); return r instanceof Promise || typeof r === "object" })`,
    [true, true, true],
  ],
  [
    "what async functions of all kinds return",
    `const F = (async () => {}).constructor; return await F("return typeof process.version + typeof require")()`,
    "undefinedundefined",
  ],
  ["Function", `return Function("return typeof process.version + typeof require + typeof module")()`, "undefinedundefinedundefined"],
  [
    "eval",
    `return [eval("typeof require"), (0, eval)("typeof require"), (0, eval)("this === globalThis")]`,
    ["undefined", "undefined", true],
  ],
  [
    "process.binding and the like",
    `return ["binding", "dlopen", "mainModule", "_linkedBinding", "getBuiltinModule", "exit", "kill", "cwd", "argv", "constructor"].map((name) => typeof process[name])`,
    [...Array(9).fill("undefined"), "function"],
  ],
  [
    "names of other hosts",
    `return ["require", "module", "exports", "global", "Buffer", "__dirname", "WebAssembly", "SharedArrayBuffer", "Atomics", "Worker", "postMessage", "Deno", "Bun", "std", "os", "bjson", "print", "scriptArgs", "gc", "quit", "load", "read", "XMLHttpRequest", "window", "document", "localStorage", "__call", "__start", "__ops", "__fazt", "__stdlib"].filter((name) => name in globalThis)`,
    [],
  ],
  [
    "shared memory by other names",
    `return [caught(() => new ArrayBuffer(8).constructor.constructor("return typeof SharedArrayBuffer")()), caught(() => Object.getPrototypeOf(Int32Array).prototype.buffer) instanceof Error]`,
    ["undefined", true],
  ],
  [
    "modules that are none of the site's",
    `const names = ["node:fs", "fs", "std", "os", "qjs:std", "/etc/passwd", "file:///etc/passwd", "../../../../etc/passwd", "./../main.js", "data:text/javascript,export default 1", "http://127.0.0.1/x.js", "fazt:lodash/../../x", "lodash/../../../etc/passwd", "!x", "", ".", "..", "./", "//etc/passwd", "main.js\\u0000.txt", "__proto__", "constructor", "<start>"]; const opened = []; for (const name of names) { const m = await settled(() => import(name)); if (!(m instanceof Error)) opened.push(name) } return opened`,
    [],
  ],
  [
    "modules with strange names",
    `const opened = []; for (const name of [{ toString() { return "node:fs" } }, Symbol.iterator, null, ["node:fs"], "x".repeat(1e6), "\\ud800"]) { const m = await settled(() => import(name)); if (!(m instanceof Error)) opened.push(String(name)) } return opened`,
    [],
  ],
  [
    "import.meta",
    `const m = await import("./meta.js"); return [Object.keys(m.meta), typeof m.meta.url, typeof m.meta.dirname, typeof m.meta.resolve]`,
    [[], "undefined", "undefined", "undefined"],
  ],

  // Published escapes out of vm2, by what they rely on.
  [
    "vm2: prepareStackTrace hands out call sites (CVE-2022-36067)",
    `Error.prepareStackTrace = (_, sites) => sites; globalThis.Error.prepareStackTrace = Error.prepareStackTrace; const e = caught(() => kv.set("", 1)); const s = new Error("x").stack; const sites = [e.stack, s].flatMap((x) => (Array.isArray(x) ? x : [])); return sites.flatMap((c) => [c?.getThis?.(), c?.getFunction?.()]).filter((x) => x !== undefined && reach(x) !== "here").length`,
    0,
  ],
  [
    "vm2: prepareStackTrace in an async stack overflow (CVE-2023-29017)",
    `Error.prepareStackTrace = (e, sites) => { e.sites = sites; return "x" }; const f = async () => { await f() }; const e = await settled(async () => { const g = () => g(); g() }); return [typeof e.stack, reach(e), reach(e.sites ?? {})]`,
    ["string", "here", "here"],
  ],
  [
    "vm2: errors of the host that were not wrapped (CVE-2023-29199)",
    `const e = caught(() => { try { null.x } catch (inner) { throw new Proxy(inner, { getPrototypeOf() { throw inner } }) } }); return reach(caught(() => e instanceof Error))`,
    "here",
  ],
  [
    "vm2: a proxy's getPrototypeOf that throws (CVE-2023-30547)",
    `const trap = new Proxy({}, { getPrototypeOf() { const e = new Error(); e.name = { toString: new Proxy(() => "", { apply(t, self, args) { const F = args.constructor.constructor; throw new Error(typeof F("return process")().version) } }) }; return e.stack } }); return caught(() => { throw trap }) === trap && caught(() => Object.getPrototypeOf(trap)) instanceof Error`,
    true,
  ],
  [
    "vm2: console and inspect of a proxy (CVE-2023-32314)",
    `console.log(new Proxy({}, { get(t, k, r) { t.seen = reach(r); return undefined }, getOwnPropertyDescriptor() { throw new Error("trapped") }, ownKeys() { return ["a"] } })); return "logged"`,
    "logged",
  ],
  [
    "vm2: nodejs.util.inspect.custom (CVE-2023-37903)",
    `let given; const o = { [Symbol.for("nodejs.util.inspect.custom")]: (depth, options, inspect) => { given = inspect; return "x" } }; console.log(o); console.dir(o); new Error("x", { cause: o }); return typeof given`,
    "undefined",
  ],
  [
    "vm2: promises of a species (CVE-2023-37466)",
    `let seen = []; class P extends Promise { constructor(run) { super((a, b) => { seen.push(reach(a)); run(a, b) }) } static get [Symbol.species]() { return function (run) { run((v) => seen.push(reach(v)), (v) => seen.push(reach(v))); return {} } } } const p = fetch("http://127.0.0.1/"); p.constructor = P; await settled(() => p.then(1, 2)); Promise.prototype.then.call(p, undefined, (e) => seen.push(reach(e))); await new Promise((r) => setTimeout(r, 20)); return seen.every((x) => x === "here" || x === "nowhere")`,
    true,
  ],
  [
    "vm2: a replaced Promise.prototype.then (CVE-2026-22709)",
    `const { then } = Promise.prototype; const seen = []; Promise.prototype.then = function (a, b) { seen.push(reach(this), reach(a ?? {}), reach(b ?? {})); return then.call(this, a, b) }; await settled(async () => { await fetch("http://127.0.0.1/") }); Promise.prototype.then = then; return seen.every((x) => x === "here")`,
    true,
  ],
  [
    "vm2: Symbol.hasInstance and toPrimitive with the host's values",
    `let seen = []; const o = { [Symbol.toPrimitive](hint) { seen.push(typeof hint); return "a" } }; caught(() => kv.get(o)); caught(() => kv.set("a", 1, o)); caught(() => new URL(o)); return seen.every((x) => x === "string")`,
    true,
  ],
  ["vm2: WebAssembly.JSTag and exceptions from wasm", `return typeof WebAssembly`, "undefined"],
  [
    "vm2: an array's species while the host reads it",
    `class A extends Array { static get [Symbol.species]() { return function () { return { get length() { return reach(this) === "here" ? 0 : 1 } } } } } return caught(() => new Headers(A.from([["a", "b"]])).get("a"))`,
    "b",
  ],
  [
    "vm2: Function.prototype.call replaced",
    `const seen = []; const { call } = Function.prototype; Function.prototype.call = function (...a) { seen.push(reach(this)); return Reflect.apply(this, a[0], a.slice(1)) }; kv.get("a"); new Response("x"); console.log(1); Function.prototype.call = call; return seen.every((x) => x === "here")`,
    true,
  ],
]

/** Values that the host must neither trip over nor run. */
const feeding: ReadonlyArray<readonly [name: string, code: string, result: unknown]> = [
  [
    "__proto__ in a value of kv",
    `kv.set("p", JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}')); const v = kv.get("p"); return [({}).polluted, Object.hasOwn(v, "__proto__"), v.polluted, Object.getPrototypeOf(v) === Object.prototype]`,
    [null, true, null, true],
  ],
  [
    "__proto__ as a key of kv",
    `for (const k of ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString"]) { kv.set(k, { k }); kv.incr(k + "n") } return [kv.list("__proto__").map((i) => i.key), kv.get("toString").k, kv.get("valueOf"), ({}).k]`,
    [["__proto__", "__proto__n"], "toString", null, null],
  ],
  [
    "__proto__ in documents",
    `ds.insert("c", JSON.parse('{"id":"1","__proto__":{"polluted":1},"a":{"__proto__":{"polluted":2}}}')); const [d] = ds.find("c"); return [({}).polluted, d?.polluted, d?.a?.polluted]`,
    [null, null, null],
  ],
  [
    "__proto__ in a query",
    `ds.insert("c", { id: "1", a: 1 }); return [caught(() => ds.find("c", JSON.parse('{"__proto__":{"a":1}}'))), caught(() => ds.count("c", JSON.parse('{"a":{"__proto__":1}}'))), caught(() => ds.find("c", JSON.parse('{"__proto__.polluted":1}'))), ({}).polluted].map((x) => (x instanceof Error || (Array.isArray(x) ? x.length : x) === 0 || x === undefined ? "nothing" : x))`,
    ["nothing", "nothing", "nothing", "nothing"],
  ],
  [
    "__proto__ in changes of documents",
    `ds.insert("c", { id: "1", a: 1 }); for (const change of ['{"$set":{"__proto__.polluted":1}}', '{"$set":{"__proto__":{"polluted":1}}}', '{"$set":{"constructor.prototype.polluted":1}}', '{"$inc":{"__proto__.polluted":1}}', '{"$push":{"__proto__.polluted":1}}', '{"$unset":{"__proto__.toString":1}}', '{"__proto__":{"polluted":1}}']) caught(() => ds.update("c", { id: "1" }, JSON.parse(change))); const d = ds.findOne("c", "1"); return [({}).polluted, d.polluted, typeof d.toString]`,
    [null, null, "function"],
  ],
  [
    "__proto__ in options",
    `return [caught(() => ds.find("c", {}, JSON.parse('{"__proto__":{"limit":1},"sort":{"__proto__":1}}'))), caught(() => kv.list(JSON.parse('{"__proto__":{"prefix":"x"}}'))), ({}).limit].map((x) => x instanceof Error ? "refused" : Array.isArray(x) || typeof x === "object" ? "nothing" : x)`,
    ["refused", "nothing", null],
  ],
  [
    "names of collections that objects have",
    `for (const c of ["__proto__", "constructor", "toString"]) ds.insert(c, { a: 1 }); return [ds.collections().sort(), ds.count("hasOwnProperty")]`,
    [["__proto__", "constructor", "toString"], 0],
  ],
  [
    "a field of documents as SQL",
    `ds.insert("c", { id: "1", a: 1 }); return ["a') OR 1=1 --", 'a"', "a'", "a.b.c", "$[0]", "a[0]", "a\\u0000b", "x".repeat(5000), "', (SELECT 1)) --"].map((f) => { const n = caught(() => ds.count("c", { [f]: "x" })); const i = caught(() => ds.index("c", f)); const s = caught(() => ds.find("c", {}, { sort: f }).length); return [n, s].every((x) => x instanceof Error || x === 0 || x === 1) && (i instanceof Error || typeof i === "boolean") && n !== 1 })`,
    Array(9).fill(true),
  ],
  [
    "__proto__ in requests",
    `const h = new Headers([["__proto__", "a"]]); const u = new URLSearchParams("__proto__=1&constructor=2"); const f = new FormData(); f.append("__proto__", "1"); return [({}).a, h.get("__proto__"), u.get("__proto__"), f.get("__proto__"), Object.keys(structuredClone(JSON.parse('{"__proto__":{"x":1}}')))]`,
    [null, "a", "1", "1", ["__proto__"]],
  ],
  [
    "messages to WebSockets with __proto__",
    `return caught(() => fazt.realtime.broadcast("__proto__", JSON.parse('{"__proto__":{"polluted":1}}'))) ?? ({}).polluted ?? "sent"`,
    "sent",
  ],
  [
    "getters and proxies as arguments",
    `const p = new Proxy({}, { get() { throw new TypeError("trap") }, ownKeys() { throw new TypeError("trap") } }); const all = [() => kv.get(p), () => kv.set(p, 1), () => kv.set("a", p), () => kv.list(p), () => ds.insert(p, {}), () => ds.insert("c", p), () => ds.find("c", p), () => ds.update("c", {}, p), () => s3.put(p, "x"), () => s3.put("a", p), () => s3.serve(p), () => new URL(p), () => new Headers(p), () => new Response("x", p), () => new Request("http://a/", p), () => structuredClone(p), () => crypto.getRandomValues(p), () => fazt.realtime.broadcast(p, p), () => ctx.waitUntil(p), () => setTimeout(p), () => new TextDecoder(p), () => atob(p), () => new Blob(p)]; return all.map((run) => { const e = caught(run); return e instanceof Error && !["TypeError", "RangeError", "InvalidCharacterError", "TypeMismatchError", "DataCloneError"].includes(e.name) ? e.name + String(run) : 0 }).filter(Boolean)`,
    [],
  ],
  [
    "a proxy and a throwing accessor that are logged",
    `console.log(new Proxy({}, { ownKeys() { throw new TypeError("trap") } }), { get a() { throw 1 } }, "%s %d %o", { toString() { throw 1 } }); return "logged"`,
    "logged",
  ],
  [
    "values that change between two looks",
    `let n = 0; const key = { toString: () => "k" + n++ }; const e = caught(() => kv.set(key, 1)); const o = { get a() { return n++ } }; kv.set("o", o); return [e instanceof TypeError, typeof kv.get("o").a, Object.keys(kv.get("o"))]`,
    [true, "number", ["a"]],
  ],
  [
    "code that runs while arguments are made ready",
    `const seen = []; const v = { toJSON() { kv.set("inner", 1); seen.push(kv.get("inner")); crypto.randomUUID(); return { nested: kv.get("inner") } } }; kv.set("outer", v); return [seen, kv.get("outer")]`,
    [[1], { nested: 1 }],
  ],
  [
    "numbers that are none",
    `const all = [NaN, Infinity, -Infinity, -1, 2 ** 53, 1e308, -0, 1n, "5", {}, null]; const bad = []; for (const n of all) for (const run of [() => kv.set("a", 1, n), () => kv.set("a", 1, { ttl: n }), () => kv.incr("n", n), () => kv.list({ limit: n }), () => ds.deleteOldest("c", n), () => ds.find("c", {}, { limit: n, offset: n }), () => s3.list({ limit: n }), () => crypto.getRandomValues(new Uint8Array(8), n), () => setTimeout(() => {}, n), () => new Response("", { status: n })]) { const e = caught(run); if (e instanceof Error && !["TypeError", "RangeError", "Error", "SyntaxError"].includes(e.name)) bad.push(e.name) } return bad`,
    [],
  ],
  [
    "a detached buffer",
    `const b = new ArrayBuffer(8); b.transfer(); const view = (() => { const c = new ArrayBuffer(8); const v = new Uint8Array(c); c.transfer(); return v })(); return [() => s3.put("a", b), () => s3.put("a", view), () => new TextDecoder().decode(b), () => crypto.getRandomValues(view), () => new Response(b), () => new Blob([b])].map((run) => { const e = caught(run); return e.name === "TypeError" || e instanceof DOMException || !(e instanceof Error) })`,
    Array(6).fill(true),
  ],
  [
    "a buffer that is detached meanwhile",
    `const b = new ArrayBuffer(16); const p = crypto.subtle.digest("SHA-256", b); b.transfer(0); const d = new Uint8Array(await p).length; const c = new ArrayBuffer(8); const o = { toString() { c.transfer(); return "a" } }; const e = caught(() => s3.put(o, c)); return [d, e instanceof Error]`,
    [32, true],
  ],
  [
    "a buffer that grows and shrinks",
    `const b = new ArrayBuffer(8, { maxByteLength: 1 << 20 }); const v = new Uint8Array(b); b.resize(1 << 20); v.fill(65); s3.put("grown", v); b.resize(4); const t = new TextDecoder().decode(v); b.resize(0); const e = await settled(() => crypto.subtle.digest("SHA-1", v)); return [s3.head("grown").size, t, e.byteLength]`,
    [1048576, "AAAA", 20],
  ],
  [
    "a view over the end of its buffer",
    `const b = new ArrayBuffer(64, { maxByteLength: 64 }); const v = new Uint8Array(b, 32, 32); b.resize(40); const r = caught(() => { s3.put("view", v); return s3.head("view").size }); return r instanceof Error || r === 0`,
    true,
  ],
  [
    "texts that are no texts",
    `kv.set("s", "\\ud800\\0x"); const all = ["\\0", "a\\0b", "\\ud800", "\\u2028", "x".repeat(2000)]; const out = [kv.get("s")]; for (const k of all) out.push(caught(() => { kv.set(k, 1); return kv.get(k) }) instanceof Error || kv.get(k) === 1); return out`,
    ["\ud800\0x", true, true, true, true, true],
  ],
  [
    "many arguments",
    `return [caught(() => kv.get("a", ...new Array(60000).fill("x"))), caught(() => console.log(...new Array(60000).fill(1))), caught(() => Math.max(...new Array(65000).fill(1)))].map((x) => x instanceof Error ? "refused" : x)`,
    [null, null, 1],
  ],
  [
    "no arguments",
    `return [kv.get, kv.set, kv.delete, kv.incr, kv.cas, ds.insert, ds.findOne, ds.update, ds.delete, s3.put, s3.get, s3.head, s3.delete, s3.serve, atob, setTimeout, fazt.realtime.broadcast].map((f) => caught(() => f()) instanceof Error)`,
    Array(17).fill(true),
  ],
]

export const escapes = reaching.map(
  ([name, code, result]) => [name, `${reach} return Response.json(await (async () => {${code}})())`, result] as const,
)
export const foreignValues = feeding.map(
  ([name, code, result]) => [name, `${reach} return Response.json(await (async () => {${code}})())`, result] as const,
)

/** What a request can break of what the entry script is made with, before it uses what leads to the host. */
export const brokenTools: ReadonlyArray<readonly [name: string, code: string]> = [
  [
    "the iterator of arrays",
    `Array.prototype[Symbol.iterator] = function () { const all = [1n, { toString() { throw 1 } }, null, Symbol(), -1]; let i = 0; return { next: () => ({ value: all[i % 5], done: i++ > 5 }) } }`,
  ],
  ["the iterator of arrays, with too few", `Array.prototype[Symbol.iterator] = function () { return { next: () => ({ done: true }) } }`],
  [
    "the iterator of arrays, with too many",
    `Array.prototype[Symbol.iterator] = function () { let i = 0; return { next: () => ({ value: "x", done: i++ > 10000 }) } }`,
  ],
  ["JSON.stringify, which gives an object", `JSON.stringify = () => ({ toString() { throw 1 } })`],
  ["JSON.stringify, which gives no JSON", `JSON.stringify = () => "{{{"`],
  ["JSON.stringify, which gives something else", `JSON.stringify = () => '{"url":5,"method":[],"headers":{},"redirect":null}'`],
  ["JSON.parse", `JSON.parse = () => null`],
  ["String", `globalThis.String = () => ({ toString() { throw 1 } })`],
  ["Number", `globalThis.Number = () => ({ valueOf() { throw 1 } })`],
  ["toWellFormed and isWellFormed", `String.prototype.toWellFormed = () => 5; String.prototype.isWellFormed = () => true`],
  ["includes and replaceAll", `String.prototype.includes = () => false; String.prototype.replaceAll = () => Symbol()`],
  ["join", `Array.prototype.join = () => ({ toString() { throw 1 } })`],
  ["Map", `Map.prototype.get = () => ({ toString() { throw 1 } }); Map.prototype.set = Map.prototype.has = () => { throw 1 }`],
  ["WeakSet and WeakMap", `WeakSet.prototype.has = () => true; WeakMap.prototype.get = () => 1`],
  ["Array.isArray and Object.entries", `Array.isArray = () => true; Object.entries = () => [[1n, {}]]; Object.hasOwn = () => true`],
  ["Number.isInteger", `Number.isInteger = () => true; Number.isFinite = () => true; Number.isSafeInteger = () => true`],
  ["Promise", `globalThis.Promise = function () { return {} }; Promise.prototype.then = 5`],
  ["Error", `globalThis.Error = function () { return { get message() { throw 1 } } }; globalThis.TypeError = Error`],
  [
    "the regular expressions",
    `RegExp.prototype.test = () => true; RegExp.prototype.exec = () => null; RegExp.prototype[Symbol.match] = () => 1`,
  ],
  [
    "typed arrays",
    `Object.getPrototypeOf(Uint8Array).prototype.set = () => {}; Object.defineProperty(Object.getPrototypeOf(Uint8Array).prototype, "buffer", { get: () => ({}) }); globalThis.Uint8Array = Array`,
  ],
  [
    "ArrayBuffer",
    `ArrayBuffer.isView = () => true; ArrayBuffer.prototype.slice = () => "x"; Object.defineProperty(ArrayBuffer.prototype, "byteLength", { get: () => -1 })`,
  ],
  ["Object.prototype", `Object.defineProperty(Object.prototype, "then", { get() { return (resolve) => resolve(5) }, set() {} })`],
  ["Symbol.iterator of strings", `String.prototype[Symbol.iterator] = function* () { yield 1n }`],
  ["Math and Date", `Math.trunc = Math.floor = Math.max = Math.min = () => ({}); Date.now = () => ({ valueOf() { throw 1 } })`],
  [
    "Proxy and Reflect",
    `globalThis.Proxy = null; Reflect.ownKeys = () => [Symbol()]; Reflect.get = () => { throw 1 }; Reflect.apply = null`,
  ],
]

/** Then it uses all that leads to the host. */
export const useEverything = `
  const uses = [
    () => console.log("x", { a: 1 }), () => console.table([{ a: 1 }]), () => console.error(new Error("x")), () => kv.set("a", { b: 1 }), () => kv.get("a"), () => kv.list("a"), () => kv.cas("a", 1, 2), () => kv.incr("n"),
    () => ds.insert("c", { a: 1 }), () => ds.find("c", { a: 1 }, { limit: 1 }), () => ds.update("c", { a: 1 }, { $set: { b: 1 } }), () => ds.index("c", "a"), () => ds.collections(), () => ds.deleteOldest("c", 5),
    () => s3.put("a", "x"), () => s3.put("b", new Uint8Array(8)), () => s3.get("a").text(), () => s3.list(""), () => s3.serve("a"), () => s3.head("a"),
    () => new URL("http://a/b?c").href, () => { new URL("http://a/").pathname = "/x" }, () => new TextEncoder().encode("ä"), () => new TextDecoder().decode(new Uint8Array([65])), () => atob(btoa("x")),
    () => crypto.randomUUID(), () => crypto.getRandomValues(new Uint8Array(8)), () => crypto.subtle.digest("SHA-256", new Uint8Array(8)), () => Math.random(), () => performance.now(),
    () => crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"]).then((k) => crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, k, new Uint8Array(8))),
    () => setTimeout(() => {}, 1), () => clearTimeout(1), () => fetch("http://127.0.0.1/"), () => fazt.realtime.broadcast("a", 1), () => fazt.realtime.count("a"), () => fazt.realtime.kick("x"), () => fazt.env.get?.("A"), () => process.env.A, () => env.SECRET,
    () => new Response("a=b", { headers: { "content-type": "multipart/form-data; boundary=x" } }).formData(), () => structuredClone({ a: [1] }), () => reportError(new Error("x")), () => ctx.waitUntil(1), () => fazt.log?.info?.("x"),
  ]
  for (let i = 0; i < uses.length; i++) { try { const p = uses[i](); p?.catch?.(() => {}) } catch {} }
`
