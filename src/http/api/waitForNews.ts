import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import type { Committed } from "../../commands/writerRequest.ts"

/** Asks again after each commit that `concerns` the query until something matches, the time is up, or `stop` comes. */
export const waitForNews = <A extends { readonly count: number }>(options: {
  readonly writer: typeof CartridgeWriter.Service
  readonly query: Effect.Effect<A>
  readonly nothing: A
  readonly concerns?: (event: Committed["events"][number]) => boolean
  readonly seconds: number
  readonly stop: Effect.Effect<void>
}): Effect.Effect<A> => {
  const { writer, query, nothing, concerns, seconds, stop } = options
  return Effect.scoped(
    Effect.gen(function* () {
      let news = yield* Deferred.make<void>()
      yield* writer.onCommitted(({ events }) => {
        if (concerns === undefined || events.some(concerns)) Deferred.unsafeDone(news, Effect.void)
      })
      const poll: Effect.Effect<A> = Effect.gen(function* () {
        news = yield* Deferred.make<void>()
        const found = yield* query
        if (found.count > 0) return found
        yield* Deferred.await(news)
        return yield* poll
      })
      const timeUp = Effect.raceFirst(Effect.sleep(`${seconds} seconds`), stop)
      return yield* Effect.raceFirst(poll, Effect.as(timeUp, nothing))
    }),
  )
}
