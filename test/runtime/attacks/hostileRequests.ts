/**
 * A program whose handler evaluates what it is sent, within reach of everything that a site's code can hold on to. `/probe`
 * answers with what it holds, `/world` with every object that can be reached, the built-in ones included.
 */
export const openProgram: Readonly<Record<string, string>> = {
  "lib.js": `
    export let visits = 0
    export const visit = () => ++visits
    export const shared = { list: [1, 2, 3], nested: { deep: { value: "untouched" } } }
    export class Registry { static entries = new Map([["first", 1]]); static #hidden = 1; static hide(n) { Registry.#hidden = n } static shown() { return Registry.#hidden } }
  `,
  "main.js": `
    import * as lib from "./lib.js"
    import { shared, visit, Registry } from "./lib.js"
    let counter = 0
    const table = new Map([["a", 1]])
    const set = new Set([1])
    const key = {}
    const weak = new WeakMap([[key, "kept"]])
    const typed = new Uint8Array([1, 2, 3])
    const pattern = /a/g
    const date = new Date(0)
    function* generate() { yield 1; yield 2; yield 3 }
    const generator = generate()
    const settled = Promise.resolve("settled")
    const errors = [new Error("old")]
    globalThis.left = { behind: true }

    /** Everything that can be reached from an object by its properties, written down. */
    const written = (root) => {
      const seen = new Map([[root, 0]])
      const all = [root]
      const lines = []
      const name = (value) => {
        if ((typeof value !== "object" || value === null) && typeof value !== "function") return typeof value + ":" + String(value)
        if (!seen.has(value)) { seen.set(value, all.length); all.push(value) }
        return "#" + seen.get(value)
      }
      for (let i = 0; i < all.length; i++) {
        const object = all[i]
        lines.push(i + " " + typeof object + " " + Object.isExtensible(object) + " " + name(Object.getPrototypeOf(object)))
        for (const property of Reflect.ownKeys(object)) {
          const { get, set, value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, property)
          lines.push(String(property) + [writable, enumerable, configurable, name(get), name(set), name(value)].join())
        }
      }
      return lines.join("\\n")
    }

    const probe = async (env) => JSON.stringify({
      counter, visits: lib.visits, shared, left: globalThis.left,
      table: [...table], set: [...set], weak: weak.get(key), typed: [...typed], pattern: pattern.lastIndex, date: date.getTime(),
      generator: generator.next(), settled: await settled, errors: errors.map(String),
      registry: [[...Registry.entries], Registry.shown()],
      secret: [env.SECRET, process.env.SECRET, fazt.env.get("SECRET"), Object.keys(process.env)],
      kv: kv.get("planted") ?? null, ds: ds.count("planted"), s3: s3.head("planted"),
      exported: Object.keys(exported), timers: setTimeout(() => {}, 1),
    })

    const exported = {
      marker: 1,
      async fetch(request, env, ctx) {
        const { pathname } = new URL(request.url)
        if (pathname === "/probe") return new Response(await probe(env))
        if (pathname === "/world") return new Response(written({ globalThis, exported, lib, env: { ...env } }))
        return await eval("(async () => {" + await request.text() + "\\n})()") ?? new Response("done")
      },
    }
    export default exported
  `,
}

/** How a hostile request ends. */
type End = "answers" | "fails" | "waits" | "anything"

/** What a request can do to those that come after it in the same sandbox. */
export const hostileRequests: ReadonlyArray<readonly [name: string, code: string, end: End]> = [
  ["sets globals", `globalThis.planted = 1; globalThis.left.behind = "changed"; globalThis.Object.planted = 1; var leaked = 1`, "answers"],
  [
    "deletes globals",
    `for (const name of Object.getOwnPropertyNames(globalThis)) if (!["Response", "Promise"].includes(name)) try { delete globalThis[name] } catch {}`,
    "anything",
  ],
  [
    "deletes kv, fazt, Map and Response",
    `delete globalThis.kv; delete globalThis.fazt; delete globalThis.Map; delete globalThis.Response`,
    "anything",
  ],
  [
    "patches Object.prototype",
    `Object.prototype.planted = "everywhere"; Object.prototype.toJSON = () => "evil"; Object.prototype.then = undefined`,
    "anything",
  ],
  [
    "patches Object.prototype with accessors",
    `Object.defineProperty(Object.prototype, "status", { get() { return 201 }, set() {}, configurable: true })`,
    "anything",
  ],
  [
    "patches Array.prototype",
    `Array.prototype.map = () => ["evil"]; Array.prototype.push = function () { return 0 }; Array.prototype[Symbol.iterator] = function* () { yield "evil" }`,
    "anything",
  ],
  [
    "patches Function.prototype",
    `Function.prototype.call = () => "evil"; Function.prototype.apply = () => "evil"; Function.prototype.bind = null; delete Function.prototype.toString`,
    "anything",
  ],
  [
    "patches Promise.prototype",
    `Promise.prototype.then = function () { return this }; Promise.resolve = () => ({ then() {} }); Promise.prototype.finally = 1`,
    "anything",
  ],
  [
    "patches RegExp.prototype",
    `RegExp.prototype.exec = () => ["evil"]; RegExp.prototype.test = () => true; RegExp.prototype[Symbol.replace] = () => "evil"`,
    "anything",
  ],
  [
    "patches String.prototype",
    `String.prototype.toWellFormed = () => "evil"; String.prototype.includes = () => true; String.prototype.split = () => []`,
    "anything",
  ],
  [
    "patches typed arrays, Map, Set, WeakMap and Proxy",
    `Uint8Array.prototype.set = null; Map.prototype.get = () => "evil"; Set.prototype.has = () => true; WeakMap.prototype.get = () => "evil"; globalThis.Proxy = null`,
    "anything",
  ],
  [
    "patches the iterators",
    `const proto = Object.getPrototypeOf([][Symbol.iterator]()); proto.next = () => ({ done: true }); Object.getPrototypeOf(generate).prototype.next = null`,
    "anything",
  ],
  ["replaces JSON.stringify and JSON.parse", `JSON.stringify = () => '[200,[]]'; JSON.parse = () => ({ evil: true })`, "anything"],
  [
    "replaces Date, Math and performance",
    `Date.now = () => 0; Math.random = () => 0.5; Math.floor = null; performance.now = () => -1; crypto.randomUUID = () => "0"`,
    "answers",
  ],
  ["replaces the console", `console.log = () => { throw 1 }; globalThis.console = null`, "answers"],
  [
    "replaces what kv, ds and s3 can do",
    `kv.get = () => "evil"; ds.count = () => 99; s3.head = () => "evil"; fazt.storage.kv.set = null; fazt.env = {}`,
    "answers",
  ],
  [
    "changes the web's classes",
    `Response.prototype.text = null; Headers.prototype.get = () => "evil"; Object.setPrototypeOf(Request.prototype, null); URL.parse = null; Response.json = null`,
    "anything",
  ],
  [
    "freezes Array.prototype and the globals",
    `Object.freeze(Array.prototype); Object.freeze(Object.prototype); Object.freeze(globalThis); Object.seal(Function.prototype)`,
    "anything",
  ],
  [
    "cuts prototypes off",
    `Object.setPrototypeOf(Array.prototype, null); Object.setPrototypeOf(exported, null); Object.setPrototypeOf(Map.prototype, Array.prototype)`,
    "anything",
  ],
  [
    "changes module variables",
    `counter = 99; table.clear(); table.set("b", 2); set.add(2); typed.fill(9); pattern.lastIndex = 5; date.setTime(5); generator.next(); errors.push(1)`,
    "answers",
  ],
  [
    "changes what imported modules hold",
    `visit(); visit(); shared.list.push(4); shared.nested.deep.value = "changed"; delete shared.nested`,
    "answers",
  ],
  [
    "changes class statics and private ones",
    `Registry.entries.set("second", 2); Registry.hide("found"); Registry.extra = 1; Registry.prototype.method = () => {}`,
    "answers",
  ],
  [
    "changes WeakMaps and collects garbage",
    `weak.set(key, "changed"); weak.delete(key); for (let i = 0; i < 1000; i++) weak.set({}, i); new WeakRef({}); new FinalizationRegistry(() => {}).register({}, 1)`,
    "answers",
  ],
  [
    "changes the default export",
    `exported.fetch = () => new Response("evil"); exported.marker = 2; exported.added = {}; Object.freeze(exported)`,
    "answers",
  ],
  [
    "changes env and process.env",
    `env.SECRET = "changed"; process.env.SECRET = "changed"; process.env.NEW = "planted"; delete process.env.PATH; globalThis.process = { env: {} }; env.kv = null`,
    "anything",
  ],
  [
    "leaves timers",
    `setTimeout(() => { counter++ }, 5); setInterval(() => { counter++ }, 1); setTimeout(() => { counter++ }, 1e6)`,
    "answers",
  ],
  ["leaves a hundred jobs", `for (let i = 0; i < 100; i++) Promise.resolve().then(() => { counter++ })`, "answers"],
  ["leaves jobs that make jobs", `let n = 0; const again = () => { if (n++ < 1000) Promise.resolve().then(again) }; again()`, "answers"],
  ["waits for a long time", `await new Promise((resolve) => setTimeout(resolve, 1e6))`, "waits"],
  [
    "is in the middle of something asynchronous",
    `const slow = async () => { for (let i = 0; i < 100; i++) { await new Promise((resolve) => setTimeout(resolve, 3)); counter++ } }; ctx.waitUntil(slow()); await slow()`,
    "waits",
  ],
  [
    "leaves an answered request that goes on",
    `ctx.waitUntil(new Promise(() => { setTimeout(() => { counter++ }, 4); setTimeout(() => { counter++ }, 1e6) }))`,
    "waits",
  ],
  [
    "derives a key",
    `const k = await crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]); await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(8), iterations: 200_000 }, k, 256)`,
    "waits",
  ],
  ["writes data", `kv.set("planted", 1); ds.insert("planted", { a: 1 }); s3.put("planted", "text")`, "answers"],
  ["throws", `throw new Error("thrown")`, "fails"],
  ["throws what is no error", `throw { toString() { throw 1 }, get message() { throw 2 } }`, "fails"],
  ["rejects where nobody looks", `Promise.reject(new Error("lost")); (async () => { throw 1 })()`, "answers"],
  ["never settles", `await new Promise(() => {})`, "fails"],
  ["runs for ever", `counter = 5; for (;;) counter++`, "fails"],
  ["runs for ever in a native callback", `[..."abc"].sort(() => { for (;;) table.set(counter++, 1) })`, "fails"],
  ["runs for ever in a getter of what it throws", `throw { get message() { for (;;); } }`, "fails"],
  ["runs for ever in promise jobs", `const again = () => Promise.resolve().then(again); await again()`, "fails"],
  ["runs for ever in a regular expression", `/^(a+)+$/.test("a".repeat(40) + "b")`, "fails"],
  ["recurses", `const down = () => down() + 1; down()`, "fails"],
  ["recurses and catches it", `const down = () => { try { return down() } catch { return down.length } }; down()`, "answers"],
  ["nests deeper than the thread's own stack", `eval("[".repeat(1e6))`, "fails"],
  ["nests parentheses", `eval("(".repeat(1e6))`, "fails"],
  ["nests templates", "eval('`${'.repeat(2e5))", "fails"],
  ["nests a regular expression", `new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("a")`, "anything"],
  ["runs out of memory", `const all = []; for (;;) all.push(new Uint8Array(1e6).fill(7))`, "fails"],
  ["runs out of memory with small objects", `let all = null; for (;;) all = { all, a: {}, b: [] }`, "fails"],
  [
    "runs out of memory and catches it",
    `const all = []; try { for (;;) all.push(new Uint8Array(1e6).fill(7)) } catch {} counter = 7`,
    "anything",
  ],
  ["grows its memory to the limit", `counter = 8; globalThis.big = new Uint8Array(24e6).fill(255)`, "anything"],
  ["doubles a string until it is refused", `let text = "ab"; for (;;) text += text.slice(1) + text`, "fails"],
  ["calls the host until it is refused", `for (;;) crypto.randomUUID()`, "fails"],
  ["logs until it is stopped", `for (;;) console.log("flood", counter++)`, "fails"],
  ["answers with more than it may", `return new Response(new Uint8Array(11e6))`, "fails"],
  ["compiles much code", `for (let i = 0; i < 50; i++) new Function("a", "return a + " + "1 + ".repeat(500) + i)(1)`, "answers"],
  ["makes symbols and atoms", `for (let i = 0; i < 5000; i++) { Symbol.for("planted" + i); shared["property" + i] = i }`, "answers"],
  [
    "makes shapes",
    `for (let i = 0; i < 2000; i++) { const o = {}; for (let j = 0; j < i % 17; j++) o["p" + i + j] = j; table.set(i, o) }`,
    "answers",
  ],
  [
    "sorts and splices arrays of every kind",
    `const a = Array.from({ length: 20000 }, (_, i) => (i * 7919) % 20011); a.sort((x, y) => x - y); a.splice(5, 9000); shared.list = a`,
    "answers",
  ],
  [
    "transfers and resizes buffers",
    `const b = new ArrayBuffer(8, { maxByteLength: 65536 }); b.resize(65536); b.transfer(); typed.buffer.transfer(); structuredClone(shared)`,
    "answers",
  ],
  [
    "imports modules while it runs",
    `const { visits } = await import("./lib.js"); await import("./nowhere.js").catch(() => {}); counter = visits + 3`,
    "answers",
  ],
]
