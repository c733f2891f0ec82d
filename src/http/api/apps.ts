import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { deploymentQueries } from "../../projections/deployments.ts"
import { Queries } from "../../projections/Queries.ts"
import { type SiteRow, siteQueries } from "../../projections/sites.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import { type Failure, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { fileLister } from "./fileLister.ts"
import { jsonText } from "./jsonText.ts"
import { reached } from "./reach.ts"
import { appView, time } from "./views.ts"

/** Sites that answer for the server itself, and the name of its own pages: clients of Fazt 0.9 count on being unable to delete them. */
const systemApps: ReadonlySet<string> = new Set(["root", "404", "admin"])

/** The newest deploys that are told. */
const maxDeployments = 50

/** Sites by their name of Fazt 0.9. */
export const appsLayer = HttpApiBuilder.group(Api, "apps", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const queries = yield* Queries
    const { db } = yield* Reads
    const read = siteQueries(db)
    const { deployment } = deploymentQueries(db)
    const list = fileLister(db, queries)

    const view = (row: SiteRow) => appView(row, row.deploy === null ? undefined : deployment(row.site, row.deploy))

    /** One that was deleted is none. */
    const find = (site: string): Effect.Effect<SiteRow, Failure> =>
      Effect.suspend(() => {
        const row = read.site(site)
        return row === undefined || row.deleted_at !== null ? Effect.fail(appNotFound(site)) : Effect.succeed(row)
      })

    return handlers
      .handle("list", ({ urlParams: { limit, offset } }) =>
        Effect.map(reached, (only) => {
          const { sites, total } = read.sites({ deleted: false, only, limit, offset })
          return jsonText(JSON.stringify(sites.map(view)), { total, limit, offset })
        }),
      )
      .handle("get", ({ path: { site } }) => Effect.map(find(site), (row) => ({ data: view(row) })))
      .handle("delete", ({ path: { site } }) =>
        Effect.gen(function* () {
          if (systemApps.has(site)) return yield* Effect.fail(isSystemApp(site))
          yield* find(site)
          yield* commands.handle({ _tag: "DeleteSite", site }, yield* Caller)
          return { data: { message: `The app ${site} is deleted. Its history stays.` } }
        }).pipe(refuse),
      )
      .handle("files", ({ path: { site }, urlParams }) => Effect.zipRight(find(site), list(site, urlParams)).pipe(refuse))
      .handle("deployments", () =>
        Effect.gen(function* () {
          const deploys = yield* queries.newestDeploys(maxDeployments, yield* reached)
          return {
            data: {
              deployments: deploys.map(({ deploy, site, bytes, files, actor, at }) => ({
                id: deploy,
                site_id: site,
                size_bytes: bytes ?? 0,
                file_count: files ?? 0,
                deployed_by: actor,
                created_at: time(at),
              })),
            },
          }
        }),
      )
  }),
)

const appNotFound = (site: string) => refusal("APP_NOT_FOUND", `There is no app called ${site.slice(0, 80)}.`)

const isSystemApp = (site: string) =>
  refusal("SYSTEM_APP", `${site} belongs to the server. \`fazt delete ${site}\` deletes the site itself, should that be meant.`)
