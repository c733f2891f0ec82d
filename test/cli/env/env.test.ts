import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ownCartridge } from "../ownCartridge.ts"
import { type Around, runVerb } from "../runVerb.ts"

const { folder, db } = ownCartridge()

/** Where an argument names a file, it is one of the folder. */
const env = (args: ReadonlyArray<string>, around?: Around) =>
  runVerb(["env", ...args.map((arg) => (arg.endsWith(".env") ? join(folder, arg) : arg)), "--db", db], around)
const names = async () => (await env(["list", "root", "--json"])).json.map(({ name }: { readonly name: string }) => name)

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

describe("fazt env", () => {
  it("sets, lists and unsets variables, and shows no value", async () => {
    const empty = await env(["list", "root"])
    expect([empty.code, empty.stdout]).toEqual([0, expect.stringContaining("root has no variables")])
    const set = await env(["set", "root", "API_KEY=s3cret=1", "MODE=fast"])
    expect([set.code, set.stdout, set.stderr]).toEqual([0, "✓ API_KEY, MODE of root are set\n", ""])
    const listed = await env(["list", "root"])
    expect(listed.stdout).toMatch(/API_KEY +just now .* owner\nMODE /)
    expect(listed.stdout).not.toContain("s3cret")
    const unset = await env(["unset", "root", "MODE"])
    expect([unset.code, unset.stdout]).toEqual([0, "✓ MODE of root is unset\n"])
    expect(await names()).toEqual(["API_KEY"])
  })

  it("reads a value from standard input, and many from a .env file", async () => {
    expect(await env(["set", "root", "STDIN", "--stdin"], { stdin: "from stdin\n" })).toMatchObject({ code: 0, stderr: "" })
    writeFileSync(join(folder, ".env"), '# keys\nexport FIRST=1\nSECOND="two\\nlines"\n')
    expect(await env(["set", "root", "--file", ".env", "--json"])).toMatchObject({
      code: 0,
      stdout: '{"site":"root","set":["FIRST","SECOND"]}\n',
    })
    expect(await names()).toEqual(["API_KEY", "FIRST", "SECOND", "STDIN"])
    const file = ["", "-wal"].map((end) => readIfThere(join(folder, `data.db${end}`))).join("")
    for (const secret of ["s3cret=1", "from stdin"]) expect(file).not.toContain(secret)
  })

  it("shreds what was purged, if that is really meant", async () => {
    const unsure = await env(["unset", "root", "API_KEY", "--purge"])
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining("--yes")])
    const purged = await env(["unset", "root", "API_KEY", "--purge", "--yes"])
    expect([purged.code, purged.stdout]).toEqual([0, "✓ API_KEY of root is unset, and its values are shredded\n"])
  })

  const wrong: ReadonlyArray<readonly [args: ReadonlyArray<string>, code: number, says: string]> = [
    [["set", "root"], 2, "no variable is named"],
    [["set", "root", "s3cret"], 2, "argument 1 behind the site is no NAME=value"],
    [["set", "root", "A=s3cret", "=s3cret"], 2, "argument 2"],
    [["set", "root", "A=s3cret", "--stdin"], 2, "--stdin goes with one name"],
    [["set", "root", "A", "--file", ".env"], 2, "--file goes without names"],
    [["set", "root", "--file", "missing.env"], 1, "cannot read"],
    [["set", "root", "--file", "bad.env"], 2, "line 2 of"],
    [["set", "root", "lower=s3cret"], 1, "cannot be a variable's name"],
    [["set", "nowhere", "A=s3cret"], 3, "no site called nowhere"],
    [["unset", "root", "NEVER"], 3, "never had a variable NEVER"],
    [["list", "nowhere"], 3, "no site called nowhere"],
  ]
  it.each(wrong)("refuses %j and says why, without the value", async (args, code, says) => {
    writeFileSync(join(folder, "bad.env"), "A=1\ns3cret\n")
    const ended = await env(args)
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(says)])
    expect(ended.stdout + ended.stderr).not.toContain("s3cret")
  })
})
