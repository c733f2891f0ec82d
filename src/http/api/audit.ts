import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { Queries } from "../../projections/Queries.ts"
import { draining } from "../draining.ts"
import { Api } from "./Api.ts"
import { refusal } from "./envelope.ts"
import { timeBound } from "./timeBound.ts"
import { auditView } from "./views.ts"
import { waitForNews } from "./waitForNews.ts"

const genesis = "0".repeat(64)

export const auditLayer = HttpApiBuilder.group(Api, "audit", (handlers) =>
  Effect.gen(function* () {
    const queries = yield* Queries
    const writer = yield* CartridgeWriter

    return handlers
      .handle("list", ({ request, urlParams: { since, until, wait, ...filter } }) =>
        Effect.gen(function* () {
          const stop = draining(NodeHttpServerRequest.toIncomingMessage(request))
          const now = yield* Clock.currentTimeMillis
          const bounded = { ...filter, since: yield* timeBound("since", since, now), until: yield* timeBound("until", until, now) }
          // One more than is shown tells whether there are more.
          const query = queries.audit({ ...bounded, limit: filter.limit + 1 })
          const rows = yield* wait > 0 && filter.after !== undefined ? waitForNews({ writer, query, seconds: wait, stop }) : query
          const page = rows.slice(0, filter.limit)
          const last = rows.length > filter.limit ? page.at(-1) : undefined
          return { data: page.map(auditView), meta: { limit: filter.limit, next: last === undefined ? null : String(last.seq) } }
        }),
      )
      .handle("verify", ({ urlParams: { after, hash } }) =>
        Effect.gen(function* () {
          if ((after ?? 0) > 0 && hash === undefined) {
            return yield* Effect.fail(refusal("MISSING_FIELD", "To go on from `after`, give the `hash` found there too."))
          }
          const part = yield* queries.verify(after === undefined ? undefined : { seq: after, hash: hash ?? genesis })
          return { data: { ...part, bad: part.bad ?? null } }
        }),
      )
  }),
)
