import { describe, expect, it } from "vitest"
import { detectServerCode, serverCodeOf } from "../../../src/runtime/code/detect.ts"
import { filesOf } from "../../../src/runtime/code/files.ts"
import { problemText } from "../../../src/runtime/code/problem.ts"

type Files = Readonly<Record<string, string>>

/** `form entry scope`, `none`, or the problem. */
const detect = (files: Files): string => {
  const detected = detectServerCode(filesOf(files))
  if ("problem" in detected) return problemText(detected.problem)
  const { server } = detected
  return server === undefined ? "none" : `${server.form} ${server.entry} ${server.scope}`
}

const page = `<script src="/main.js" defer></script>`

describe("a deploy's server code", () => {
  it.each<[string, Files, string]>([
    ["no code at all", { "index.html": "" }, "none"],
    ["a default export", { "main.js": "export default { fetch() {} }" }, "module main.js site"],
    ["a default export of a class", { "main.mjs": "export default class {}" }, "module main.mjs site"],
    ["a default export as bundlers write it", { "main.js": "var a = {}; export { a as default }" }, "module main.js site"],
    ["a default export of another file", { "main.js": `export { default } from "./app.js"`, "app.js": "" }, "module main.js site"],
    ["TypeScript", { "main.ts": "export default { fetch(r: Request): void {} }" }, "module main.ts site"],
    ["a byte order mark", { "main.js": "\uFEFFexport default {}" }, "module main.js site"],
    [
      "what was built beside its source",
      { "main.ts": `import "hono"; export default {}`, "main.js": "export default {}" },
      "module main.js site",
    ],
    ["a module in api/", { "api/main.js": "export default { fetch() {} }" }, "module api/main.js api"],
    ["TypeScript in api/", { "api/main.ts": "const n: number = 1; export default {}" }, "module api/main.ts api"],
    ["a script in api/", { "api/main.js": "respond({ ok: true })" }, "api api/main.js api"],
    ["a script in api/ that is TypeScript", { "api/main.ts": "const n: number = 1\nrespond(n)" }, "api api/main.ts api"],
    ["sloppy code in api/", { "api/main.js": "with (request) respond(path)" }, "api api/main.js api"],
    ["0.8 server code", { "main.js": "res.json({ path: req.path })" }, "legacy main.js site"],
    ["0.8 server code that answers nothing", { "main.js": "console.log(1)" }, "legacy main.js site"],
    ["0.8 server code beside a page", { "main.js": "res.send('hi')", "index.html": page }, "legacy main.js site"],
    ["0.8 server code with a library for both", { "main.js": "var w = window.x; res.send(w)" }, "legacy main.js site"],
    ["a script that uses the document", { "main.js": "document.title = 'x'" }, "none"],
    ["a script that uses it inside a function", { "main.js": "(function(){ for (const a of b) { localStorage.x = a } })()" }, "none"],
    ["a module that is not one of ours", { "main.js": `import "./a.js"; document.title = ""` }, "none"],
    ["a script that a page loads", { "main.js": "console.log('hello')", "index.html": page }, "none"],
    ["a module that a page loads", { "main.js": "export default document.body", "index.html": page }, "none"],
    ["a language of its own that a page loads", { "main.js": "<jsx/>", "index.html": page }, "none"],
    ["another file", { "src/main.js": "export default {}", "_worker.js": "export default {}" }, "none"],
    ["both, one of them for the browser", { "api/main.js": "respond(1)", "main.js": "document.title = 1" }, "api api/main.js api"],
  ])("is recognised: %s", (_, files, expected) => {
    expect(detect(files)).toBe(expected)
  })

  it.each<[string, string]>([
    ["// document", "legacy"],
    ["/* window.x */ var s = 'document.title' + `localStorage`", "legacy"],
    ["var document = {}; document.title = 1", "legacy"],
    ["function f(window) { return window.x } f(1)", "legacy"],
    ["var f = ({ document }) => document; f({})", "legacy"],
    ["try { x() } catch (window) { window.x }", "legacy"],
    ["x.document.title", "legacy"],
    ["var o = { document: 1, window() {} }", "legacy"],
    ["window: for (;;) { break window }", "legacy"],
    ["var a = typeof window", "legacy"],
    ["class document {} new document()", "legacy"],
    ["{ function document() {} } document()", "legacy"],
    ["var { a = document } = {}", "none"],
    ["var { [window.x]: a } = {}", "none"],
    ["{ let document = 1 } document.title", "none"],
    ["function f() { var document } document.title", "none"],
    ["x[document.title]", "none"],
    ["var o = { document }", "none"],
    ["`$" + "{document.title}`", "none"],
    ["class A { static { document.title } }", "none"],
    ["class A { x = window.y }", "none"],
    ["for (const a in window) {}", "none"],
    ["label: document.title", "none"],
    ["(window) => 1; window.x", "none"],
    ["window.res = 1; (function (res) { res.send() })()", "none"],
    ["res = document.title; res.send", "none"],
  ])("is told from a browser's by what it takes from outside: %s", (code, expected) => {
    expect(detect({ "main.js": code }).split(" ")[0]).toBe(expected)
  })

  it.each<[string, Files, string]>([
    ["a syntax error", { "main.js": "const a = 1\nconst b = ;" }, "main.js:2:11: Unexpected token."],
    ["a syntax error in a module", { "api/main.js": "export default {\n  fetch( { }\n}" }, "api/main.js:3:1: Unexpected token."],
    [
      "a module in api/ that exports nothing",
      { "api/main.js": "export const a = 1" },
      "api/main.js:1:1: This ES module has no default export",
    ],
    ["an enum", { "api/main.ts": "let a\n  enum A {}\nexport default {}" }, "api/main.ts:2:3: TypeScript enum is not supported"],
    ["broken TypeScript", { "main.ts": "export default 1\nconst x: = 1" }, "main.ts:2:10: Unexpected token `=`"],
    ["JSX", { "main.js": "export default <p/>" }, "main.js:1:16: Unexpected token."],
  ])("is refused with its place: %s", (_, files, expected) => {
    expect(detect(files)).toContain(expected)
  })

  it("says that a root main.js beside api/main.js neither runs nor is served", () => {
    const detected = detectServerCode(filesOf({ "api/main.js": "respond(1)", "main.js": "res.send(1)" }))
    expect(detected).toMatchObject({ server: { form: "api" }, warnings: [{ file: "main.js", line: 0 }] })
  })

  it("says that a main.js for the browser is served", () => {
    const detected = detectServerCode(filesOf({ "main.js": "document.title = 1" }))
    expect(detected).toMatchObject({ server: undefined, notes: [expect.stringContaining("it uses document")] })
  })

  it("comes with all the files it imports, and the packages it names", () => {
    const files = {
      "main.ts": `import a from "./lib/a"; import { z } from "zod"; import type { T } from "hono"; export default a`,
      "lib/a.ts": `import data from "./data.json"; export * from "./b.js"; export default () => import("../late.js")`,
      "lib/b.ts": `export { a } from "../main.ts"; import "./deep"`,
      "lib/data.json": "[1]",
      "lib/deep/index.js": "",
      "late.js": "",
      "page.js": "",
    }
    expect(serverCodeOf(filesOf(files))).toEqual({
      server: {
        form: "module",
        entry: "main.ts",
        scope: "site",
        modules: ["late.js", "lib/a.ts", "lib/b.ts", "lib/data.json", "lib/deep/index.js"],
        stdlib: ["zod"],
      },
      warnings: [],
      notes: [],
    })
  })

  it("comes with what a script in api/ requires", () => {
    const files = {
      "api/main.js": `var a = require("./lib/a.js"), _ = require("lodash"); respond(a)`,
      "api/lib/a.js": `if (x) return; var b = require("./b"), top = require("./top.js"); exports.a = [b, top, require("./no.js"), require(x)]`,
      "api/lib/b.js": "",
      "api/top.js": "module.exports = 1",
    }
    const detected = serverCodeOf(filesOf(files))
    expect(detected).toMatchObject({
      server: { form: "api", modules: ["api/lib/a.js", "api/lib/b.js", "api/top.js"], stdlib: ["lodash"] },
      warnings: [{ file: "api/lib/a.js", line: 1, reason: expect.stringContaining("api/lib/no.js") }],
    })
  })

  it.each<[string, Files, string]>([
    ["an npm package", { "main.js": `\nimport { Hono } from "hono"; export default {}` }, `main.js:2:22: "hono" is an npm package`],
    ["a module of Node", { "main.js": `import "node:fs"; export default {}` }, "is a module of Node"],
    ["code from the network", { "main.js": `import "https://x.y/z.js"; export default {}` }, "never fetched from the network"],
    ["an absolute path", { "main.js": `import "/a.js"; export default {}`, "a.js": "" }, "begins with a slash"],
    ["a file that is not there", { "main.js": `import "./a.js"; export default {}` }, 'main.js:1:8: "./a.js" is not in the deploy'],
    ["a file outside the site", { "main.js": `import "../a.js"; export default {}` }, "is outside the site"],
    ["a file outside api/", { "api/main.js": `import "../a.js"; export default {}`, "a.js": "" }, "is outside api/"],
    ["a file that is broken", { "main.js": `import "./a.js"; export default {}`, "a.js": "\n  }" }, "a.js:2:3: Unexpected token."],
    ["JSON that is broken", { "main.js": `import "./a.json"; export default {}`, "a.json": "{" }, "a.json: This is not JSON"],
    ["an image", { "main.js": `import "./a.png"; export default {}`, "a.png": "" }, "a.png: Only .js, .mjs, .ts and .json"],
    [
      "an ES module that is required",
      { "api/main.js": `require("./a.js")`, "api/a.js": "export default 1" },
      "api/a.js:1:1: This is an ES module",
    ],
    ["a character that ends the text", { "main.js": `export default "\0"` }, "U+0000"],
  ])("is refused when it imports %s", (_, files, expected) => {
    const detected = serverCodeOf(filesOf(files))
    expect("problem" in detected ? problemText(detected.problem) : "accepted").toContain(expected)
  })

  it("may be large and deeply nested", () => {
    const n = 100_000
    expect(detect({ "main.js": `export default [${"1,".repeat(n)}]` })).toBe("module main.js site")
    expect(detect({ "main.js": `${"a();".repeat(n)}export default {}` })).toBe("module main.js site")
    expect(detect({ "main.js": `export default ${"[".repeat(n)}` })).toContain("main.js")
  })

  it("is no larger than 10 MB a file", () => {
    const files = { has: (path: string) => path === "main.js", size: () => 11 * 1024 * 1024, read: () => "export default {}" }
    expect(detectServerCode(files)).toMatchObject({ problem: { file: "main.js", message: expect.stringContaining("10 MB") } })
  })
})
