import { spawn, spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inTemporaryFolder, temporaryFolder } from "../support/cartridge.ts"
import { bin, cleanEnv, fazt, shell } from "../support/program.ts"

/** Debian's `script` gives a program a terminal. */
const hasScript = spawnSync("script", ["--version"]).status === 0

/** Runs the real program at a terminal, and types each reply once its question is there. Gives what the terminal showed. */
const atTerminal = (folder: string, args: ReadonlyArray<string>, replies: ReadonlyArray<readonly [question: string, typed: string]>) =>
  new Promise<{ readonly code: number | null; readonly shown: string }>((resolve) => {
    const child = spawn("script", ["-qec", [bin, ...args].join(" "), "/dev/null"], { cwd: folder, env: cleanEnv(folder) })
    const left = [...replies]
    let shown = ""
    let seen = 0
    child.stdout.on("data", (data: Buffer) => {
      shown += data.toString()
      const [question, typed] = left[0] ?? []
      if (question === undefined || typed === undefined || !shown.includes(question, seen)) return
      seen = shown.length
      left.shift()
      child.stdin.write(typed)
    })
    child.on("close", (code) => resolve({ code, shown: stripVTControlCharacters(shown) }))
  })

describe.skipIf(!hasScript)("a question at the terminal", () => {
  let folder: string
  beforeAll(async () => {
    folder = temporaryFolder()
    expect((await fazt(folder, ["server", "init"])).code).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const setPassword = (...replies: ReadonlyArray<readonly [string, string]>) =>
    atTerminal(folder, ["users", "set-password", "owner", "--db", join(folder, "data.db")], replies)

  it("does not show what is typed where it is secret, and takes it as it is edited", async () => {
    const { code, shown } = await setPassword(["New password: ", "seven wet stonez\u007fs\r"], ["Once more: ", "seven wet stones\r"])
    expect([code, shown]).toEqual([0, expect.stringContaining("✓ admin has a new password")])
    expect(shown).not.toMatch(/seven|wet|stone/)
  })

  it.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("ends with %s, and with nothing done", async (_, key) => {
    const { code, shown } = await setPassword(["New password: ", key])
    expect([code, shown]).toEqual([130, expect.stringContaining("nothing was done")])
  })

  it("shows what is typed where it is none", async () => {
    const { code, shown } = await atTerminal(folder, ["delete", "root", "--db", join(folder, "data.db")], [["[y/N] ", "no\r"]])
    expect([code, shown]).toEqual([1, expect.stringMatching(/\[y\/N\] no\s/)])
  })
})

describe("what is piped", () => {
  it("is read to its end, and nothing is asked", () =>
    inTemporaryFolder(async (folder) => {
      const made = await shell(folder, "printf 'rain on the roof\\n' | fazt server init --password-stdin --json")
      expect(made).toMatchObject({ code: 0, stderr: "" })
      expect(JSON.parse(made.stdout)).not.toHaveProperty("password")
    }))
})
