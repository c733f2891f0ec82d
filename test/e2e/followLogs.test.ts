import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { logLine, writeLog } from "../support/logs.ts"
import { bin, cleanEnv, fazt } from "../support/program.ts"

let folder: string
beforeAll(async () => {
  folder = temporaryFolder()
  expect((await fazt(folder, ["server", "init"])).code).toBe(0)
  await writeLog(join(folder, "data.db"), "one", logLine("first"), logLine("careful", "warn"), logLine("boom", "error"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("fazt logs", () => {
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
    await writeLog(join(folder, "data.db"), "two", logLine("written meanwhile"))
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
