import { readFile } from "node:fs/promises"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import { Commands, ensureAllowed } from "../../commands/Commands.ts"
import { deploymentQueries } from "../../projections/deployments.ts"
import { Queries } from "../../projections/Queries.ts"
import { Deployer } from "../deploy/Deployer.ts"
import { DeployRate } from "../deploy/DeployRate.ts"
import { deployedView } from "../deploy/view.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import { receiveJson } from "./body.ts"
import { Caller } from "./contract/authorization.ts"
import { refuse } from "./failures.ts"
import { findDeploy } from "./findDeploy.ts"
import { findSite } from "./findSite.ts"
import { deploymentView, siteView } from "./views.ts"

/** A manifest with as many files as a deploy may have, all with long paths, fits; nothing else does. */
const maxManifestBytes = (maxFiles: number): number => Math.min(64 * 1024 + maxFiles * 1229, 256 * 1024 * 1024)

/** Manifests that are in memory at once. */
const maxManifests = 2

export const deploysLayer = HttpApiBuilder.group(Api, "deploys", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const deployer = yield* Deployer
    const rate = yield* DeployRate
    const queries = yield* Queries
    const settings = yield* Settings
    const inMemory = yield* Effect.makeSemaphore(maxManifests)
    const { db } = yield* Reads
    const { addresses } = yield* ServerInfo
    const deployments = deploymentQueries(db)
    const find = findSite(db)
    const resolve = findDeploy(db)

    return handlers
      .handle("list", ({ path: { site }, urlParams: { limit, offset } }) =>
        Effect.gen(function* () {
          const row = yield* find(site)
          const deploys = yield* queries.deploys(site, limit, offset)
          return { data: deploys.map((deploy) => deploymentView(deploy, row, addresses)), meta: { total: row.deploys, limit, offset } }
        }).pipe(refuse),
      )
      .handle("get", ({ path: { site, deploy: ref } }) =>
        Effect.gen(function* () {
          const row = yield* find(site)
          const found = yield* resolve(site, ref)
          const { spa, server } = yield* queries.manifestOptions(found.manifest)
          const previous = deployments.deployBefore(site, found.deploy) ?? null
          return { data: { ...deploymentView(found, row, addresses), previous, spa, server } }
        }).pipe(refuse),
      )
      .handle("history", ({ path: { site }, urlParams: { before, limit } }) =>
        Effect.gen(function* () {
          const row = yield* find(site)
          const lines = yield* queries.history(site, before ?? Number.MAX_SAFE_INTEGER, limit + 1)
          const page = lines.slice(0, limit)
          const last = lines.length > limit ? page.at(-1) : undefined
          return {
            data: page.map((line) => deploymentView(line, row, addresses)),
            meta: { limit, next: last === undefined ? null : String(last.seq) },
          }
        }).pipe(refuse),
      )
      .handle("diff", ({ path: { site }, urlParams }) =>
        Effect.gen(function* () {
          const from = yield* resolve(site, urlParams.from)
          const to = yield* resolve(site, urlParams.to)
          const changes = yield* queries.diff(from.manifest, to.manifest, urlParams.text)
          return { data: { from: from.deploy, to: to.deploy, ...changes } }
        }).pipe(refuse),
      )
      .handleRaw("deploy", ({ path: { site }, request }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const req = NodeHttpServerRequest.toIncomingMessage(request)
          const receiveAndDeploy = Effect.gen(function* () {
            // Nobody waits for a body that comes slowly.
            const file = yield* receiveJson(req, maxManifestBytes(settings.number("limits.site_files")))
            yield* ensureAllowed(caller)
            const manifest = Effect.promise(() => readFile(file, "utf8"))
            return yield* inMemory.withPermits(1)(Effect.flatMap(manifest, (body) => deployer.deployManifest(site, body, caller)))
          })
          const published = yield* rate.within(caller, Effect.scoped(receiveAndDeploy))
          return { data: deployedView(published, deployments.deployment(published.site, published.deploy)!, addresses) }
        }).pipe(refuse),
      )
      .handle("rollback", ({ path: { site }, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const to = payload.to === undefined ? undefined : (yield* resolve(site, payload.to)).deploy
          yield* commands.handle(to === undefined ? { _tag: "RollBackSite", site } : { _tag: "RollBackSite", site, to }, caller)
          return { data: siteView(yield* find(site), addresses) }
        }).pipe(refuse),
      )
  }),
)
