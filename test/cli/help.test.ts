import { describe, expect, it } from "@effect/vitest"
import { fazt } from "../../src/cli/cli.ts"
import { asksForHelp, findVerb, renderHelp } from "../../src/cli/help.ts"
import { makePaint } from "../../src/cli/paint.ts"
import type { Documented } from "../../src/cli/verb.ts"

const look = { paint: makePaint(false), columns: undefined }

const all = (entry: Documented, path: ReadonlyArray<string>): ReadonlyArray<readonly [path: ReadonlyArray<string>, entry: Documented]> => [
  [path, entry],
  ...entry.verbs.flatMap((child) => all(child, [...path, child.verb])),
]

const help = (...words: ReadonlyArray<string>): string => {
  const { path, entry } = findVerb(fazt, words)
  return renderHelp(path, entry, look)
}

describe("the manual", () => {
  it.each(
    all(fazt, ["fazt"]).map(([path, entry]) => [path.join(" "), entry] as const),
  )("has a summary and examples for %s", (path, entry) => {
    expect(entry.manual.summary).toMatch(/^[A-Z].*\.$/)
    for (const example of entry.manual.examples) expect(`${example} `).toContain(`${path} `)
  })

  it.each(
    all(fazt, ["fazt"])
      .filter(([, { runs }]) => runs)
      .map(([path, entry]) => [path.join(" "), entry] as const),
  )("describes every option of %s, among them --json", (path, entry) => {
    const text = renderHelp(path.split(" "), entry, look)
    const options = text.slice(text.indexOf("\nOptions\n")).split("\n\n", 1)[0]!.split("\n").slice(2)
    expect(options.length).toBeGreaterThan(0)
    for (const line of options) expect(line).toMatch(/^ {2}-\S.* {2}\S.*[.)]$/)
    expect(options.some((line) => line.includes("--json"))).toBe(true)
  })

  it("names the arguments in the usage, and marks what may be left out", () => {
    expect(help("diff")).toContain("fazt diff [options] <site> <from> <with>")
    expect(help("config", "get")).toContain("fazt config get [options] [key]")
    expect(help("projections", "rebuild")).toContain("fazt projections rebuild [options] [name...]")
    expect(help("server", "create-key")).toMatch(/--name <text> .*\(required\)/)
    expect(help("deploy")).toMatch(/-m, --message <text> {2,}Why/)
  })

  it("lists every command, and the exit codes, at the root", () => {
    const text = help()
    for (const [path, { runs }] of all(fazt, [])) if (runs) expect(text).toContain(`  ${path.join(" ")} `)
    expect(text).toMatch(/Exit codes\n {2}0 .*done/)
    expect(help("deploy")).not.toContain("Exit codes")
  })

  it("has no colours where there are none", () => {
    expect(help()).not.toContain("\x1b")
  })
})

describe("a command line", () => {
  it.each<[ReadonlyArray<string>, boolean]>([
    [[], true],
    [["--help"], true],
    [["help"], true],
    [["help", "deploy"], true],
    [["deploy", "-h"], true],
    [["server"], true],
    [["server", "start"], false],
    [["audit"], false],
    [["audit", "--help"], true],
    [["deploy", "."], false],
    [["config", "set", "key", "--", "--help"], false],
    [["bogus"], false],
  ])("%j asks for help: %s", (args, expected) => {
    expect(asksForHelp(fazt, args)).toBe(expected)
  })

  it("leads to the verb its words name", () => {
    expect(findVerb(fazt, ["audit", "verify", "--json"]).path).toEqual(["fazt", "audit", "verify"])
    expect(findVerb(fazt, ["deploy", "sites"]).path).toEqual(["fazt", "deploy"])
  })
})
