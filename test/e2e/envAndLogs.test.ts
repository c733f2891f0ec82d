import { spawn } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import type { LogLine } from "../../src/events/logs.ts"
import { tell, temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { bin, cleanEnv, fazt, shell } from "../support/program.ts"

let folder: string
beforeAll(async () => {
  folder = temporaryFolder()
  expect((await fazt(folder, ["server", "init"])).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const names = async () =>
  JSON.parse((await fazt(folder, ["env", "list", "root", "--json"])).stdout).map(({ name }: { name: string }) => name)

describe("fazt env", () => {
  it("sets, lists and unsets variables, and shows no value", async () => {
    const empty = await fazt(folder, ["env", "list", "root"])
    expect([empty.code, empty.stdout]).toEqual([0, expect.stringContaining("root has no variables")])
    const set = await fazt(folder, ["env", "set", "root", "API_KEY=s3cret=1", "MODE=fast"])
    expect([set.code, set.stdout, set.stderr]).toEqual([0, "✓ API_KEY, MODE of root are set\n", ""])
    const listed = await fazt(folder, ["env", "list", "root"])
    expect(listed.stdout).toMatch(/API_KEY +just now .* owner\nMODE /)
    expect(listed.stdout).not.toContain("s3cret")
    const unset = await fazt(folder, ["env", "unset", "root", "MODE"])
    expect([unset.code, unset.stdout]).toEqual([0, "✓ MODE of root is unset\n"])
    expect(await names()).toEqual(["API_KEY"])
  })

  it("reads a value from standard input, and many from a .env file", async () => {
    expect(await shell(folder, "printf 'from stdin\\n' | fazt env set root STDIN --stdin")).toMatchObject({ code: 0, stderr: "" })
    writeFileSync(join(folder, ".env"), '# keys\nexport FIRST=1\nSECOND="two\\nlines"\n')
    expect(await fazt(folder, ["env", "set", "root", "--file", ".env", "--json"])).toMatchObject({
      code: 0,
      stdout: '{"site":"root","set":["FIRST","SECOND"]}\n',
    })
    expect(await names()).toEqual(["API_KEY", "FIRST", "SECOND", "STDIN"])
    const file = ["", "-wal"].map((end) => readIfThere(join(folder, `data.db${end}`))).join("")
    for (const secret of ["s3cret=1", "from stdin"]) expect(file).not.toContain(secret)
  })

  it("shreds what was purged, if that is really meant", async () => {
    const unsure = await fazt(folder, ["env", "unset", "root", "API_KEY", "--purge"])
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining("--yes")])
    const purged = await fazt(folder, ["env", "unset", "root", "API_KEY", "--purge", "--yes"])
    expect([purged.code, purged.stdout]).toEqual([0, "✓ API_KEY of root is unset, and its values are shredded\n"])
  })

  const wrong: ReadonlyArray<readonly [args: ReadonlyArray<string>, code: number, says: string]> = [
    [["set", "root"], 2, "no variable is named"],
    [["set", "root", "s3cret"], 2, "argument 1 behind the site is no NAME=value"],
    [["set", "root", "A=s3cret", "=s3cret"], 2, "argument 2"],
    [["set", "root", "A=s3cret", "--stdin"], 2, "--stdin goes with one name"],
    [["set", "root", "A", "--file", ".env"], 2, "--file goes without names"],
    [["set", "root", "--file", "missing.env"], 1, "cannot read missing.env"],
    [["set", "root", "--file", "bad.env"], 2, "line 2 of bad.env"],
    [["set", "root", "lower=s3cret"], 1, "cannot be a variable's name"],
    [["set", "nowhere", "A=s3cret"], 3, "no site called nowhere"],
    [["unset", "root", "NEVER"], 3, "never had a variable NEVER"],
    [["list", "nowhere"], 3, "no site called nowhere"],
  ]
  it.each(wrong)("refuses %j and says why, without the value", async (args, code, says) => {
    writeFileSync(join(folder, "bad.env"), "A=1\ns3cret\n")
    const ended = await fazt(folder, ["env", ...args])
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(says)])
    expect(ended.stdout + ended.stderr).not.toContain("s3cret")
  })
})

const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

describe("fazt logs", () => {
  const line = (message: string, level: LogLine["level"] = "log"): LogLine => ({ at: Date.now(), level, message })

  const write = async (id: string, ...lines: ReadonlyArray<LogLine>) => {
    const writer = makeWriter(writerOptions(join(folder, "data.db")))
    try {
      const events = [{ id, type: "v1.LogsWritten" as const, data: { site: "root", lines } }]
      const streams = [{ stream: "logs/root", expected: "any" as const, events }]
      await tell(writer, { kind: "append", request: { actor: "fn:root", cause: id, streams } })
    } finally {
      writer.close()
    }
  }

  it("shows the newest lines, oldest first, and only those that are asked for", async () => {
    const none = await fazt(folder, ["logs", "root"])
    expect([none.code, none.stdout, none.stderr]).toEqual([0, "", "root has logged nothing yet\n"])
    await write("one", line("first"), line("careful", "warn"), line("boom\nat line 3\x1b[0m", "error"))
    const all = await fazt(folder, ["logs", "root"])
    expect(all.stdout.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/gm, "T")).toBe(
      `T log   first\nT warn  careful\nT error boom\n${" ".repeat(26)}at line 3\\u001b[0m\n`,
    )
    const bad = await fazt(folder, ["logs", "root", "--level", "warn", "-n", "1", "--json"])
    expect(JSON.parse(bad.stdout)).toMatchObject({ level: "error", message: "boom\nat line 3\x1b[0m" })
    const found = await fazt(folder, ["logs", "root", "--search", "CAREFUL", "--since", "1h"])
    expect(found.stdout).toMatch(/^\S+ \S+ warn {2}careful\n$/)
    expect((await fazt(folder, ["logs", "root", "--search", "nothing like it"])).stderr).toBe("no lines match\n")
    expect((await fazt(folder, ["logs", "nowhere"])).code).toBe(3)
    expect((await fazt(folder, ["logs", "root", "--level", "loud"])).code).toBe(2)
    expect((await fazt(folder, ["logs", "root", "--since", "yesterday"])).code).toBe(1)
  })

  it("follows: prints what there is, waits for a server, and ends in good order when it is told to", async () => {
    const child = spawn(bin, ["logs", "root", "-f", "--json"], { cwd: folder, env: cleanEnv(folder), stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString()
    })
    child.stderr.on("data", (data: Buffer) => {
      err += data.toString()
    })
    const code = new Promise<number | null>((resolve) => child.on("close", resolve))
    await expect.poll(() => out.split("\n").length, { timeout: 10_000 }).toBeGreaterThan(3)
    await expect.poll(() => err, { timeout: 10_000 }).toContain("waiting for one")
    await write("two", line("written meanwhile"))
    const server = spawn(bin, ["server", "start", "--port", "0"], { cwd: folder, env: cleanEnv(folder), stdio: "ignore" })
    try {
      await expect.poll(() => out, { timeout: 15_000 }).toContain("written meanwhile")
      child.kill("SIGINT")
      expect(await code).toBe(0)
    } finally {
      child.kill("SIGKILL")
      server.kill("SIGTERM")
      await new Promise((resolve) => server.on("close", resolve))
    }
  }, 60_000)
})
