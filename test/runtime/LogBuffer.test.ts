import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { describe, expect, it } from "vitest"
import { CartridgeWriter, layerInProcess } from "../../src/commands/CartridgeWriter.ts"
import type { WriterRequest } from "../../src/commands/writerRequest.ts"
import { openForReading } from "../../src/events/cartridge.ts"
import { StorageFailed } from "../../src/events/EventLog.ts"
import type { LogLine } from "../../src/events/logs.ts"
import { type LogRow, logQuery } from "../../src/projections/siteLogs.ts"
import { LogBuffer, maxLines, maxSiteCharacters, maxSiteLines } from "../../src/runtime/LogBuffer.ts"
import { inTemporaryFolder, writerOptions } from "../support/cartridge.ts"

const line = (message: string, more: Partial<LogLine> = {}): LogLine => ({ at: 1, level: "log", message, ...more })

/** Uses a buffer in front of a real writer, closes both, and gives the lines that a site then has. */
const linesAfter = (site: string, use: (buffer: typeof LogBuffer.Service) => Effect.Effect<unknown>): Promise<ReadonlyArray<LogRow>> =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "data.db")
    const layer = Layer.provide(LogBuffer.layer, layerInProcess(writerOptions(path)))
    await Effect.runPromise(Effect.flatMap(LogBuffer, use).pipe(Effect.provide(layer)))
    const db = openForReading(path)
    const rows = logQuery(db, { site, after: 0, limit: 20_000 })
    db.close()
    return rows
  })

const unused = (): never => {
  throw new Error("unused")
}

/** A buffer in front of a writer that is played. */
const withPlayedWriter = (
  answer: (request: WriterRequest) => Effect.Effect<unknown, StorageFailed>,
  use: (buffer: typeof LogBuffer.Service) => Effect.Effect<unknown>,
  clock: Layer.Layer<never> = Layer.empty,
): Promise<ReadonlyArray<string>> => {
  const told: Array<string> = []
  const writer = Layer.succeed(CartridgeWriter, {
    request: answer,
    submit: unused,
    connect: unused,
    onCommitted: () => Effect.void,
    readOnly: undefined,
    stats: unused,
    died: Effect.never,
  })
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => void told.push(String(message))),
  )
  return Effect.runPromise(
    Effect.flatMap(LogBuffer, use).pipe(
      Effect.provide(Layer.provide(LogBuffer.layer, writer)),
      Effect.provide(logger),
      Effect.provide(clock),
    ),
  ).then(() => told)
}

/** The lines that a played writer was given, by event. */
const linesOf = (request: WriterRequest): ReadonlyArray<LogLine> => {
  if (request.kind !== "append") throw new Error(request.kind)
  const [event] = request.request.streams[0]!.events
  if (event?.type !== "v1.LogsWritten") throw new Error(event?.type)
  return event.data.lines
}

describe("lines of a site's log", () => {
  it("become durable within a quarter of a second, all that came meanwhile as one event", async () => {
    const events: Array<ReadonlyArray<string>> = []
    const record = (request: WriterRequest) => Effect.sync(() => void events.push(linesOf(request).map(({ message }) => message)))
    const writeSome = (buffer: typeof LogBuffer.Service) =>
      Effect.gen(function* () {
        for (const message of ["a", "b", "c"]) buffer.write("shop", line(message))
        yield* TestClock.adjust("190 millis")
        expect(events).toEqual([])
        yield* TestClock.adjust("60 millis")
        expect(events).toEqual([["a", "b", "c"]])
        buffer.write("shop", line("d"))
        yield* TestClock.adjust("250 millis")
        expect(events).toEqual([["a", "b", "c"], ["d"]])
      })
    await withPlayedWriter(record, writeSome, TestContext.TestContext)
  })

  it("keep their order, their level, their request and their deploy, and belong to their site's functions", async () => {
    const rows = await linesAfter("shop", (buffer) =>
      Effect.sync(() => {
        buffer.write("shop", line("first", { level: "warn", request: "req_1", deploy: "abcdefghij" }))
        buffer.write("blog", line("of another"))
        buffer.write("shop", line("second", { at: 7 }))
      }),
    )
    expect(rows).toMatchObject([
      { at: 1, level: "warn", message: "first", request: "req_1", deploy: "abcdefghij" },
      { at: 7, level: "log", message: "second", request: null, deploy: null },
    ])
  })

  it("are written when the server stops, however short they waited", async () => {
    const rows = await linesAfter("shop", (buffer) => Effect.sync(() => buffer.write("shop", line("last words"))))
    expect(rows.map(({ message }) => message)).toEqual(["last words"])
  })

  it("are stored as they were written, whatever they hold", async () => {
    const messages = ["two\nlines", "\x1b[31mred\x1b[0m", "NUL \0 inside", "🚀 ünïcödé", "", "'; DROP TABLE site_logs; --"]
    const rows = await linesAfter("shop", (buffer) =>
      Effect.sync(() => {
        for (const message of messages) buffer.write("shop", line(message))
      }),
    )
    expect(rows.map(({ message }) => message)).toEqual(messages)
  })

  it("are dropped beyond so many of a site, and one line says how many", async () => {
    const rows = await linesAfter("shop", (buffer) =>
      Effect.sync(() => {
        for (let i = 0; i < maxSiteLines + 500; i++) buffer.write("shop", line(String(i), { at: i }))
      }),
    )
    expect(rows).toHaveLength(maxSiteLines + 1)
    expect(rows.at(-2)).toMatchObject({ message: String(maxSiteLines - 1) })
    expect(rows.at(-1)).toMatchObject({ level: "warn", at: maxSiteLines + 499, message: expect.stringMatching(/^500 lines were dropped/) })
  })

  it("are dropped beyond so many of all sites together", async () => {
    const rows = await linesAfter("late", (buffer) =>
      Effect.sync(() => {
        for (let site = 0; site < maxLines / maxSiteLines; site++)
          for (let i = 0; i < maxSiteLines; i++) buffer.write(`site-${site}`, line("x"))
        buffer.write("late", line("too late"))
      }),
    )
    expect(rows.map(({ message }) => message)).toEqual([expect.stringMatching(/^1 line was dropped/)])
  })

  it("are dropped beyond so many characters of a site", async () => {
    const long = "x".repeat(8000)
    const rows = await linesAfter("shop", (buffer) =>
      Effect.sync(() => {
        for (let i = 0; i < 500; i++) buffer.write("shop", line(long))
      }),
    )
    expect(rows.length).toBe(Math.ceil(maxSiteCharacters / 8000) + 1)
  })

  it("wait for a disk that is full to have room again; what fails is told once, and nothing is written twice", async () => {
    const written: Array<string> = []
    let isFull = true
    const told = await withPlayedWriter(
      (request) =>
        Effect.suspend(() => {
          if (isFull) return Effect.fail(new StorageFailed({ reason: "full", full: true }))
          written.push(...linesOf(request).map(({ message }) => message))
          return Effect.void
        }),
      (buffer) =>
        Effect.gen(function* () {
          for (let i = 0; i < 3; i++) {
            buffer.write("shop", line(`kept ${i}`))
            yield* buffer.flush
          }
          isFull = false
          yield* buffer.flush
          yield* buffer.flush
        }),
    )
    expect(written).toEqual(["kept 0", "kept 1", "kept 2"])
    expect(told).toEqual([expect.stringContaining("could not be written")])
  })

  it("come in while others are being written, and are neither lost nor doubled", async () => {
    const written: Array<string> = []
    await withPlayedWriter(
      (request) =>
        Effect.delay(
          Effect.sync(() => void written.push(...linesOf(request).map(({ message }) => message))),
          "30 millis",
        ),
      (buffer) =>
        Effect.gen(function* () {
          for (let i = 0; i < 20; i++) {
            buffer.write("shop", line(String(i)))
            yield* Effect.fork(buffer.flush)
            yield* Effect.sleep("5 millis")
          }
        }),
    )
    expect(written).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
  })

  it("of a name that is no site's are given up, and hold up nobody else's", async () => {
    const rows = await linesAfter("shop", (buffer) =>
      Effect.gen(function* () {
        buffer.write("No Site!", line("x"))
        buffer.write("shop", line("y"))
        yield* buffer.flush
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
    )
    expect(rows.map(({ message }) => message)).toEqual(["y"])
  })
})
