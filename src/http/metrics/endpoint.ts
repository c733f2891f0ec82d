import type { RequestListener } from "node:http"
import * as Effect from "effect/Effect"
import { Authentication } from "../api/auth.ts"
import { plainEndpoint } from "../api/plain.ts"
import { isDirectLoopback } from "../clientOf.ts"
import { Metrics } from "./Metrics.ts"

/**
 * `GET /metrics`: for whoever may see them, and for programs on this machine. Those need no key, since what watches a server is often
 * beside it, and could see as much by other means.
 */
export const metricsEndpoint: Effect.Effect<RequestListener, never, Authentication | Metrics> = Effect.gen(function* () {
  const { scrape } = yield* Metrics
  const { admit } = yield* Authentication
  return plainEndpoint((req, res) =>
    Effect.zipRight(
      isDirectLoopback(req) ? Effect.void : admit(req, res),
      Effect.sync(() => {
        const { contentType, text } = scrape(req.headers.accept)
        res.writeHead(200, {
          "content-type": contentType,
          "content-length": Buffer.byteLength(text),
          "cache-control": "no-store",
          vary: "Accept",
        })
        res.end(req.method === "HEAD" ? undefined : text)
      }),
    ),
  )
})
