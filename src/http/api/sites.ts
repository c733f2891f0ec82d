import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import type { SiteCors } from "../../events/site.ts"
import { siteQueries } from "../../projections/sites.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import { refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { findSite } from "./findSite.ts"
import { jsonText } from "./jsonText.ts"
import { ensureMay, reached } from "./reach.ts"
import { corsView, siteView } from "./views.ts"

export const sitesLayer = HttpApiBuilder.group(Api, "sites", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    const { addresses } = yield* ServerInfo
    const read = siteQueries(db)
    const find = findSite(db)

    const view = (site: string) => Effect.map(find(site), (row) => ({ data: siteView(row, addresses) }))

    const remove = (site: string) =>
      Effect.gen(function* () {
        yield* commands.handle({ _tag: "DeleteSite", site }, yield* Caller)
        return { data: { message: `The site ${site} is deleted. Its history stays: \`fazt undelete ${site}\` brings it back.` } }
      })

    return handlers
      .handle("list", ({ urlParams: { deleted, limit, offset } }) =>
        Effect.map(reached, (only) => {
          const { sites, total } = read.sites({ deleted, only, limit, offset })
          return jsonText(JSON.stringify(sites.map((row) => siteView(row, addresses))), { total, limit, offset })
        }),
      )
      .handle("create", ({ payload }) =>
        Effect.gen(function* () {
          const site = payload.site.toLowerCase()
          yield* ensureMay("sites.deploy", site)
          yield* commands.handle({ _tag: "CreateSite", site }, yield* Caller)
          return yield* view(site)
        }).pipe(refuse),
      )
      .handle("classicDelete", ({ urlParams }) =>
        Effect.gen(function* () {
          const site = urlParams.site_id?.toLowerCase() ?? ""
          if (site === "") return yield* Effect.fail(refusal("MISSING_FIELD", "Give `site_id`: the site's name."))
          yield* ensureMay("sites.manage", site)
          return yield* remove(site)
        }).pipe(refuse),
      )
      .handle("get", ({ path }) => view(path.site).pipe(refuse))
      .handle("delete", ({ path: { site } }) => remove(site).pipe(refuse))
      .handle("undelete", ({ path: { site } }) =>
        Effect.gen(function* () {
          yield* commands.handle({ _tag: "UndeleteSite", site }, yield* Caller)
          return yield* view(site)
        }).pipe(refuse),
      )
      .handle("cors", ({ path: { site } }) => Effect.map(find(site), () => ({ data: corsView(read.cors(site)) })).pipe(refuse))
      .handle("setCors", ({ path: { site }, payload: { origins, methods, headers, credentials = false, max_age: maxAge } }) =>
        Effect.gen(function* () {
          const cors: SiteCors = {
            origins,
            ...(methods == null ? {} : { methods }),
            ...(headers == null ? {} : { headers }),
            credentials,
            ...(maxAge == null ? {} : { maxAge }),
          }
          yield* commands.handle({ _tag: "SetSiteCors", site, cors }, yield* Caller)
          return { data: corsView(read.cors(site)) }
        }).pipe(refuse),
      )
      .handle("unsetCors", ({ path: { site } }) =>
        Effect.gen(function* () {
          yield* commands.handle({ _tag: "UnsetSiteCors", site }, yield* Caller)
          return { data: { message: `Pages of other origins may no longer call ${site}, unless its own code says so.` } }
        }).pipe(refuse),
      )
  }),
)
