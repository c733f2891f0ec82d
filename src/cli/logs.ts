import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { LogEntry } from "../http/api/contract/logs.ts"
import type { Server } from "./client.ts"
import { segment, withRunningServer, withServer } from "./connection.ts"
import { followPages, lastPlace, newestPages } from "./follow.ts"
import { jsonText, printable, second } from "./format.ts"
import { Interruption } from "./interruption.ts"
import { json, limit, serverOptions, site } from "./options.ts"
import { note, Output } from "./output.ts"
import type { Paint } from "./paint.ts"
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

/** Prints the lines behind `after` as they come, for ever. */
export const followLogs = ({ api }: Server, site: string, filters: LogFilters, json: boolean, after: number) =>
  followPages({
    after,
    ask: (page) => api.logs.list({ path: { site: segment(site) }, urlParams: { ...params(filters), ...page } }),
    place,
    show: (entries) => printLogs(json, entries),
  })

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
