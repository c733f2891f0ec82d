import { likeNode } from "./likeNode.ts"

likeNode("structuredClone", {
  "plain things": "structuredClone([1, 'x', null, true, { a: { b: [1] } }])",
  "undefined, NaN, -0 and BigInt":
    "const c = structuredClone([undefined, NaN, -0, 5n]); return [c[0] === undefined, Object.is(c[1], NaN), Object.is(c[2], -0), c[3] === 5n]",
  "a copy": "const a = { b: {} }; const c = structuredClone(a); return [c === a, c.b === a.b]",
  cycles:
    "const a = { list: [] }; a.self = a; a.list.push(a); const c = structuredClone(a); return [c.self === c, c.list[0] === c, c === a]",
  "things met twice": "const x = {}; const c = structuredClone({ a: x, b: x }); return c.a === c.b",
  Map: "const m = new Map([[{ k: 1 }, new Set([1, 2])]]); m.set('me', m); const c = structuredClone(m); return [c instanceof Map, c.size, c.get('me') === c, [...[...c][0][1]], [...c][0][0].k]",
  Date: "const c = structuredClone(new Date(5)); return [c instanceof Date, c.getTime()]",
  RegExp: "const r = /a+/gi; r.lastIndex = 3; const c = structuredClone(r); return [c.source, c.flags, c.lastIndex]",
  "typed arrays":
    "const b = new Uint8Array([1, 2, 3, 4]).buffer; const c = structuredClone({ a: new Uint8Array(b, 1, 2), d: new DataView(b), f: new Float64Array([1.5]), b }); return [[...c.a], c.a.byteOffset, c.a.buffer === c.b, c.d.getUint8(3), c.d.buffer === c.b, c.f[0], c.b.byteLength]",
  errors:
    "const e = new RangeError('m', { cause: { a: 1 } }); e.extra = 1; const c = structuredClone(e); return [c instanceof RangeError, c.name, c.message, c.cause, c.extra === undefined, typeof c.stack]",
  "errors of one's own":
    "class Mine extends Error { name = 'Mine' } const c = structuredClone(new Mine('m')); return [c.name, c instanceof Error, c.message]",
  "boxed things":
    "const c = structuredClone([Object(5), Object('x'), Object(true), Object(5n)]); return [typeof c[0], c[0] + 1, c[1] + 'y', c[2].valueOf(), typeof c[3]]",
  "holes in a list": "const c = structuredClone([1, , 3]); return [c.length, 1 in c]",
  "a list with a name on it": "const a = [1]; a.x = 2; return structuredClone(a).x",
  "instances of classes":
    "class A { b = 1; #c = 2; get d() { return 3 } } const c = structuredClone(new A()); return [c, c.constructor === Object]",
  "getters of its own": "structuredClone({ get a() { return 5 } })",
  "symbols as names": "Object.getOwnPropertySymbols(structuredClone({ [Symbol('a')]: 1, b: 2 })).length",
  "__proto__ as a name":
    "const c = structuredClone(JSON.parse('{\"__proto__\": 1}')); return [Object.keys(c), Object.getPrototypeOf(c) === Object.prototype]",
  "a function": "structuredClone(() => 1)",
  "a function inside": "structuredClone({ a: [function () {}] })",
  "a symbol": "structuredClone(Symbol('a'))",
  "a WeakMap": "structuredClone(new WeakMap())",
  "a Promise": "structuredClone(Promise.resolve())",
  "a Response": "structuredClone(new Response())",
  "the code of the error": "try { structuredClone(() => 1) } catch (e) { return [e.name, e.code, e instanceof DOMException] }",
  "transferred buffers":
    "const b = new Uint8Array([1, 2]).buffer; const c = structuredClone({ b }, { transfer: [b] }); return [b.byteLength, [...new Uint8Array(c.b)]]",
  "a transferred view":
    "const u = new Uint8Array([1, 2]); const c = structuredClone(u, { transfer: [u.buffer] }); return [u.length, [...c]]",
  "transferring twice": "const b = new ArrayBuffer(1); structuredClone(b, { transfer: [b, b] })",
  "a DOMException": "const c = structuredClone(new DOMException('m', 'AbortError')); return [c.name, c.message, c instanceof DOMException]",
  "an object without a prototype": "structuredClone(Object.assign(Object.create(null), { a: 1 }))",
})
