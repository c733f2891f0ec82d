import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { ensureAllowed } from "../../commands/Commands.ts"
import { noActivity } from "../../projections/activity.ts"
import { Queries } from "../../projections/Queries.ts"
import { draining } from "../draining.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import { refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { jsonText } from "./jsonText.ts"
import { timeBound } from "./timeBound.ts"
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
          const query = queries.audit(bounded)
          const waits = wait > 0 && filter.after !== undefined
          const { json, next } = yield* waits ? waitForNews({ writer, query, nothing: noActivity, seconds: wait, stop }) : query
          // Whose rights were taken away while they waited learns nothing any more.
          if (waits) yield* ensureAllowed(yield* Caller)
          return jsonText(json, { limit: filter.limit, next: next === null ? null : String(next) })
        }).pipe(refuse),
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
