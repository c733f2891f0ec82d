import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { verifyPart } from "../../src/events/verify.ts"
import { writerOptions } from "../support/cartridge.ts"
import { dumpProjections } from "../support/dump.ts"

// On the real disk: this is about what reaches it.
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fazt-durability-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = fileURLToPath(new URL("../support/appendForever.ts", import.meta.url))

/** Lets the program write for a while, kills it without warning, and gives what it had acknowledged. */
const writeUntilKilled = (path: string, run: string, ms: number): Promise<ReadonlyArray<string>> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, path, run], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    let out = ""
    let err = ""
    child.stdout.on("data", (data: Buffer) => {
      if (out === "") setTimeout(() => child.kill("SIGKILL"), ms)
      out += data.toString()
    })
    child.stderr.on("data", (data: Buffer) => {
      err += data.toString()
    })
    child.on("close", (_, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`The program ended by itself: ${err}`))
      const lines = out.slice(0, out.lastIndexOf("\n")).split("\n")
      const refused = lines.find((line) => line.startsWith("refused"))
      if (refused !== undefined) return reject(new Error(refused))
      resolve(lines.filter((line) => line.startsWith("acked ")).map((line) => line.slice("acked ".length)))
    })
  })

describe("a cartridge whose process is killed at any moment", () => {
  it("keeps every acknowledged event, whole and in order, over twelve kills", async () => {
    const path = join(folder, "data.db")
    const acked: Array<string> = []
    for (let kill = 0; kill < 12; kill++) acked.push(...(await writeUntilKilled(path, `run${kill}`, 20 + ((kill * 37) % 200))))
    expect(acked.length).toBeGreaterThan(100)

    const db = new Database(path)
    const ids = new Set(db.prepare<[], string>("SELECT id FROM events").pluck().all())
    const lost = acked.filter((id) => !ids.has(`${id}.0`))
    expect(lost).toEqual([])

    expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
    const [count, last] = db.prepare<[], [number, number]>("SELECT count(*), max(seq) FROM events").raw().get()!
    expect(last).toBe(count)
    expect(
      db.prepare("SELECT count(*) FROM (SELECT stream FROM events GROUP BY stream HAVING max(version) != count(*))").pluck().get(),
    ).toBe(0)
    expect(verifyPart(db, undefined, { budget: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER })).toMatchObject({
      bad: undefined,
      seq: count,
    })
    expect(db.prepare("SELECT count(*) FROM files WHERE hash NOT IN (SELECT hash FROM blobs)").pluck().get()).toBe(0)
    db.close()

    const live = dumpProjections(path)
    const stale = new Database(path)
    stale.exec("DELETE FROM projections")
    stale.close()
    makeWriter(writerOptions(path)).close()
    expect(dumpProjections(path)).toEqual(live)
  }, 120_000)
})
