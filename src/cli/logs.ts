import * as Options from "@effect/cli/Options"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AuditEntry } from "../http/api/contract/audit.ts"
import { idsPerEvent, type LogEntry, LogsWritten } from "../http/api/contract/logs.ts"
import type { Server } from "./client.ts"
import { segment, withRunningServer, withServer } from "./connection.ts"
import { followEvents, lastPlace, newestPages } from "./follow.ts"
import { jsonText, printable, second } from "./format.ts"
import { Interruption } from "./interruption.ts"
import { json, limit, serverOptions, site } from "./options.ts"
import { note, Output } from "./output.ts"
import type { Paint } from "./paint.ts"
import { timeLimits } from "./timeLimits.ts"
import { verb } from "./verb.ts"

const filter = (name: string, pseudoName: string, description: string) =>
  Options.text(name).pipe(Options.withPseudoName(pseudoName), Options.withDescription(description), Options.optional)

const filters = {
  level: Options.choice("level", ["debug", "info", "warn", "error"]).pipe(
    Options.withDescription("Only lines of this level and worse."),
    Options.optional,
  ),
  search: filter("search", "text", "Only lines with this text, in capitals or not."),
  request: filter("request", "id", "Only lines of this request."),
  since: filter("since", "time", "Only since then: 2h, 7d or a date."),
}

const following = Options.boolean("follow").pipe(Options.withAlias("f"), Options.withDescription("Go on with lines as they come."))

export const logs = verb(
  "logs",
  {
    summary: "Show what a site's code logs, newest last.",
    details: ["With --json, one line of the log a line."],
    examples: [
      "fazt logs hello",
      "fazt logs hello -f",
      "fazt logs hello --level warn --since 1h",
      "fazt logs hello --search timeout -n 500",
    ],
  },
  { site, ...filters, limit: limit(50, 10_000), following, json, ...serverOptions },
  ({ site, limit, following, json, to, token, db, ...filters }) =>
    Effect.gen(function* () {
      const options = { to, token, db }
      const seen = yield* withServer(options, (server) => printRecent(server, site, filters, limit, json))
      if (!following) return
      yield* Effect.flatMap(Interruption, ({ isTheEnd }) => isTheEnd)
      yield* withRunningServer(options, (server) => followLogs(server, site, filters, json, seen))
    }),
)

/** Which lines are meant. */
export interface LogFilters {
  readonly level: Option.Option<"debug" | "info" | "warn" | "error">
  readonly search: Option.Option<string>
  readonly request: Option.Option<string>
  readonly since: Option.Option<string>
}

const params = ({ level, search, request, since }: LogFilters) => ({
  level: Option.getOrUndefined(level),
  search: Option.getOrUndefined(search),
  request: Option.getOrUndefined(request),
  since: Option.getOrUndefined(since),
})

const place = ({ id }: LogEntry): number => id

/** Prints the newest lines that match, and answers up to where the log has been seen. */
const printRecent = ({ api }: Server, site: string, filters: LogFilters, limit: number, json: boolean) =>
  Effect.gen(function* () {
    const path = { site: segment(site) }
    // Asked for first: whatever comes between the two answers is in the second.
    const { data: newest } = yield* api.logs.list({ path, urlParams: { limit: 1, wait: 0 } })
    const entries = yield* newestPages(limit, (page) => api.logs.list({ path, urlParams: { ...params(filters), ...page, wait: 0 } }))
    yield* printLogs(json, entries)
    if (entries.length === 0 && !json) yield* note(newest.length === 0 ? `${site} has logged nothing yet` : "no lines match")
    return Math.max(lastPlace(newest, place), lastPlace(entries, place))
  })

/** Prints the lines behind the one with the id `after` as they come, for ever. */
export const followLogs = (server: Server, site: string, filters: LogFilters, json: boolean, after: number) =>
  Effect.gen(function* () {
    const isMeant = matcher(filters, yield* Clock.currentTimeMillis)
    return yield* followEvents({
      server,
      // Whoever has seen one line of an event has seen, or was not shown, all the others: they became visible together.
      after: Math.floor(after / idsPerEvent),
      filter: { stream: `logs/${site.toLowerCase()}` },
      show: (events) => Effect.flatMap(Effect.forEach(events, linesOf), (lines) => printLogs(json, lines.flat().filter(isMeant))),
    })
  })

const decodeLines = Schema.decodeUnknown(Schema.NullOr(LogsWritten))

/** The lines that an event brought; none if they were erased. */
const linesOf = ({ seq, data }: AuditEntry) =>
  Effect.map(decodeLines(data), (written) =>
    (written?.lines ?? []).map(
      ({ at, level, message, request, deploy }, i): LogEntry => ({
        id: seq * idsPerEvent + i,
        at: new Date(at).toISOString(),
        level,
        message,
        request: request ?? null,
        deploy: deploy ?? null,
      }),
    ),
  )

const severity: Readonly<Record<LogEntry["level"], number>> = { debug: 0, log: 1, info: 1, warn: 2, error: 3 }

/** The same as what the server makes of the filters where it is asked for a list: capitals make no difference from A to Z only. */
const matcher = ({ level, search, request, since }: LogFilters, now: number): ((line: LogEntry) => boolean) => {
  const isInTime = timeLimits(since, Option.none(), now)
  const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return (line) =>
    Option.match(level, { onNone: () => true, onSome: (least) => severity[line.level] >= severity[least] }) &&
    Option.match(search, { onNone: () => true, onSome: (text) => lower(line.message).includes(lower(text)) }) &&
    Option.match(request, { onNone: () => true, onSome: (id) => line.request === id }) &&
    isInTime(Date.parse(line.at))
}

const printLogs = (json: boolean, entries: ReadonlyArray<LogEntry>) =>
  Effect.gen(function* () {
    const { print, look } = yield* Output
    if (entries.length === 0) return
    yield* print(entries.map((entry) => (json ? jsonText(entry) : renderLine(entry, look.paint))).join("\n"))
  })

/** Wide enough for every level, so that messages stand below each other. */
const levelWidth = 5

/**
 * One line of the log. A message of several lines goes on indented below its first, so that no message can look like another
 * line of the log; what else could move the cursor or change colours is shown as text.
 */
export const renderLine = ({ at, level, message }: LogEntry, paint: Paint): string => {
  const when = second(Date.parse(at))
  const below = " ".repeat(when.length + 1 + levelWidth + 1)
  const color = colorOf(level, paint)
  const [first = "", ...rest] = message.split(/\r\n|\n/).map((text) => printable(text.replaceAll("\t", "    ")))
  const head = `${paint.dim(when)} ${color(level.padEnd(levelWidth))} ${first}`.trimEnd()
  return [head, ...rest.map((text) => `${below}${text}`.trimEnd())].join("\n")
}

const colorOf = (level: LogEntry["level"], { red, yellow, dim, cyan }: Paint): ((text: string) => string) => {
  switch (level) {
    case "error":
      return red
    case "warn":
      return yellow
    case "debug":
      return dim
    case "log":
    case "info":
      return cyan
  }
}
