import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AuditEntry } from "../http/api/contract/audit.ts"
import { toFailure } from "../http/api/envelope.ts"
import type { Server } from "./client.ts"
import { CliError, failed } from "./errors.ts"
import { eventStreamReader, type ServerSentEvent } from "./eventStream.ts"
import { exitCodes } from "./exitCodes.ts"
import { note } from "./output.ts"
import { accepted } from "./rawAnswer.ts"

/** How long a stream may be silent: the server shows that it is there every 15 seconds. */
const silence = "45 seconds"
const pause = "1 second"

const decodeEntry = Schema.decodeUnknown(Schema.parseJson(AuditEntry))
const decodePlace = Schema.decodeUnknown(Schema.NumberFromString)
const decodeEnd = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Struct({
      status: Schema.Int,
      error: Schema.Struct({ code: Schema.String, message: Schema.String, details: Schema.optional(Schema.Unknown) }),
    }),
  ),
)

/** Shows the events behind the one with the seq `after` as they are committed, for ever. A server that goes away is waited for. */
export const followEvents = <E, R>(options: {
  readonly server: Server
  readonly after: number
  /** What the server is asked for, as `GET /api/events/live` takes it. */
  readonly filter: Readonly<Record<string, string>>
  readonly show: (entries: ReadonlyArray<AuditEntry>) => Effect.Effect<void, E, R>
}) => {
  const { server, filter, show } = options
  let { after } = options
  let isGone = false

  const take = (events: ReadonlyArray<ServerSentEvent>) =>
    Effect.gen(function* () {
      const refused = events.find(({ event }) => event === "end")
      yield* show(
        yield* Effect.forEach(
          events.filter(({ event }) => event === "message"),
          ({ data }) => decodeEntry(data),
        ),
      )
      const last = events.at(-1)
      if (last?.id) after = yield* decodePlace(last.id)
      if (refused === undefined) return
      const { status, error } = yield* decodeEnd(refused.data)
      return yield* Effect.fail(toFailure({ ...error, status }))
    })

  const connect = Effect.suspend(() => {
    const urlParams = { ...filter, after: String(after) }
    return server.http.execute(HttpClientRequest.get("/api/events/live", { urlParams, accept: "text/event-stream" }))
  }).pipe(
    Effect.flatMap(accepted),
    Effect.filterOrFail(
      ({ headers }) => headers["content-type"]?.startsWith("text/event-stream") === true,
      () => failed("NOT_THE_API", "the server answered, but not as the Fazt API does", "is it of the same version as this program?"),
    ),
  )

  /** Ends when the connection does, for whatever reason. */
  const readOn = Effect.gen(function* () {
    const response = yield* connect
    isGone = false
    const read = eventStreamReader()
    yield* response.stream.pipe(
      Stream.timeout(silence),
      Stream.catchAll(() => Stream.empty),
      Stream.runForEach((bytes) => take(read(bytes))),
    )
  })

  const tellOnce = Effect.suspend(() => {
    const told = isGone
    isGone = true
    return told ? Effect.void : note("no server answers, waiting for one …")
  })

  return readOn.pipe(
    Effect.catchIf(isUnreachable, () => tellOnce),
    Effect.zipRight(Effect.sleep(pause)),
    Effect.forever,
  )
}

/** What the server is asked for: the filters that were given. */
export const givenFilters = (filters: Readonly<Record<string, Option.Option<string>>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(filters).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : [])))

/** What a list that is paged back answers: `meta.next` is where a page ends that did not hold everything. */
interface Page<Item> {
  readonly data: ReadonlyArray<Item>
  readonly meta: { readonly next: string | null }
}

/** The newest items that match, oldest first, over as many pages as they need. */
export const newestPages = <Item, E, R>(
  limit: number,
  ask: (params: { readonly before?: number; readonly limit: number }) => Effect.Effect<Page<Item>, E, R>,
) =>
  Effect.gen(function* () {
    const items: Array<Item> = []
    let before: { readonly before?: number } = {}
    while (items.length < limit) {
      const { data, meta } = yield* ask({ ...before, limit: Math.min(1000, limit - items.length) })
      items.push(...data)
      if (meta.next === null) break
      before = { before: Number(meta.next) }
    }
    return items.reverse()
  })

export const lastPlace = <Item>(items: ReadonlyArray<Item>, place: (item: Item) => number): number =>
  items.reduce((last, item) => Math.max(last, place(item)), 0)

const isUnreachable = (error: unknown): error is CliError => error instanceof CliError && error.exitCode === exitCodes.unreachable
