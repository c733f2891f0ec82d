import { runInNewContext } from "node:vm"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { asCompletionFunction } from "../../../src/runtime/code/completion.ts"
import { parseScript } from "../../../src/runtime/code/parse.ts"

/** What the engine of Node itself says that a script's value is; functions and errors by what tells them apart. */
const expected = (code: string): unknown => shown(() => runInNewContext(code, {}))

const actual = (code: string): unknown => {
  const parsed = parseScript("main.js", code)
  if ("problem" in parsed) throw new Error(parsed.problem.message)
  return shown(() => runInNewContext(`${asCompletionFunction(code, parsed.program)}.call(this)`, {}))
}

const shown = (run: () => unknown): unknown => {
  try {
    const value = run()
    return typeof value === "function" ? "a function" : [typeof value, JSON.stringify(value)]
  } catch (error) {
    return `throws ${(error as Error).name}`
  }
}

const scripts: ReadonlyArray<string> = [
  "",
  ";",
  "1",
  "1;;",
  "1; var a = 2",
  "1; let a = 2; const b = 3; class C {}",
  "1; function f() { 2 }",
  "function f() { return 3 } f()",
  "f(); function f() { return 'hoisted' }",
  "(function () { return { status: 201 } })()",
  "(() => 1)",
  "x = 5",
  "var a = 1\na++\na",
  "var a = 1\n++a",
  "var a = [1]\n;[a[0], 2]",
  "var a = 1; a\n/2/1",
  "`ab`",
  "1\n{ }",
  "1\n{ 2 }",
  "({ a: 1 })",
  "{ a: 1 }",
  "1, 2",
  "'use strict'",
  "'use strict'; this === undefined",
  "'use strict'\nx = 1",
  "'a'; 'b'",
  "'a'; 'use strict'; x = 1",
  '"a"\n"use strict"\nvar b = 1',
  "'a' + 'b'",
  "('use strict'); x = 1",
  "#!/usr/bin/env fazt\n'use strict'\nx = 1",
  "#!/usr/bin/env fazt\n4",
  "if (true) 1; else 2",
  "if (false) 1\nelse 2",
  "5; if (false) 1",
  "5; if (true) { }",
  "if (1) { 1 } else if (2) { 2 }",
  "if (0) { 1 } else if (2) { 2 } else { 3 }",
  "if (0) { 1 } else if (0) { 2 }",
  "if (1) var a = 1",
  "5; for (var i = 0; i < 3; i++) i",
  "5; for (var i = 0; i < 0; i++) i",
  "for (var i = 0; i < 3; i++) if (i === 1) i * 10",
  "for (var i = 0; i < 3; i++) { i; if (i === 1) break }",
  "for (var i of [1, 2, 3]) { i; continue }",
  "for (var i in { a: 1, b: 2 }) i",
  "for (let i of []) i",
  "var n = 3; while (n) n--",
  "var n = 0; do n++; while (n < 3) n",
  "do { 1; break; 2 } while (0)",
  "var i = 0; while (true) { i; if (i++ > 2) break }",
  "outer: for (;;) { for (;;) { 2; break outer } }",
  "a: { 1; break a; 2 }",
  "a: b: { 1; break a }",
  "a: for (var i of [1, 2]) { for (var j of [3]) { j; continue a } }",
  "a: function f() {}",
  "switch (2) { case 1: 1; case 2: 2; case 3: 3 }",
  "switch (2) { case 1: 1; break; case 2: 2; break; default: 3 }",
  "5; switch (9) { case 1: 1 }",
  "5; switch (1) { }",
  "switch (1) { case 1: { 7 } }",
  "5; try { } finally { 2 }",
  "try { 1 } finally { 2 }",
  "try { 1; throw 2 } catch (e) { e }",
  "try { 1; throw 2 } catch { }",
  "try { 1; throw 2 } catch (e) { e } finally { 3 }",
  "do { try { 39 } catch (e) { 0 } finally { 42; break } } while (false)",
  "do { try { 39 } finally { break } } while (false)",
  "do { try { 39 } finally { try { 1 } finally { 2; break } } } while (false)",
  "try { 1 } finally { if (true) 2 }",
  "try { null.x } catch (e) { e.name }",
  "throw new RangeError('x')",
  "null.x",
  "with ({ a: 6 }) a",
  "with ({ a: 6 }) { }",
  "var respond = (b) => ({ status: 200, body: b }); respond('x')",
  "this === globalThis",
  "eval('1;{}')",
  "new Date(0).getTime()",
  "async function f() {} f() instanceof Promise",
  "debugger",
  "1; debugger",
  "/a/.test('a')",
  "// only a comment",
  "1 // a comment at the end",
  "1 /* }) */",
  "1 <!-- an HTML comment",
  "undefined",
  "void 0",
  "typeof x",
  "delete this.x",
]

describe("the value of a script that has become a function", () => {
  it.each(scripts)("%j", (code) => {
    expect(actual(code)).toEqual(expected(code))
  })

  it("is that of the script itself, however its statements are nested", () => {
    fc.assert(
      fc.property(program, (code) => {
        expect(actual(code), code).toEqual(expected(code))
      }),
      { numRuns: 500 },
    )
  })

  it("leaves every line where it was", () => {
    const code = "#!x\nif (1) {\n  for (;;) {\n    try { throw 1 } catch { boom() }\n  }\n}"
    const parsed = parseScript("main.js", code)
    if ("problem" in parsed) throw new Error(parsed.problem.message)
    const made = asCompletionFunction(code, parsed.program)
    expect(made.split("\n").findIndex((line) => line.includes("boom"))).toBe(3)
  })
})

/** Statements of all kinds in each other, with loops that end. `inLoop` allows `continue`. */
const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  block: fc.array(tie("statement"), { maxLength: 3 }).map((all) => `{ ${all.join("\n")} }`),
  statement: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.integer({ min: 1, max: 99 }).map((n) => `${n};`),
    fc.constantFrom("", ";", "var v = 1;", "if (n % 2) break out;", "if (n % 3) n;", "break out;", "n++;", "'text'"),
    tie("block"),
    fc
      .tuple(fc.constantFrom("true", "false", "n % 2"), tie("block"), fc.option(tie("block")))
      .map(([test, then, other]) => (other === null ? `if (${test}) ${then}` : `if (${test}) ${then} else ${other}`)),
    tie("block").map((body) => `for (var i${body.length} of [1, 2]) ${body}`),
    tie("block").map((body) => `out: do ${body} while (false)`),
    tie("block").map((body) => `for (let k = 0; k < 2; k++) { ${body} if (n++ % 2) continue; k }`),
    tie("block").map((body) => `out: ${body}`),
    fc.tuple(tie("block"), tie("block")).map(([a, b]) => `switch (n % 3) { case 0: ${a} case 1: ${b} break; default: n }`),
    fc.tuple(tie("block"), tie("block")).map(([a, b]) => `try ${a} catch (e) ${b}`),
    fc.tuple(tie("block"), tie("block")).map(([a, b]) => `try { n++; throw 1 } catch (e) ${a} finally ${b}`),
    fc.tuple(tie("block"), tie("block")).map(([a, b]) => `try ${a} finally ${b}`),
  ),
}))

/** A label may not stand inside itself, so each of those inside gets a name of its own. */
const program = fc.array(statement, { maxLength: 4 }).map((all) => {
  let labels = 0
  const nested = all.join("\n").replaceAll(/out: /g, () => `out${labels++}: `)
  // A `break` leaves some label around it, or the one around all.
  return `var n = 1\nout: { ${nested} }`
})
