import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import type { Writer } from "../../src/commands/writer.ts"
import { canonicalEnvelope, canonicalJson, type chainHash, genesis, sha256 } from "../../src/events/chain.ts"
import { verifyPart } from "../../src/events/verify.ts"
import { tell, withWriter } from "../support/cartridge.ts"

const fill = async (writer: Writer, events: number): Promise<void> => {
  for (let n = 1; n <= events; n++) {
    const event = { id: `e${n}`, type: "v1.ConfigSet" as const, data: { key: "k", value: `value ${n}` } }
    await tell(writer, {
      kind: "append",
      request: { actor: "owner", cause: "test", streams: [{ stream: `s${n % 3}`, expected: "any", events: [event] }] },
    })
  }
}

/** Verifies in parts of `limit`, as clients do. */
const verifyAll = (path: string, limit = 50_000) => {
  const db = new Database(path, { readonly: true })
  try {
    let part = verifyPart(db, undefined, { limit })
    while (!part.done) part = verifyPart(db, part, { limit })
    return part
  } finally {
    db.close()
  }
}

const tamper = (path: string, sql: string): void => {
  const db = new Database(path)
  db.exec(sql)
  db.close()
}

describe("the chain", () => {
  it("is made of SHA-256 over previous hash, canonical envelope and payload hash", () =>
    withWriter(async (writer, path) => {
      await fill(writer, 2)
      const db = new Database(path, { readonly: true })
      const rows = db
        .prepare<[], Parameters<typeof chainHash>[1] & { data: string; hash: Buffer; data_hash: Buffer }>(
          "SELECT * FROM events ORDER BY seq",
        )
        .all()
      let previous: Uint8Array = genesis
      for (const row of rows) {
        const { seq, id, stream, version, type, at, actor, cause } = row
        expect(canonicalEnvelope(row)).toBe(canonicalJson({ seq, id, stream, version, type, at, actor, cause }))
        expect(row.data_hash.equals(sha256(row.data))).toBe(true)
        expect(row.hash.equals(sha256(Buffer.concat([previous, Buffer.from(canonicalEnvelope(row)), row.data_hash])))).toBe(true)
        previous = row.hash
      }
      db.close()
    }))

  it("is verified to its end, in parts of any size", () =>
    withWriter(async (writer, path) => {
      await fill(writer, 25)
      const { hash } = writer.head()
      for (const limit of [1, 7, 25, 100]) expect(verifyAll(path, limit)).toMatchObject({ seq: 25, hash, done: true, bad: undefined })
    }))

  it("of an empty log is whole", () =>
    withWriter((_, path) => expect(verifyAll(path)).toMatchObject({ seq: 0, done: true, bad: undefined })))

  for (const [what, sql, seq] of [
    ["a changed payload", `UPDATE events SET data = replace(data, 'value 5', 'value 6') WHERE seq = 5`, 5],
    [
      "a changed payload with a matching payload hash",
      `UPDATE events SET data = '{}', data_hash = x'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' WHERE seq = 5`,
      5,
    ],
    ["a payload that vanished without an erasure", `UPDATE events SET data = NULL WHERE seq = 5`, 5],
    ["another actor", `UPDATE events SET actor = 'key:1' WHERE seq = 7`, 7],
    ["another time", `UPDATE events SET at = at - 1 WHERE seq = 1`, 1],
    ["another type", `UPDATE events SET type = 'v1.ConfigUnset' WHERE seq = 2`, 2],
    ["another cause", `UPDATE events SET cause = 'x' WHERE seq = 3`, 3],
    ["another id", `UPDATE events SET id = 'x' WHERE seq = 3`, 3],
    ["another stream", `UPDATE events SET stream = 'x' WHERE seq = 9`, 9],
    ["another version", `UPDATE events SET version = 99 WHERE seq = 9`, 9],
    ["a changed hash", `UPDATE events SET hash = zeroblob(32) WHERE seq = 4`, 4],
    ["a removed event", `DELETE FROM events WHERE seq = 6`, 7],
    ["a removed first event", `DELETE FROM events WHERE seq = 1`, 2],
    [
      "two events that changed places",
      `UPDATE events SET seq = 100 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = 100`,
      3,
    ],
  ] as const) {
    it(`names ${what} as the first bad row`, () =>
      withWriter(async (writer, path) => {
        await fill(writer, 10)
        writer.close()
        tamper(path, sql)
        for (const limit of [1, 50_000]) expect(verifyAll(path, limit).bad).toMatchObject({ seq })
      }))
  }

  it("finds any flipped byte of any column of any row", () =>
    withWriter(async (writer, path) => {
      await fill(writer, 3)
      writer.close()
      const db = new Database(path)
      db.exec("PRAGMA ignore_check_constraints = ON")
      for (const column of ["data", "data_hash", "hash", "id", "stream", "type", "actor", "cause"]) {
        for (const seq of [1, 2, 3]) {
          const original = db.prepare(`SELECT ${column} FROM events WHERE seq = ?`).pluck().get(seq) as string | Buffer
          const bytes = Buffer.from(original as string)
          for (let i = 0; i < bytes.length; i += 5) {
            const flipped = Buffer.from(bytes)
            flipped[i]! ^= 1
            const value = typeof original === "string" ? flipped.toString("latin1") : flipped
            db.prepare(`UPDATE events SET ${column} = ? WHERE seq = ?`).run(value, seq)
            expect(verifyPart(db).bad?.seq, `${column} of ${seq} at ${i}`).toBeDefined()
            db.prepare(`UPDATE events SET ${column} = ? WHERE seq = ?`).run(original, seq)
          }
        }
      }
      expect(verifyPart(db).bad).toBeUndefined()
      db.close()
    }))

  it("still verifies when a payload has been erased", () =>
    withWriter(async (writer, path) => {
      await fill(writer, 5)
      await tell(writer, { kind: "erase", seq: 3, id: "x", reason: "privacy", actor: "owner", cause: "test" })
      expect(verifyAll(path)).toMatchObject({ seq: 6, done: true, bad: undefined })
    }))
})
