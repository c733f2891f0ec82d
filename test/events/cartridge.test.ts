import { statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { localSocket } from "../../src/config.ts"
import { assertSafeSqlite, CartridgeUnusable } from "../../src/events/cartridge.ts"
import { CartridgeLocked } from "../../src/events/lock.ts"
import { ask, inTemporaryFolder, tell, withWriter, writerOptions } from "../support/cartridge.ts"

const append = (id: string) =>
  ({
    kind: "append",
    request: {
      actor: "owner",
      cause: "test",
      streams: [{ stream: "s", expected: "any", events: [{ id, type: "v1.ConfigSet", data: { key: "k", value: id } }] }],
    },
  }) as const

describe("a cartridge", () => {
  it("is one file that only its owner can read, and nothing beside it must survive", () =>
    withWriter(async (writer, path) => {
      await tell(writer, append("a"))
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
      writer.close()
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT count(*) FROM events").pluck().get()).toBe(1)
      db.close()
    }))

  it("has one writer: a second one fails and says who holds it", () =>
    withWriter(
      (_, path) => {
        expect(() => makeWriter(writerOptions(path))).toThrow(CartridgeLocked)
        expect(() => makeWriter(writerOptions(path))).toThrow(/is in use: process 4711 writes to it/)
      },
      { holder: "process 4711" },
    ))

  it("can be opened again once its writer has closed", () =>
    withWriter((writer, path) => {
      writer.close()
      makeWriter(writerOptions(path)).close()
    }))

  it("is not made of some other file", () =>
    inTemporaryFolder((folder) => {
      const text = join(folder, "text.db")
      writeFileSync(text, "this is no database, it only is long enough to look like a file".repeat(20))
      expect(() => makeWriter(writerOptions(text))).toThrow(CartridgeUnusable)

      const other = join(folder, "other.db")
      new Database(other).exec("CREATE TABLE t (x)").close()
      expect(() => makeWriter(writerOptions(other))).toThrow(/not a Fazt cartridge/)
      const db = new Database(other, { readonly: true })
      expect(db.prepare("SELECT group_concat(name) FROM sqlite_schema").pluck().get()).toBe("t")
      db.close()

      expect(() => makeWriter(writerOptions(join(folder, "no", "such", "folder.db")))).toThrow(CartridgeUnusable)
    }))

  it("of a newer schema is refused with what to do", () =>
    withWriter((writer, path) => {
      writer.close()
      const db = new Database(path)
      db.pragma("user_version = 99")
      db.close()
      expect(() => makeWriter(writerOptions(path))).toThrow(/newer Fazt/)
    }))

  for (const [version, safe] of [
    ["3.51.2", false],
    ["3.51.3", true],
    ["3.9.99", false],
    ["3.54.1", true],
    ["4.0.0", true],
  ] as const) {
    it(`${safe ? "accepts" : "refuses"} SQLite ${version}`, () => {
      if (safe) expect(() => assertSafeSqlite(version)).not.toThrow()
      else expect(() => assertSafeSqlite(version)).toThrow(/3\.51\.3 or newer/)
    })
  }

  it("with events that this release does not know is readable but refuses every write, and says which release it needs", () =>
    withWriter(async (writer, path) => {
      await tell(writer, append("a"))
      writer.close()
      const db = new Database(path)
      db.exec("INSERT INTO meta VALUES ('type:v9.FutureThing', '7.1.0'), ('type:v9.OtherThing', '10.0.0')")
      db.close()
      const older = makeWriter(writerOptions(path))
      for (const request of [
        append("b"),
        { kind: "command", command: { _tag: "CreateSite", site: "a" }, id: "c", actor: "owner", cause: "t" },
        { kind: "putBlobs", blobs: [Buffer.from("x")] },
        { kind: "erase", seq: 1, id: "e", reason: "r", actor: "owner", cause: "t" },
        { kind: "rebuild", projections: ["config"] },
      ] as const) {
        expect(await ask(older, request)).toMatchObject({ ok: false, error: { _tag: "LogIsReadOnly", needs: "10.0.0" } })
      }
      expect(older.head().seq).toBe(1)
      older.close()
    }))

  it("remembers which release first wrote each event type", () =>
    withWriter(async (writer, path) => {
      await tell(writer, append("a"))
      writer.close()
      const newer = makeWriter(writerOptions(path, { release: "0.9.0" }))
      await tell(newer, append("b"))
      await tell(newer, { kind: "command", command: { _tag: "CreateSite", site: "a" }, id: "c", actor: "owner", cause: "t" })
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT key, value FROM meta WHERE key GLOB 'type:*' ORDER BY key").raw().all()).toEqual([
        ["type:v1.ConfigSet", "0.1.0"],
        ["type:v1.SiteCreated", "0.9.0"],
      ])
      db.close()
      newer.close()
    }))

  it("sweeps away chunks of uploads that never finished", () =>
    withWriter(async (writer, path) => {
      const upload = (await tell(writer, { kind: "beginBlob" })) as number
      await tell(writer, { kind: "putChunk", upload, n: 0, bytes: Buffer.alloc(1000) })
      writer.close()
      makeWriter(writerOptions(path)).close()
      const db = new Database(path, { readonly: true })
      expect(db.prepare("SELECT count(*) FROM blob_chunks").pluck().get()).toBe(0)
      db.close()
    }))
})

describe("a cartridge with two names", () => {
  it("still has one writer", () =>
    withWriter((_, path) => {
      symlinkSync(path, `${path}.link`)
      expect(() => makeWriter(writerOptions(`${path}.link`))).toThrow(CartridgeLocked)
      expect(localSocket(`${path}.link`)).toBe(localSocket(path))
    }))
})
