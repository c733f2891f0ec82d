import * as Schema from "effect/Schema"
import { defineEvent } from "./define.ts"
import { SiteName } from "./site.ts"

/** How much a log line matters, from least to most; `log` counts as `info`. */
export const LogLevel = Schema.Literal("debug", "log", "info", "warn", "error")
export type LogLevel = typeof LogLevel.Type

/** One line that a site's code wrote. `at` in epoch milliseconds; `message` as it was written, whatever it holds. */
export const LogLine = Schema.Struct({
  at: Schema.Int,
  level: LogLevel,
  message: Schema.String,
  /** The id of the request that was being answered. */
  request: Schema.optional(Schema.String),
  /** The deploy whose code it was. */
  deploy: Schema.optional(Schema.String),
})
export type LogLine = typeof LogLine.Type

/** The most lines in one event: a line's id is made of the event's seq and its place there. */
export const maxLinesPerEvent = 1024

export const logsEvents = [
  /** Code of a site wrote to its log. One event carries what came in within a fraction of a second. */
  defineEvent(
    "v1.LogsWritten",
    { site: SiteName, lines: Schema.Array(LogLine).pipe(Schema.minItems(1), Schema.maxItems(maxLinesPerEvent)) },
    { erasable: true },
  ),
] as const

/** The stream of one site's log. */
export const logsStream = (site: string): string => `logs/${site}`
