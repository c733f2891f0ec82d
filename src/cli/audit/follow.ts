import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { AuditEntry } from "../../http/api/Api.ts"
import type { Server } from "../client.ts"
import { CliError } from "../errors.ts"
import { exitCodes } from "../exitCodes.ts"
import { note } from "../output.ts"
import { printAudit } from "./entries.ts"
import { type Filters, filterParams } from "./filters.ts"

/** How long one request waits for an event, in seconds: less than what proxies allow. */
const wait = 25

/** Prints the events behind `after` as they happen, for ever. A server that goes away is waited for. */
export const follow = ({ api }: Server, filters: Filters, json: boolean, after: number) => {
  let isGone = false
  const tellOnce = Effect.suspend(() => {
    const told = isGone
    isGone = true
    return told ? Effect.void : note("no server answers, waiting for one …")
  })
  const next = (after: number) =>
    api.audit.list({ urlParams: { ...filterParams(filters), after, wait, limit: 1000 } }).pipe(
      Effect.tapError((error) => (isUnreachable(error) ? tellOnce : Effect.void)),
      Effect.retry({ while: isUnreachable, schedule: Schedule.spaced("1 second") }),
    )
  const step = (after: number) =>
    Effect.gen(function* () {
      const { data, meta } = yield* next(after)
      isGone = false
      yield* printAudit(json, data)
      return Math.max(after, lastSeq(data), Number(meta.next ?? 0))
    })
  return Effect.iterate(after, { while: () => true, body: step })
}

export const lastSeq = (entries: ReadonlyArray<AuditEntry>): number => entries.reduce((last, { seq }) => Math.max(last, seq), 0)

const isUnreachable = (error: unknown): boolean => error instanceof CliError && error.exitCode === exitCodes.unreachable
