import { randomUUIDv7 } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { openForReading } from "../events/cartridge.ts"
import { type AppendError, type Appended, EventLog, type LogIsReadOnly, type NotErasable, type StorageFailed } from "../events/EventLog.ts"
import type { LogEntry } from "../events/event.ts"
import { logReader } from "../events/log.ts"
import { CartridgeWriter } from "./CartridgeWriter.ts"

const tailPage = 500

/** The event log in the cartridge at `path`: appends go to its writer, reads use a connection of their own. */
export const sqliteEventLog = (path: string): Layer.Layer<EventLog, never, CartridgeWriter> =>
  Layer.scoped(
    EventLog,
    Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      const db = yield* Effect.acquireRelease(
        Effect.sync(() => openForReading(path)),
        (db) => Effect.sync(() => db.close()),
      )
      const log = logReader(db)

      /** A commit is only a hint that there is more: what is new is always read from the log, so nothing is lost or doubled. */
      const tail = (from: number): Stream.Stream<LogEntry> =>
        Stream.unwrapScoped(
          Effect.gen(function* () {
            const hints = yield* Queue.sliding<void>(1)
            yield* writer.onCommitted(() => {
              Queue.unsafeOffer(hints, undefined)
            })
            const step = (next: number): Effect.Effect<Option.Option<readonly [ReadonlyArray<LogEntry>, number]>> =>
              Effect.suspend(() => {
                const entries = log.read(next, tailPage)
                if (entries.length > 0) return Effect.succeed(Option.some([entries, entries.at(-1)!.seq + 1] as const))
                return Effect.zipRight(Queue.take(hints), step(next))
              })
            return Stream.flattenIterables(Stream.unfoldEffect(from, step))
          }),
        )

      return {
        append: (request) => writer.request({ kind: "append", request }) as Effect.Effect<Appended, AppendError>,
        read: (from, limit) => Effect.sync(() => log.read(from, limit)),
        readStream: (stream, from, limit) => Effect.sync(() => log.readStream(stream, from, limit)),
        tail,
        head: Effect.sync(log.head),
        erase: (request) =>
          writer.request({ kind: "erase", id: randomUUIDv7(), ...request }) as Effect.Effect<
            void,
            NotErasable | LogIsReadOnly | StorageFailed
          >,
      }
    }),
  )
