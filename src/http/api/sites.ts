import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { DeployNotFound, SiteNotFound } from "../../commands/site.ts"
import { deploymentQueries } from "../../projections/deployments.ts"
import { Queries } from "../../projections/Queries.ts"
import { type SiteRow, siteQueries } from "../../projections/sites.ts"
import { Deployer } from "../deploy/Deployer.ts"
import { DeployRate } from "../deploy/DeployRate.ts"
import { deployedView } from "../deploy/view.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Settings } from "../Settings.ts"
import { Api } from "./Api.ts"
import { readText } from "./body.ts"
import { Caller } from "./contract/authorization.ts"
import { refuse } from "./failures.ts"
import { deploymentView, siteView, time } from "./views.ts"

/** A manifest with as many files as a deploy may have, all with long paths, fits; nothing else does. */
const maxManifestBytes = (maxFiles: number): number => Math.min(64 * 1024 + maxFiles * 1229, 256 * 1024 * 1024)

/** Manifests that are in memory at once. */
const maxManifests = 2

export const sitesLayer = HttpApiBuilder.group(Api, "sites", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const deployer = yield* Deployer
    const rate = yield* DeployRate
    const queries = yield* Queries
    const settings = yield* Settings
    const reading = yield* Effect.makeSemaphore(maxManifests)
    const { db } = yield* Reads
    const { addresses } = yield* ServerInfo
    const read = siteQueries(db)
    const deployments = deploymentQueries(db)

    const find = (site: string): Effect.Effect<SiteRow, SiteNotFound> => {
      const row = read.site(site)
      return row === undefined ? Effect.fail(new SiteNotFound({ site })) : Effect.succeed(row)
    }

    /** The deploy that people mean: by id, by a beginning of it that is unique, as `live`, or as `previous` (the one before it). */
    const resolveDeploy = (site: string, ref: string): Effect.Effect<string, SiteNotFound | DeployNotFound> =>
      Effect.flatMap(find(site), (row) => {
        const notFound = Effect.fail(new DeployNotFound({ site, deploy: ref }))
        if (ref === "live") return row.deploy === null ? notFound : Effect.succeed(row.deploy)
        if (ref === "previous") {
          const before = row.deploy === null ? undefined : deployments.deployBefore(site, row.deploy)
          return before === undefined ? notFound : Effect.succeed(before)
        }
        const [match, ...more] = /^[a-z0-9]{1,10}$/.test(ref) ? deployments.deploysStartingWith(site, ref) : []
        return match === undefined || more.length > 0 ? notFound : Effect.succeed(match)
      })

    const manifestOf = (site: string, ref: string) =>
      Effect.map(resolveDeploy(site, ref), (deploy) => ({ deploy, manifest: deployments.deployment(site, deploy)!.manifest! }))

    const view = (site: string) => Effect.map(find(site), (row) => ({ data: siteView(row, addresses) }))

    return handlers
      .handle("list", ({ urlParams }) => Effect.sync(() => ({ data: read.sites(urlParams).map((row) => siteView(row, addresses)) })))
      .handle("create", ({ payload }) =>
        Effect.gen(function* () {
          const site = payload.site.toLowerCase()
          yield* commands.handle({ _tag: "CreateSite", site }, yield* Caller)
          return yield* view(site)
        }).pipe(refuse),
      )
      .handle("get", ({ path }) => view(path.site).pipe(refuse))
      .handle("delete", ({ path: { site } }) =>
        Effect.gen(function* () {
          yield* commands.handle({ _tag: "DeleteSite", site }, yield* Caller)
          return { data: { message: `The site ${site} is deleted. Its history stays: \`fazt undelete ${site}\` brings it back.` } }
        }).pipe(refuse),
      )
      .handle("undelete", ({ path: { site } }) =>
        Effect.gen(function* () {
          yield* commands.handle({ _tag: "UndeleteSite", site }, yield* Caller)
          return yield* view(site)
        }).pipe(refuse),
      )
      .handle("files", ({ path: { site } }) =>
        Effect.gen(function* () {
          yield* find(site)
          const files = yield* queries.files(site)
          return { data: files.map(({ updated_at, ...file }) => ({ ...file, updated_at: time(updated_at) })) }
        }).pipe(refuse),
      )
      .handle("history", ({ path: { site }, urlParams: { before, limit } }) =>
        Effect.gen(function* () {
          const row = yield* find(site)
          const lines = yield* queries.history(site, before ?? Number.MAX_SAFE_INTEGER, limit)
          const last = lines.length === limit ? lines.at(-1) : undefined
          return {
            data: lines.map((line) => deploymentView(line, row, addresses)),
            meta: { next: last === undefined ? null : String(last.seq) },
          }
        }).pipe(refuse),
      )
      .handle("diff", ({ path: { site }, urlParams }) =>
        Effect.gen(function* () {
          const from = yield* manifestOf(site, urlParams.from)
          const to = yield* manifestOf(site, urlParams.to)
          const changes = yield* queries.diff(from.manifest, to.manifest, urlParams.text)
          return { data: { from: from.deploy, to: to.deploy, ...changes } }
        }).pipe(refuse),
      )
      .handleRaw("deploy", ({ path: { site }, request }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const receiveAndDeploy = Effect.flatMap(
            Effect.suspend(() => readText(request, maxManifestBytes(settings.number("limits.site_files")))),
            (body) => deployer.deployManifest(site, body, caller),
          )
          const published = yield* rate.within(caller.key, reading.withPermits(1)(receiveAndDeploy))
          return { data: deployedView(published, deployments.deployment(published.site, published.deploy)!, addresses) }
        }).pipe(refuse),
      )
      .handle("rollback", ({ path: { site }, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const to = payload.to === undefined ? undefined : yield* resolveDeploy(site, payload.to)
          yield* commands.handle(to === undefined ? { _tag: "RollBackSite", site } : { _tag: "RollBackSite", site, to }, caller)
          return yield* view(site)
        }).pipe(refuse),
      )
  }),
)
