import { format } from "node:util"
import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startGuest, type TestGuest, webPrelude } from "./guest.ts"

let guest: TestGuest
beforeAll(async () => {
  guest = await startGuest(await webPrelude())
})
beforeEach(() => {
  guest.lines.length = 0
})

const written = async (code: string): Promise<ReadonlyArray<string>> => {
  await guest.run(code)
  return guest.lines.map(({ level, text }) => `${level}: ${text}`)
}

describe("console.log shows what Node shows of", () => {
  it.each([
    "'text'",
    "'text', 5, true, null, undefined",
    "-0, 5n, NaN, Symbol('a')",
    "{ a: 1, b: 'x', c: [1, 2], 'd-e': { f: null } }",
    "[1, 'two', [3], {}]",
    "[]",
    "{}",
    "['it\\'s', 'say \"x\"', 'line\\nbreak']",
    "new Map([['a', 1], [{ b: 2 }, 'c']])",
    "new Set([1, 'x'])",
    "new Map(), new Set()",
    "new Date(0), /a+/g",
    "function named() {}, () => {}, class A {}, class B extends Map {}, async () => {}",
    "new (class Point { x = 1; y = 2 })()",
    "Object.create(null)",
    "Object.assign(Object.create(null), { a: 1 })",
    "{ get a() { return 1 }, set b(x) {}, get c() { return 1 }, set c(x) {} }",
    "{ [Symbol('s')]: 1 }",
    "[1, , 3, , ,]",
    "Object.assign([1], { x: 2 })",
    "new Uint8Array([1, 2])",
    "Promise.resolve ? 'promise' : 0",
    "Object(5), Object('x'), Object(true)",
    "new WeakMap()",
    "(() => { const a = { b: [] }; a.b.push(a); return a })()",
    "(() => { const a = {}; a.me = a; return [a, a] })()",
    "Array.from({ length: 3 }, (_, i) => 'a rather long piece of text, number ' + i)",
    "{ list: Array.from({ length: 4 }, (_, i) => ({ id: i, name: 'a name that is not short' })) }",
    "'%s is %d years and %i, %f', 'Bob', 42.5, 42.5, '1.5', 'more'",
    "'%j %%', { a: 1 }",
    "'%s', null, '%s'",
    "'100%', 5",
    "'%x %s', 'a'",
    "'%s %s', 'only one'",
    "'%c styled', 'color: red'",
    "'%d %i', '0x10', '12px'",
    "'%s', 5n, -0",
    "'%O', { a: { b: 1 } }",
    "5, '%s', 'x'",
    "'a', { b: 1 }",
  ])("%s", async (args) => {
    const expected = format(...(new Function(`return [${args}]`)() as [unknown]))
    expect(await written(`console.log(${args})`)).toEqual([`log: ${expected}`])
  })
})

describe("console", () => {
  it.each([
    ["console.info('a'); console.warn('b'); console.error('c'); console.debug('d')", ["info: a", "warn: b", "error: c", "debug: d"]],
    [
      "console.assert(true, 'a'); console.assert(false, 'b %s', 1); console.assert(0)",
      ["error: Assertion failed: b 1", "error: Assertion failed"],
    ],
    [
      "console.count(); console.count(); console.count('x'); console.countReset(); console.count()",
      ["log: default: 1", "log: default: 2", "log: x: 1", "log: default: 1"],
    ],
    [
      "console.group('a'); console.log('b\\nc'); console.group(); console.log('d'); console.groupEnd(); console.groupEnd(); console.log('e')",
      ["log: a", "log:   b\n  c", "log:     d", "log: e"],
    ],
    ["console.log()", ["log: "]],
    ["console.log('a\\0b', '\\ud800')", ["log: a\\x00b \ufffd"]],
    ["console.timeEnd('nope')", ["warn: Timer 'nope' does not exist"]],
    ["console.dir({ a: { b: { c: 1 } } }, { depth: 0 })", ["log: { a: [Object] }"]],
    [
      "console.table([{ a: 1, b: 'x' }, { a: 2 }])",
      [
        "log: ┌─────────┬───┬─────┐\n│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │ 'x' │\n│ 1       │ 2 │     │\n└─────────┴───┴─────┘",
      ],
    ],
    ["console.table(5)", ["log: 5"]],
    ["console.log(new URLSearchParams('a=1'))", ["log: URLSearchParams { a: '1' }"]],
    [
      "console.log(new Headers({ a: '1' }), new File(['x'], 'n', { lastModified: 1 }))",
      ["log: Headers { a: '1' } File { name: 'n', size: 1, type: '', lastModified: 1 }"],
    ],
    [
      "console.log(Response.json({}))",
      [
        "log: Response {\n  status: 200,\n  statusText: '',\n  ok: true,\n  headers: Headers { 'content-type': 'application/json' },\n  bodyUsed: false,\n  type: 'default',\n  url: ''\n}",
      ],
    ],
    ["console.log({ a: { b: { c: { d: { e: { f: 1 } } } } } })", ["log: { a: { b: { c: { d: { e: [Object] } } } } }"]],
  ] as ReadonlyArray<[string, ReadonlyArray<string>]>)("%s", async (code, lines) => {
    expect(await written(code)).toEqual(lines)
  })

  it("measures time", async () => {
    const [one, other] = await written("console.time('t'); console.timeLog('t', 'so far'); console.timeEnd('t')")
    expect(one).toMatch(/^log: t: \d+ms so far$/)
    expect(other).toMatch(/^log: t: \d+ms$/)
  })

  it("shows an error with its stack, its cause and what else it has", async () => {
    const [line] = await written(
      "function thrower() { return Object.assign(new TypeError('bad', { cause: new Error('deep') }), { code: 'E1' }) } console.log(thrower())",
    )
    expect(line).toMatch(/^log: TypeError: bad\n {4}at thrower .*/)
    expect(line).toContain("code: 'E1'")
    expect(line).toContain("[cause]: Error: deep")
  })

  it("says where it was called from with trace", async () => {
    const [line] = await written("function here() { console.trace('x', 1) } here()")
    expect(line).toMatch(/^debug: Trace: x 1\n {4}at here/)
  })

  it("never throws and never takes long, whatever it is to show", async () => {
    const lines = await written(`
      console.log(new Proxy({}, { ownKeys() { throw new Error("no") } }))
      console.log({ get a() { throw new Error("not called") } })
      const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => ["k" + i, { i }]))
      console.log(wide)
      let deep = {}
      for (let i = 0; i < 20000; i++) deep = { deep }
      console.log(deep)
      const everywhere = Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => ({}))))
      console.log(everywhere)`)
    expect(lines[0]).toBe("log: <cannot be shown: no>")
    expect(lines[1]).toBe("log: { a: [Getter] }")
    expect(lines.every((line) => line.length < 200_000)).toBe(true)
  })
})
