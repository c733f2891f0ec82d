import type { IncomingMessage, RequestListener } from "node:http"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { blobReader } from "../events/blobs.ts"
import { adminFolder } from "../resources.ts"
import { Cookies } from "./accounts/Cookies.ts"
import { isCrossOrigin } from "./accounts/crossOrigin.ts"
import { Joining } from "./accounts/Joining.ts"
import { LastUses } from "./accounts/LastUses.ts"
import { Logins } from "./accounts/Logins.ts"
import { NewPasswords } from "./accounts/NewPasswords.ts"
import { Sessions } from "./accounts/Sessions.ts"
import { liveAddress } from "./adminHost.ts"
import { adminPages } from "./adminPages.ts"
import { Api } from "./api/Api.ts"
import { accountLayer } from "./api/account.ts"
import { appsLayer } from "./api/apps.ts"
import { auditLayer } from "./api/audit.ts"
import { Authentication, authLayer } from "./api/auth.ts"
import { bearerOf } from "./api/bearer.ts"
import { blobsLayer } from "./api/blobs.ts"
import { configLayer } from "./api/config.ts"
import { deploysLayer } from "./api/deploys.ts"
import { documentsLayer } from "./api/documents.ts"
import { envLayer } from "./api/env.ts"
import { refusal } from "./api/envelope.ts"
import { filesLayer } from "./api/files.ts"
import { keysLayer } from "./api/keys.ts"
import { kvLayer } from "./api/kv.ts"
import { logsLayer } from "./api/logs.ts"
import { objectsLayer } from "./api/objects.ts"
import { docsEndpoint } from "./api/openapi/docs.ts"
import { openApiEndpoint } from "./api/openapi/endpoint.ts"
import { inEnvelope } from "./api/refusals.ts"
import { refuseRequest } from "./api/refuseRequest.ts"
import { routeOf } from "./api/routes.ts"
import { serverLayer } from "./api/server.ts"
import { sessionLayer } from "./api/session.ts"
import { sitesLayer } from "./api/sites.ts"
import { systemLayer } from "./api/system.ts"
import { usersLayer } from "./api/users.ts"
import { Cache } from "./Cache.ts"
import { clientOf } from "./clientOf.ts"
import { classicDeploy } from "./deploy/classic.ts"
import { DeployRate } from "./deploy/DeployRate.ts"
import { dispatcher } from "./dispatch.ts"
import type { EdgeListener } from "./Edge.ts"
import { liveEvents } from "./events/liveEvents.ts"
import { Functions } from "./Functions.ts"
import { functionServer } from "./functionServer.ts"
import { Limits } from "./limits/Limits.ts"
import { metricsEndpoint } from "./metrics/endpoint.ts"
import { Metrics } from "./metrics/Metrics.ts"
import { Reads } from "./Reads.ts"
import { ServerInfo } from "./ServerInfo.ts"
import { Settings } from "./Settings.ts"
import { Sockets } from "./Sockets.ts"
import { siteSnapshots } from "./site.ts"

const apiLayer = HttpApiBuilder.api(Api).pipe(
  Layer.provide([
    sessionLayer,
    accountLayer,
    usersLayer,
    sitesLayer,
    deploysLayer,
    filesLayer,
    appsLayer,
    blobsLayer,
    configLayer,
    keysLayer,
    auditLayer,
    serverLayer,
    systemLayer,
    envLayer,
    logsLayer,
    kvLayer,
    documentsLayer,
    objectsLayer,
  ]),
  Layer.provide(authLayer),
)

/** The server's one request handler: static files and dispatch in plain functions, the API by Effect behind them. */
export class Handler extends Context.Tag("fazt/Handler")<Handler, EdgeListener>() {
  static readonly layer = Layer.scoped(
    Handler,
    Effect.gen(function* () {
      const writer = yield* CartridgeWriter
      const settings = yield* Settings
      const { domain } = yield* ServerInfo
      const { db } = yield* Reads
      const blobs = blobReader(db)
      const cache = yield* Cache
      const snapshots = siteSnapshots(db, blobs)
      const { live } = yield* Sockets
      const guard = yield* Limits
      yield* writer.onCommitted(({ events, variants }) => {
        for (const { stream } of events) {
          if (!stream.startsWith("site/")) continue
          const site = stream.slice("site/".length)
          snapshots.changed(site)
          // Without server code nobody is left who could send anything.
          if (live.count(site, "") > 0 && snapshots.live(site)?.server === undefined) live.drop(site)
        }
        if (variants.length > 0) cache.refreshVariants(variants)
      })
      const functions = yield* Functions
      const ping = db.prepare("SELECT 1 FROM events LIMIT 1")
      const app = yield* HttpApiBuilder.httpApp
      const contract = yield* HttpMiddleware.withTracerDisabledWhenEffect(NodeHttpServer.makeHandler(app), () => true)
      const classic = yield* classicDeploy
      const events = yield* liveEvents()
      const { requests, counted, read } = yield* Metrics
      read({ name: "fazt_event_streams_open", type: "gauge", help: "Open streams of events.", read: events.open })
      const pages = adminPages(adminFolder)
      const docs = docsEndpoint(pages)
      /** These say by themselves which methods they take. */
      const byPath: Readonly<Record<string, RequestListener>> = { "/api/deploy": classic, [liveAddress]: events.stream, "/api/docs/": docs }
      /** Endpoints outside of the contract. */
      const plain: Readonly<Record<string, RequestListener>> = {
        "GET /metrics": yield* metricsEndpoint,
        "GET /api/openapi.json": openApiEndpoint(),
        "GET /api/docs": docs,
        "GET /api/docs/*": docs,
      }

      return dispatcher({
        domain,
        snapshots,
        cache,
        functions: functionServer({
          run: counted(functions.run),
          cache,
          maxBodyBytes: () => settings.number("functions.body_bytes"),
          clientOf: (req) => clientOf(req, guard.trusted()),
        }),
        sockets: { live, hasServer: ({ server }) => server !== undefined },
        guard,
        meter: requests,
        apiUpgrade: events.upgrade,
        pages,
        api: (req, res) => {
          // Later Go servers have these outside of /api.
          if (req.url?.startsWith("/auth/") === true) req.url = `/api${req.url}`
          // A key is something that no page of another origin can make a browser send; a name and a password for a proxy it sends by itself.
          if (bearerOf(req) === undefined && isCrossOrigin(req)) return refuseRequest(req, res, crossOrigin)
          const path = pathOf(req)
          const answer = plain[routeOf(req).endpoint ?? ""] ?? byPath[path] ?? contract
          answer(req, res)
        },
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
    Layer.provide(inEnvelope),
    Layer.provide(apiLayer),
    Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
    Layer.provide(NodeHttpServer.layerContext),
    Layer.provide([Authentication.layer, Metrics.layer]),
    Layer.provide([Cookies.layer, DeployRate.layer, Joining.layer, Logins.layer, Limits.layer, Cache.layer]),
    Layer.provide([NewPasswords.layer, Sessions.layer]),
    Layer.provide(LastUses.layer),
  )
}

const crossOrigin = refusal("CROSS_ORIGIN", "A page of another origin has sent this. Only pages of this very host may change something.")

const pathOf = ({ url = "" }: IncomingMessage): string => url.split("?", 1)[0]!
