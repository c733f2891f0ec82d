import { randomUUIDv7 } from "node:crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { type LogLine, logsStream } from "../events/logs.ts"
import { cutMessage } from "./cutMessage.ts"

/** How long a line may wait for others; with the commit it stays below the quarter of a second that is promised. */
const flushAfter = "200 millis"

/** After a failure the next attempt waits longer: a full disk does not get better by asking. */
const retryAfter = "1 second"

/** Lines that wait, at most. What comes beyond is dropped, and one line says how many those were. */
export const maxSiteLines = 1000
export const maxLines = 10_000

/** Characters that wait for one site, at most: lines differ in length a thousandfold. */
export const maxSiteCharacters = 1024 * 1024

interface Waiting {
  lines: Array<LogLine>
  characters: number
  dropped: number
  /** When the last line was dropped. */
  droppedAt: number
}

/** Gathers what sites' code logs, and appends it a few times a second: one event for each site. */
export class LogBuffer extends Context.Tag("fazt/LogBuffer")<
  LogBuffer,
  {
    /** Takes a line; never fails, never waits. `at` in epoch milliseconds. */
    readonly write: (site: string, line: LogLine) => void
    /** Appends what waits, now. */
    readonly flush: Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<LogBuffer, never, CartridgeWriter> = Layer.scoped(
    LogBuffer,
    Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      const something = yield* Effect.makeLatch(false)
      const oneAtATime = yield* Effect.makeSemaphore(1)
      const sites = new Map<string, Waiting>()
      let lines = 0
      let isFailing = false

      const waitingOf = (site: string): Waiting => {
        const known = sites.get(site)
        if (known !== undefined) return known
        const waiting = { lines: [], characters: 0, dropped: 0, droppedAt: 0 }
        sites.set(site, waiting)
        return waiting
      }

      const write = (site: string, line: LogLine): void => {
        const waiting = waitingOf(site)
        if (lines >= maxLines || waiting.lines.length >= maxSiteLines || waiting.characters >= maxSiteCharacters) {
          waiting.dropped++
          waiting.droppedAt = line.at
        } else {
          const message = cutMessage(line.message)
          waiting.lines.push(message === line.message ? line : { ...line, message })
          waiting.characters += message.length
          lines++
        }
        something.unsafeOpen()
      }

      /** Lines stay counted until they are durable, so that what cannot be written fills its room and no more. */
      const append = (site: string, waiting: Waiting) => {
        const { dropped, droppedAt } = waiting
        const count = waiting.lines.length
        const data = { site, lines: [...waiting.lines, ...droppedLine(dropped, droppedAt)] }
        const id = randomUUIDv7()
        const events = [{ id, type: "v1.LogsWritten" as const, data }]
        const request = { actor: `fn:${site}`, cause: id, streams: [{ stream: logsStream(site), expected: "any" as const, events }] }
        const forget = Effect.sync(() => {
          waiting.lines = waiting.lines.slice(count)
          waiting.characters = waiting.lines.reduce((sum, { message }) => sum + message.length, 0)
          waiting.dropped -= dropped
          lines -= count
          if (waiting.lines.length === 0 && waiting.dropped === 0) sites.delete(site)
        })
        return writer.request({ kind: "append", request }).pipe(
          Effect.zipRight(forget),
          // No later attempt could do better with these.
          Effect.catchTag("InvalidEvent", (error) =>
            Effect.zipRight(Effect.logError(`Lines of ${site} are not fit for its log.`, error), forget),
          ),
          Effect.exit,
        )
      }

      /** Whether all that waited is durable. A failure is told once, until it is over. */
      const attempt: Effect.Effect<boolean> = Effect.gen(function* () {
        const exits = yield* Effect.forEach([...sites], ([site, waiting]) => append(site, waiting), { concurrency: "unbounded" })
        const failure = exits.find(Exit.isFailure)
        if (failure !== undefined && !isFailing) {
          yield* Effect.logError("Lines of sites' logs could not be written. They are kept as far as there is room.", failure.cause)
        }
        isFailing = failure !== undefined
        return !isFailing
      }).pipe(Effect.uninterruptible, oneAtATime.withPermits(1))

      const step = Effect.gen(function* () {
        yield* something.await
        yield* Effect.sleep(flushAfter)
        yield* something.close
        if (yield* attempt) return
        yield* Effect.sleep(retryAfter)
        yield* something.open
      })

      // What is there when the server stops is written after the loop has ended.
      yield* Effect.addFinalizer(() => attempt)
      yield* Effect.forkScoped(Effect.forever(step))
      return { write, flush: Effect.asVoid(attempt) }
    }),
  )
}

const droppedLine = (dropped: number, at: number): ReadonlyArray<LogLine> => {
  if (dropped === 0) return []
  const what = dropped === 1 ? "1 line was" : `${dropped} lines were`
  return [{ at, level: "warn", message: `${what} dropped here: the site logs faster than can be written.` }]
}
