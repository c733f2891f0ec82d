import * as Option from "effect/Option"
import { parseTime } from "../http/api/period.ts"

/**
 * Whether a moment lies between two that a person has given; all in epoch milliseconds. The server, which was asked for the same before, has
 * found out what makes no sense.
 */
export const timeLimits = (since: Option.Option<string>, until: Option.Option<string>, now: number): ((at: number) => boolean) => {
  const msOf = (text: Option.Option<string>): number | undefined => Option.getOrUndefined(Option.map(text, (text) => parseTime(text, now)))
  const [from, to] = [msOf(since) ?? Number.NEGATIVE_INFINITY, msOf(until) ?? Number.POSITIVE_INFINITY]
  return (at) => at >= from && at < to
}
