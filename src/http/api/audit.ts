import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import type { ActivityFilter, ActivityRow } from "../../projections/activity.ts"
import { Queries } from "../../projections/Queries.ts"
import { draining } from "../draining.ts"
import { Api } from "./Api.ts"
import { BadRequest, type Failure } from "./envelope.ts"
import { parseTime } from "./period.ts"
import { auditView } from "./views.ts"

const genesis = "0".repeat(64)

const timeBound = (name: string, text: string | undefined, now: number): Effect.Effect<number | undefined, Failure> => {
  if (text === undefined) return Effect.succeed(undefined)
  const ms = parseTime(text, now)
  if (ms !== undefined) return Effect.succeed(ms)
  const message = `${name} is ${JSON.stringify(text.slice(0, 40))}: use a time span (30m, 2h, 7d) or a date (2026-11-21, 2026-11-21T14:00:00Z).`
  return Effect.fail(BadRequest.make({ code: "VALIDATION_FAILED", message }))
}

export const auditLayer = HttpApiBuilder.group(Api, "audit", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const writer = yield* CartridgeWriter

    /** Asks again after each commit until something matches, the time is up, or `stop` comes. */
    const waitFor = (filter: ActivityFilter, seconds: number, stop: Effect.Effect<void>): Effect.Effect<ReadonlyArray<ActivityRow>> =>
      Effect.scoped(
        Effect.gen(function* () {
          let news = yield* Deferred.make<void>()
          yield* writer.onCommitted(() => Deferred.unsafeDone(news, Effect.void))
          const poll: Effect.Effect<ReadonlyArray<ActivityRow>> = Effect.gen(function* () {
            news = yield* Deferred.make<void>()
            const rows = yield* queries.audit(filter)
            if (rows.length > 0) return rows
            yield* Deferred.await(news)
            return yield* poll
          })
          const timeUp = Effect.raceFirst(Effect.sleep(`${seconds} seconds`), stop)
          return yield* Effect.raceFirst(poll, Effect.as(timeUp, []))
        }),
      )

    return handlers
      .handle("list", ({ request, urlParams: { since, until, wait, ...filter } }) =>
        Effect.gen(function* () {
          const stop = draining(NodeHttpServerRequest.toIncomingMessage(request))
          const now = yield* Clock.currentTimeMillis
          const bounded = { ...filter, since: yield* timeBound("since", since, now), until: yield* timeBound("until", until, now) }
          const rows = yield* wait > 0 && filter.after !== undefined ? waitFor(bounded, wait, stop) : queries.audit(bounded)
          const last = rows.length === filter.limit ? rows.at(-1) : undefined
          return { data: rows.map(auditView), meta: { next: last === undefined ? null : String(last.seq) } }
        }),
      )
      .handle("verify", ({ urlParams: { after, hash } }) =>
        Effect.gen(function* () {
          if ((after ?? 0) > 0 && hash === undefined) {
            return yield* Effect.fail(
              BadRequest.make({ code: "MISSING_FIELD", message: "To go on from `after`, give the `hash` found there too." }),
            )
          }
          const part = yield* queries.verify(after === undefined ? undefined : { seq: after, hash: hash ?? genesis })
          return { data: { ...part, bad: part.bad ?? null } }
        }),
      )
  }),
)
