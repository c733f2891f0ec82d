import { newQuickJSWASMModule, type QuickJSContext } from "quickjs-emscripten"
import { beforeEach, describe, expect, it } from "vitest"
import { type StdlibName, stdlibModule, stdlibScript } from "../../../src/runtime/code/stdlib.ts"

let context: QuickJSContext

beforeEach(async () => {
  const runtime = (await newQuickJSWASMModule()).newRuntime()
  runtime.setModuleLoader((name) => stdlibModule(name as StdlibName))
  context = runtime.newContext()
  // What the packages need of the prelude while they load.
  context.setProp(
    context.global,
    "atob",
    context.newFunction("atob", (text) => context.newString(atob(context.getString(text)))),
  )
  run("globalThis.crypto = { getRandomValues: (a) => a.fill(7) }")
})

const run = (code: string, type: "global" | "module" = "global"): unknown =>
  context.unwrapResult(context.evalCode(code, "test.js", { type })).consume((value) => context.dump(value))

describe("a built-in package", () => {
  it.each<[StdlibName, string, string, unknown]>([
    ["lodash", `[p.chunk([1, 2, 3], 2), p.groupBy([1, 2], (n) => n % 2)]`, "chunk", [[[1, 2], [3]], { 0: [2], 1: [1] }]],
    ["cheerio", `p.load("<p>x &eacute;</p>")("p").text()`, "load", "x é"],
    ["uuid", `p.validate(p.v4()) && p.v4().length`, "v4", 36],
    [
      "zod",
      `[p.z.object({ a: p.z.string() }).parse({ a: "x" }), p.z.string().safeParse(1).error.issues[0].message]`,
      "z",
      [{ a: "x" }, "Invalid input: expected string, received number"],
    ],
    ["marked", `[p("# x"), p.parse("*y*"), p.marked("z")]`, "marked", ["<h1>x</h1>\n", "<p><em>y</em></p>\n", "<p>z</p>\n"]],
    ["dayjs", `p("2026-01-31").add(1, "month").format("YYYY-MM-DD dddd")`, "isDayjs", "2026-02-28 Saturday"],
    ["validator", `[p.isEmail("a@b.co"), p.isEmail("a")]`, "isEmail", [true, false]],
  ])("works inside QuickJS: %s", (name, expression, named, expected) => {
    expect(run(`var p = ${stdlibScript(name)}; ${expression}`)).toEqual(expected)
    expect(run("typeof __stdlib")).toBe("undefined")

    run(
      `import p, { ${named} as named } from "${name}"; import * as all from "${name}"; globalThis.got = [typeof p, typeof named, typeof all.default]`,
      "module",
    )
    expect(run("got")).toEqual([
      name === "zod" ? "object" : expect.any(String),
      expect.not.stringMatching("undefined"),
      expect.not.stringMatching("undefined"),
    ])
  })
})
