import { existsSync } from "node:fs"
import Database from "better-sqlite3"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { CartridgeWriter, layerInProcess } from "../../src/commands/CartridgeWriter.ts"
import { openForReading } from "../../src/events/cartridge.ts"
import { deleteExpired } from "../../src/runtime/expiry.ts"
import { setKey } from "../../src/runtime/keys.ts"
import { openStorage } from "../../src/runtime/storage.ts"
import { inTemporaryFolder, writerOptions } from "../support/cartridge.ts"
import { inUnit, noLimits } from "../support/units.ts"

describe("keys whose time is up", () => {
  it("are deleted by the server, all of them, and none that lives", () =>
    inTemporaryFolder((folder) => {
      const path = `${folder}/data.db`
      const body = Effect.gen(function* () {
        const writer = yield* CartridgeWriter
        expect(existsSync(path)).toBe(true)
        const storage = openStorage(path)
        const now = Date.now()
        yield* Effect.promise(() =>
          inUnit(storage, writer, (unit) => {
            for (let n = 0; n < 1200; n++) setKey(unit, noLimits, `gone${n}`, "1", now - 1)
            setKey(unit, noLimits, "later", "1", now + 100_000)
            setKey(unit, noLimits, "for ever", "1", undefined)
          }),
        )
        storage.close()
        const db = openForReading(path)
        expect(yield* deleteExpired(db)).toBe(1200)
        expect(yield* deleteExpired(db)).toBe(0)
        db.close()
      })
      return Effect.runPromise(Effect.provide(body, layerInProcess(writerOptions(path)))).then(() => {
        const db = new Database(path, { readonly: true })
        expect(db.prepare("SELECT key FROM kv_store ORDER BY key").pluck().all()).toEqual(["for ever", "later"])
        expect(db.prepare("SELECT DISTINCT actor, cause FROM events WHERE type = 'v1.KvDeleted'").all()).toEqual([
          { actor: "system", cause: "expired" },
        ])
        db.close()
      })
    }))
})
