import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { verifyPart } from "../../src/events/verify.ts"
import { projections } from "../../src/projections/projector.ts"
import { setKey } from "../../src/runtime/keys.ts"
import { ask, tell, temporaryFolder, writerOptions } from "../support/cartridge.ts"
import { dumpProjections, dumpSchema } from "../support/dump.ts"
import { requestsOf, type Step, steps } from "../support/history.ts"
import { inUnit, noLimits, withStorage } from "../support/units.ts"

const names = projections.map(({ name }) => name)

/** Runs a random history on a fresh cartridge and hands it over, closed. */
const afterHistory = async (history: ReadonlyArray<Step>, use: (path: string) => void | Promise<void>): Promise<void> => {
  const folder = temporaryFolder()
  const path = join(folder, "data.db")
  try {
    const writer = makeWriter(writerOptions(path))
    const deploys = new Map<string, Array<string>>()
    const all = history.flatMap((step, n) => requestsOf(step, n, deploys, names))
    const replies = await Promise.all(all.map((request) => ask(writer, request)))
    writer.close()
    for (const reply of replies) if (!reply.ok && "defect" in reply) throw reply.defect
    await use(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes every projection stale, as a new version of its code would. */
const forgetHeads = (path: string, table?: string): void => {
  const db = new Database(path)
  db.exec(table === undefined ? "DELETE FROM projections" : `DROP TABLE ${table}; DELETE FROM projections`)
  db.close()
}

const rebuildAtStart = (path: string): void => makeWriter(writerOptions(path)).close()

describe("projections", () => {
  it("are the same, byte for byte, whether they were kept up live or replayed from the log", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (history) =>
        afterHistory(history, (path) => {
          const live = dumpProjections(path)
          const schema = dumpSchema(path)
          forgetHeads(path)
          rebuildAtStart(path)
          expect(dumpProjections(path)).toEqual(live)
          expect(dumpSchema(path)).toEqual(schema)
        }),
      ),
      { numRuns: 60 },
    )
  })

  it("come back when their tables are gone", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(...projections.flatMap(({ tables }) => tables)), (history, table) =>
        afterHistory(history, (path) => {
          const live = dumpProjections(path)
          forgetHeads(path, table)
          rebuildAtStart(path)
          expect(dumpProjections(path)).toEqual(live)
        }),
      ),
      { numRuns: 20 },
    )
  })

  it("leave the chain verifiable, whatever happened", async () => {
    await fc.assert(
      fc.asyncProperty(steps, (history) =>
        afterHistory(history, (path) => {
          const db = new Database(path, { readonly: true })
          const end = db.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get()
          expect(verifyPart(db)).toMatchObject({ done: true, seq: end, bad: undefined })
          db.close()
        }),
      ),
      { numRuns: 30 },
    )
  })

  it("keep nothing of an erased payload, in any table or page of the file", async () => {
    const secret = "S3cretThatMustGo"
    const history: ReadonlyArray<Step> = [
      { do: "append", stream: "config", values: [secret, "kept"] },
      { do: "erase", seq: 1 },
    ]
    await afterHistory(history, async (path) => {
      const { readFile } = await import("node:fs/promises")
      expect((await readFile(path)).includes(secret)).toBe(false)
      expect((await readFile(path)).includes("kept")).toBe(true)
    })
  })

  it("keep nothing of it where it stood before pages were split and rows moved", () => {
    const secret = "S3cretThatMustGo"
    return withStorage(async (storage, writer, path) => {
      const put = (key: string, value: string) =>
        inUnit(storage, writer, (unit) => setKey(unit, noLimits, key, JSON.stringify(value), undefined))
      for (let i = 0; i < 50; i++) await put(`x${i}`, secret + "s".repeat(300))
      for (let i = 0; i < 100; i++) await put(`y${i % 30}`, "o".repeat((i * 300) % 1000))
      for (let seq = 1; seq <= 50; seq++) {
        await tell(writer, { kind: "erase", seq, id: `e${seq}`, reason: "r", actor: "owner", cause: "t" })
      }
      expect(readFileSync(path).includes(secret)).toBe(false)
    })
  })
})
