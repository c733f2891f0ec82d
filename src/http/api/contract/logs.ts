import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { LogLevel, LogLine, maxLinesPerEvent } from "../../../events/logs.ts"
import { Data, Failure, Page } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count, Cursor, exactly, Limit, site, Time, Wait } from "./common.ts"

/** A line of a site's log. `id` grows with time. `message` is what the code wrote, control characters included. */
export const LogEntry = Schema.Struct({
  id: Count,
  at: Time,
  level: LogLevel,
  message: Schema.String,
  /** The request that was being answered. */
  request: Schema.NullOr(Schema.String),
  /** The deploy whose code it was. */
  deploy: Schema.NullOr(Schema.String),
}).annotations({ identifier: "LogEntry" })
export type LogEntry = typeof LogEntry.Type

/** The id of a line is that of the event which brought it, times this, and its place among the event's lines. */
export const idsPerEvent = maxLinesPerEvent

/** What an event of the stream `logs/<site>` brings, with which a log can be followed. */
export const LogsWritten = Schema.Struct({ site: Schema.String, lines: Schema.Array(LogLine) })

const ClassicLogEntry = Schema.Struct({ id: Count, level: LogLevel, message: Schema.String, created_at: Time })

/** What the code of sites wrote. */
export class LogsGroup extends HttpApiGroup.make("logs")
  .add(
    HttpApiEndpoint.get("list")`/sites/${site}/logs`
      .setUrlParams(
        exactly(
          Schema.Struct({
            level: Schema.optional(LogLevel),
            search: Schema.optional(Schema.String.pipe(Schema.maxLength(1000))),
            request: Schema.optional(Schema.String),
            since: Schema.optional(Schema.String),
            before: Cursor,
            after: Cursor,
            wait: Wait,
            limit: Limit(1000, 50),
          }),
        ),
      )
      .addSuccess(Page(LogEntry))
      .annotate(OpenApi.Summary, "A site's log")
      .annotate(
        OpenApi.Description,
        "Newest first; `before` pages back, from `meta.next`. With `after`, oldest first from there on, and with `wait` the answer waits for the first match: this is how to follow without a stream. `level`: that one and worse.",
      ),
  )
  .add(
    HttpApiEndpoint.get("classic", "/logs")
      .setUrlParams(Schema.Struct({ site_id: Schema.String, limit: Limit(1000, 50) }))
      .addSuccess(Data(Schema.Struct({ logs: Schema.Array(ClassicLogEntry) })))
      .annotate(OpenApi.Summary, "A site's log, in the form of Fazt 0.9")
      .annotate(OpenApi.Description, "Newest first."),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "What the code of sites wrote.") {}
