import * as Effect from "effect/Effect"
import { forbidden } from "./auth.ts"
import { Caller } from "./contract/authorization.ts"
import type { Failure } from "./envelope.ts"
import { may, type Permission } from "./policy.ts"

/** Refuses with 403 unless the caller may do this on this site: where the policy leaves it to the handler to know which site is meant. */
export const ensureMay = (needs: Permission, site: string): Effect.Effect<void, Failure, Caller> =>
  Effect.flatMap(Caller, (who) => (may(who, needs, site) ? Effect.void : Effect.fail(forbidden(who, needs, site))))

/** The only sites that lists show to the caller; `undefined`: all. */
export const reached: Effect.Effect<ReadonlyArray<string> | undefined, never, Caller> = Effect.map(Caller, ({ sites }) =>
  sites === undefined ? undefined : [...sites],
)
