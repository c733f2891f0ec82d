import { describe, expect, it } from "vitest"
import { filesOf } from "../../../src/runtime/code/files.ts"
import { resolveModule } from "../../../src/runtime/code/resolve.ts"
import { loadModule, readRequire } from "../../../src/runtime/code/source.ts"

const files = filesOf({
  "main.js": "",
  "lib/a.ts": "export const a: number = 1",
  "lib/a.test.js": "",
  "lib/index.js": "",
  "lib.js": "",
  "api/main.js": "",
  "api/b.js": "module.exports = 2",
  "api/sub/c.js": "",
  "api/data.json": `{"__proto__": "\u2028"}`,
  "api/t.ts": "enum X {}",
})

describe("an import", () => {
  it.each([
    ["main.js", "./lib.js", "lib.js"],
    ["main.js", "./lib", "lib.js"],
    ["main.js", "./lib/", "lib.js"],
    ["main.js", "./lib/index.js", "lib/index.js"],
    ["lib/a.ts", ".", "lib.js"],
    ["lib/a.ts", "./a.test", "lib/a.test.js"],
    ["main.js", "./lib/a.js", "lib/a.ts"],
    ["main.js", "./lib/a.mjs", undefined],
    ["lib/a.ts", "../main.js", "main.js"],
    ["lib/a.ts", "./../lib/./a.ts", "lib/a.ts"],
    ["main.js", "./api/b", "api/b.js"],
    ["main.js", "../main.js", undefined],
    ["main.js", "./lib/../../main.js", undefined],
  ])("in %s of %s leads to %s", (base, specifier, expected) => {
    expect(resolveModule(files.has, "site", base, specifier)).toEqual(
      expected === undefined ? { problem: expect.any(String) } : { path: expected },
    )
  })

  it("of a built-in package leads to it", () => {
    expect(resolveModule(files.has, "api", "api/main.js", "zod")).toEqual({ stdlib: "zod" })
  })

  it.each(["../main.js", "./../lib.js", "./sub/../../lib.js"])("in api/ does not lead out of it: %s", (specifier) => {
    expect(resolveModule(files.has, "api", "api/main.js", specifier)).toEqual({ problem: expect.stringContaining("outside api/") })
  })
})

describe("a file of server code", () => {
  it("is stripped of types, with every line and column where it was", () => {
    expect(loadModule(files, "lib/a.ts")).toEqual({ code: "export const a         = 1" })
  })

  it("may be JSON", async () => {
    const loaded = loadModule(files, "api/data.json") as { readonly code: string }
    const { default: value } = await import(`data:text/javascript,${encodeURIComponent(loaded.code)}`)
    expect(Object.entries(value)).toEqual([["__proto__", "\u2028"]])
  })
})

describe("require", () => {
  it.each([
    ["api/main.js", "./b.js", { path: "api/b.js", code: "module.exports = 2" }],
    ["api/main.js", "./b", { path: "api/b.js", code: "module.exports = 2" }],
    ["api/sub/c.js", "../b.js", { path: "api/b.js", code: "module.exports = 2" }],
    ["api/sub/c.js", "./b.js", { path: "api/b.js", code: "module.exports = 2" }],
    ["api/main.js", "lodash", { stdlib: "lodash" }],
    ["api/main.js", "./data.json", { path: "api/data.json", code: expect.stringMatching(/^module\.exports = JSON\.parse\(/) }],
    ["api/main.js", "../main.js", { problem: expect.stringContaining("outside api/") }],
    ["api/sub/c.js", "../../main.js", { problem: expect.stringContaining("outside api/") }],
    ["api/main.js", "b.js", { problem: expect.stringContaining(`"./b.js"`) }],
    ["api/main.js", "fs", { problem: expect.stringContaining("a module of Node") }],
    ["api/main.js", "/etc/passwd", { problem: expect.stringContaining("slash") }],
    ["api/main.js", "./t", { problem: expect.stringMatching(/^api\/t\.ts:1:1: /) }],
  ])("in %s of %s", (base, name, expected) => {
    expect(readRequire(files, base, name)).toEqual(expected)
  })
})
