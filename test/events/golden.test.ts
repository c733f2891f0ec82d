import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import Database from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { makeWriter } from "../../src/commands/writer.ts"
import { sha256Hex } from "../../src/events/chain.ts"
import { decode } from "../../src/events/codec.ts"
import { eventDefinitions, isErased } from "../../src/events/event.ts"
import { verifyPart } from "../../src/events/verify.ts"
import { withWriter, writerOptions } from "../support/cartridge.ts"
import { dumpProjections } from "../support/dump.ts"

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url))

interface GoldenEvent {
  readonly seq: number
  readonly id: string
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly at: number
  readonly actor: string
  readonly cause: string
  readonly data: string | null
  readonly data_hash: string
  readonly hash: string
}

const read = (file: string) => {
  const lines = readFileSync(fixtures + file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { event?: GoldenEvent; blob?: string })
  return {
    events: lines.flatMap(({ event }) => event ?? []),
    blobs: lines.flatMap(({ blob }) => (blob === undefined ? [] : Buffer.from(blob, "base64"))),
  }
}

describe("the log of an earlier release", () => {
  for (const file of readdirSync(fixtures).filter((name) => /^log-.*\.jsonl$/.test(name))) {
    it(`opens, verifies and replays: ${file}`, () =>
      withWriter((writer, path) => {
        writer.close()
        const { events, blobs } = read(file)
        const db = new Database(path)
        const insert = db.prepare(
          "INSERT INTO events VALUES (@seq, @id, @stream, @version, @type, @at, @actor, @cause, @data, unhex(@data_hash), unhex(@hash))",
        )
        const insertBlob = db.prepare("INSERT INTO blobs (hash, size, upload, bytes) VALUES (?, ?, NULL, ?)")
        for (const event of events) insert.run(event)
        for (const bytes of blobs) insertBlob.run(sha256Hex(bytes), bytes.length, bytes)
        expect(verifyPart(db)).toMatchObject({ bad: undefined, seq: events.length })
        db.close()

        makeWriter(writerOptions(path)).close()
        expect(dumpProjections(path)).toMatchSnapshot()
      }))
  }

  it("of this release has every event type, so that none can be dropped unnoticed", () => {
    const seen = new Set(
      readdirSync(fixtures)
        .filter((name) => /^log-.*\.jsonl$/.test(name))
        .flatMap((file) => read(file).events)
        .map(({ data, ...envelope }) => decode(envelope, data))
        .flatMap((entry) => (isErased(entry) ? [] : [entry.type])),
    )
    expect([...seen].sort()).toEqual(eventDefinitions.map(({ type }) => type).sort())
  })
})
