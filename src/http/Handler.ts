import type { RequestListener } from "node:http"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { blobReader } from "../events/blobs.ts"
import { Api } from "./api/Api.ts"
import { auditLayer } from "./api/audit.ts"
import { Authentication, authLayer } from "./api/auth.ts"
import { blobsLayer } from "./api/blobs.ts"
import { configLayer } from "./api/config.ts"
import { BadRequest, Failure, InternalError, NotFound, statusOf } from "./api/envelope.ts"
import { keysLayer } from "./api/keys.ts"
import { serverLayer } from "./api/server.ts"
import { sitesLayer } from "./api/sites.ts"
import { blobCache } from "./blobCache.ts"
import { classicDeploy } from "./deploy/classic.ts"
import { DeployRate } from "./deploy/DeployRate.ts"
import { dispatcher } from "./dispatch.ts"
import { Reads } from "./Reads.ts"
import { ServerInfo } from "./ServerInfo.ts"
import { Settings } from "./Settings.ts"
import { siteSnapshots } from "./site.ts"

const failWith = (failure: Failure) => HttpServerResponse.unsafeJson(Schema.encodeSync(Failure)(failure), { status: statusOf(failure) })

/** Answers in the envelope also where the framework itself refuses: malformed requests, unknown routes, defects. */
const inEnvelope = HttpApiBuilder.middleware((app: HttpApp.Default) =>
  Effect.catchAllCause(app, (cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause) as { readonly _tag?: string; readonly message?: string } | null
    if (Schema.is(Schema.typeSchema(Failure))(error)) return Effect.succeed(failWith(error))
    if (error?._tag === "HttpApiDecodeError") {
      return Effect.succeed(failWith(BadRequest.make({ code: "VALIDATION_FAILED", message: String(error.message).slice(0, 1000) })))
    }
    if (error?._tag === "RouteNotFound") return Effect.succeed(failWith(noRoute))
    if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
    return Effect.as(Effect.logError("A request failed.", cause), failWith(internal))
  }),
)

const noRoute = NotFound.make({ code: "NOT_FOUND", message: "There is no such API endpoint. GET /api/openapi.json lists them." })
const internal = InternalError.make({ code: "INTERNAL_ERROR", message: "Something went wrong on the server; its log says what." })

const apiLayer = HttpApiBuilder.api(Api).pipe(
  Layer.provide([sitesLayer, blobsLayer, configLayer, keysLayer, auditLayer, serverLayer]),
  Layer.provide(authLayer),
)

/** The server's one request handler: static files and dispatch in plain functions, the API by Effect behind them. */
export class Handler extends Context.Tag("fazt/Handler")<Handler, RequestListener>() {
  static readonly layer = Layer.scoped(
    Handler,
    Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      const settings = yield* Settings
      const { domain } = yield* ServerInfo
      const { db } = yield* Reads
      const blobs = blobReader(db)
      const cache = blobCache(blobs, settings.number("cache.bytes"))
      const snapshots = siteSnapshots(db, blobs)
      yield* writer.onCommitted(({ events, variants }) => {
        for (const { stream } of events) if (stream.startsWith("site/")) snapshots.changed(stream.slice("site/".length))
        if (variants.length > 0) cache.refreshVariants(variants)
      })
      const ping = db.prepare("SELECT 1 FROM events LIMIT 1")
      const app = yield* HttpApiBuilder.httpApp
      const contract = yield* HttpMiddleware.withTracerDisabledWhenEffect(NodeHttpServer.makeHandler(app), () => true)
      const classic = yield* classicDeploy

      return dispatcher({
        domain,
        snapshots,
        cache,
        api: (req, res) => (isClassicDeploy(req.url ?? "") ? classic(req, res) : contract(req, res)),
        isHealthy: () => {
          try {
            ping.get()
            return true
          } catch {
            return false
          }
        },
      })
    }),
  ).pipe(
    Layer.provide([inEnvelope, HttpApiBuilder.middlewareOpenApi({ path: "/api/openapi.json" })]),
    Layer.provide(apiLayer),
    Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
    Layer.provide(NodeHttpServer.layerContext),
    Layer.provide([Authentication.layer, DeployRate.layer]),
  )
}

const isClassicDeploy = (url: string): boolean => url === "/api/deploy" || url.startsWith("/api/deploy?")
