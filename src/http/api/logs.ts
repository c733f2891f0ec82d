import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { ensureAllowed } from "../../commands/Commands.ts"
import { logsStream } from "../../events/logs.ts"
import { Queries } from "../../projections/Queries.ts"
import type { LogRow } from "../../projections/siteLogs.ts"
import { draining } from "../draining.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import type { LogEntry } from "./contract/logs.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { ensureMay } from "./reach.ts"
import { timeBound } from "./timeBound.ts"
import { time } from "./views.ts"
import { waitForNews } from "./waitForNews.ts"

const logView = ({ at, ...row }: LogRow): LogEntry => ({ ...row, at: time(at) })

export const logsLayer = HttpApiBuilder.group(Api, "logs", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const writer = yield* CartridgeWriter
    const { db } = yield* Reads
    const find = findSite(db)

    return handlers
      .handle("list", ({ request, path: { site }, urlParams: { since, wait, ...params } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const stop = draining(NodeHttpServerRequest.toIncomingMessage(request))
          const filter = { ...params, site, since: yield* timeBound("since", since, yield* Clock.currentTimeMillis) }
          // One more than is shown tells whether there are more.
          const query = Effect.map(queries.logs({ ...filter, limit: filter.limit + 1 }), (rows) => ({ rows, count: rows.length }))
          const concerns = ({ stream }: { readonly stream: string }) => stream === logsStream(site)
          const waits = wait > 0 && filter.after !== undefined
          const nothing = { rows: [], count: 0 }
          const { rows } = yield* waits ? waitForNews({ writer, query, nothing, concerns, seconds: wait, stop }) : query
          // Whose rights were taken away while they waited learns nothing any more.
          if (waits) yield* ensureAllowed(yield* Caller)
          const page = rows.slice(0, filter.limit)
          const last = rows.length > filter.limit ? page.at(-1) : undefined
          return { data: page.map(logView), meta: { limit: filter.limit, next: last === undefined ? null : String(last.id) } }
        }).pipe(refuse),
      )
      .handle("classic", ({ urlParams: { site_id, limit } }) =>
        Effect.gen(function* () {
          const site = site_id.toLowerCase()
          yield* ensureMay("logs.read", site)
          yield* find(site)
          const rows = yield* queries.logs({ site, limit })
          return { data: { logs: rows.map(({ id, level, message, at }) => ({ id, level, message, created_at: time(at) })) } }
        }).pipe(refuse),
      )
  }),
)
