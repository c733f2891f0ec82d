import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AuditEntry } from "../../http/api/contract/audit.ts"
import type { Server } from "../client.ts"
import { followEvents, givenFilters, lastPlace } from "../follow.ts"
import { timeLimits } from "../timeLimits.ts"
import { printAudit } from "./entries.ts"
import type { Filters } from "./filters.ts"

/** Prints the events behind `after` as they happen, for ever. */
export const follow = (server: Server, { since, until, ...filters }: Filters, json: boolean, after: number) =>
  Effect.gen(function* () {
    const isInTime = timeLimits(since, until, yield* Clock.currentTimeMillis)
    return yield* followEvents({
      server,
      after,
      filter: givenFilters(filters),
      show: (entries) =>
        printAudit(
          json,
          entries.filter(({ at }) => isInTime(Date.parse(at))),
        ),
    })
  })

export const lastSeq = (entries: ReadonlyArray<AuditEntry>): number => lastPlace(entries, ({ seq }) => seq)
