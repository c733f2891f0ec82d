import * as Effect from "effect/Effect"
import { type Failure, invalid } from "./envelope.ts"
import { parseTime } from "./period.ts"

/** The moment that a parameter of a request means, in epoch milliseconds. */
export const timeBound = (name: string, text: string | undefined, now: number): Effect.Effect<number | undefined, Failure> => {
  if (text === undefined) return Effect.succeed(undefined)
  const ms = parseTime(text, now)
  if (ms !== undefined) return Effect.succeed(ms)
  return Effect.fail(invalid(name, `${name} is ${JSON.stringify(text.slice(0, 40))}: use ${constraint}.`, constraint))
}

const constraint = "a time span (30m, 2h, 7d) or a date (2026-11-21, 2026-11-21T14:00:00Z)"
