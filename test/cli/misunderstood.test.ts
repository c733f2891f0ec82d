import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { fazt } from "../../src/cli/cli.ts"
import { misunderstood, spelledOut } from "../../src/cli/misunderstood.ts"
import { runVerb } from "./runVerb.ts"
import { tree } from "./tree.ts"

const words = (line: string): ReadonlyArray<string> => line.split(" ")

describe("a command line", () => {
  it.each([
    ["sites --nosuch", "unknown option --nosuch"],
    ["sites --nosuch=1", "unknown option --nosuch"],
    ["sites -x", "unknown option -x"],
    ["deploy --nosuch", "unknown option --nosuch"],
    ["deploy --nosuch .", "unknown option --nosuch"],
    ["deploy . --name a --nosuch", "unknown option --nosuch"],
    ["dev --nosuch", "unknown option --nosuch"],
    ["sites show hello --limit 5 --nosuch", "unknown option --nosuch"],
    ["logs hello --level error --nosuch", "unknown option --nosuch"],
    ["logs hello --follow --nosuch", "unknown option --nosuch"],
    ["kv --nosuch", "unknown option --nosuch"],
    ["--nosuch", "unknown option --nosuch"],
    ["kv list hello -json", "unknown option -json"],
    ["kv list hello -n5", "write -n 5, with a space between them"],
    ["kv list hello -n=5", "write -n 5, with a space between them"],
    ["documents get hello posts p1 --version 1", "unknown option --version"],
    ["kv set hello key -y", "unknown option -y"],
    ["nosuch", "there is no command 'nosuch'"],
    ["kv nosuch", "there is no command 'kv nosuch'"],
    ["sites nosuch", "there is no command 'sites nosuch'"],
    ["sites --limit 5 nosuch", "there is no command 'sites nosuch'"],
  ])("%j has something that no verb knows", async (line, message) => {
    expect(misunderstood(fazt, words(line))).toMatchObject({ code: "USAGE", message })
    const { code, stderr } = await runVerb(words(line))
    expect([code, stderr.split("\n", 1)[0]]).toEqual([2, `error: ${message}`])
  })

  it.each([
    "deploy . -m --nosuch",
    "deploy . --message=--nosuch",
    "deploy -- --nosuch",
    "sites --limit 5 show hello --to prod",
    "sites --JSON",
    "kv set hello key -5",
    "kv set hello key -----BEGIN",
    "objects put hello a -",
    "logs hello -f -n 5 --level debug",
    "--completions bash",
    "--log-level debug sites",
    "config get limits.zip_ratio",
    "--version",
    "users --json true",
    "kv set hello key -- -y",
  ])("%j is left to the verb", (line) => expect(misunderstood(fazt, words(line))).toBeUndefined())

  it("may have its values behind =, whatever the library knows", async () => {
    expect(spelledOut(words("keys create --name=ci --scopes=read,logs -- --a=b"))).toEqual(
      words("keys create --name ci --scopes read,logs -- --a=b"),
    )
    expect(spelledOut(words("logs x --search=-1 A=b"))).toEqual(words("logs x --search=-1 A=b"))
    const db = join(tree(), "data.db")
    expect((await runVerb(["server", "init", `--db=${db}`])).code).toBe(0)
    const made = await runVerb(["keys", "create", "--name=ci", "--scopes=read", "--scopes=logs", `--db=${db}`, "--json"])
    expect([made.code, made.json.scopes]).toEqual([0, ["read", "logs"]])
  })

  it("takes what looks like an option behind --", async () => {
    const db = join(tree(), "data.db")
    expect((await runVerb(["server", "init", "--db", db])).code).toBe(0)
    expect((await runVerb(["kv", "set", "root", "key", "--db", db, "--", "-y"])).stderr).toBe("")
    expect((await runVerb(["kv", "get", "root", "key", "--db", db])).stdout).toBe("-y\n")
  })

  it("is told what is wrong with a value without the way to it", async () => {
    const expires = await runVerb(words("keys create --name x --expires abc"))
    expect([expires.code, expires.stderr]).toEqual([2, expect.stringMatching(/^error: --expires is a number of days/)])
    const age = await runVerb(words("cors set hello * --max-age 60"))
    expect([age.code, age.stderr]).toEqual([2, expect.stringMatching(/^error: --max-age is a time such as/)])
  })
})
