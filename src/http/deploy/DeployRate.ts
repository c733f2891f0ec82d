import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Failure, refusal } from "../api/envelope.ts"
import type { Principal } from "../api/policy.ts"
import { Settings } from "../Settings.ts"

const minute = 60_000
const mostRemembered = 1000

/** Who deploys, as far as it matters here. */
type Deployer = Pick<Principal, "via" | "key" | "user">

/**
 * How many deploys each API key, and each person who is logged in, may make in a minute (`limits.deploys_per_minute`). What fails does not
 * count.
 */
export class DeployRate extends Context.Tag("fazt/DeployRate")<
  DeployRate,
  { readonly within: <A, E, R>(who: Deployer, deploy: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Failure, R> }
>() {
  static readonly layer: Layer.Layer<DeployRate, never, Settings> = Layer.effect(
    DeployRate,
    Effect.gen(function* () {
      const settings = yield* Settings
      /** When the deploys of each in the last minute were taken. */
      const taken = new Map<string, Array<number>>()

      const recent = (who: string, now: number): Array<number> => {
        if (taken.size >= mostRemembered) for (const [name, times] of taken) if (times.every((at) => at <= now - minute)) taken.delete(name)
        const times = (taken.get(who) ?? []).filter((at) => at > now - minute)
        taken.set(who, times)
        return times
      }

      const giveBack = (who: string, at: number): void => {
        const times = taken.get(who) ?? []
        const i = times.indexOf(at)
        if (i >= 0) times.splice(i, 1)
        if (times.length === 0) taken.delete(who)
      }

      return {
        within: <A, E, R>({ via, key = "", user }: Deployer, deploy: Effect.Effect<A, E, R>) =>
          Effect.clockWith((clock): Effect.Effect<A, E | Failure, R> => {
            const limit = settings.number("limits.deploys_per_minute")
            // The owner at the machine itself is not limited.
            if (via === "local" || limit === 0) return deploy
            const now = clock.unsafeCurrentTimeMillis()
            const who = `${key}/${user}`
            const times = recent(who, now)
            if (times.length >= limit) return Effect.fail(tooMany(limit, times[0]! + minute - now))
            times.push(now)
            return Effect.onError(deploy, () => Effect.sync(() => giveBack(who, now)))
          }),
      }
    }),
  )
}

const tooMany = (limit: number, waitMs: number): Failure =>
  refusal(
    "RATE_LIMIT_EXCEEDED",
    `You may deploy ${limit} times a minute (limits.deploys_per_minute). Try again in ${Math.ceil(waitMs / 1000)} s.`,
    { retry_after: Math.ceil(waitMs / 1000) },
  )
