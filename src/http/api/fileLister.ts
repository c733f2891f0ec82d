import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type { DeployNotFound, SiteNotFound } from "../../commands/site.ts"
import type { Sqlite } from "../../events/cartridge.ts"
import type { Queries } from "../../projections/Queries.ts"
import type { FileParams } from "./contract/files.ts"
import { findDeploy } from "./findDeploy.ts"
import { findSite } from "./findSite.ts"
import { jsonText } from "./jsonText.ts"

/** Answers with part of the files of a site, as it is now or at one of its deploys. */
export const fileLister = (db: Sqlite, queries: Pick<typeof Queries.Service, "files">) => {
  const find = findSite(db)
  const resolve = findDeploy(db)

  /** The deploy to look into; none where the files that the site shows now are meant. */
  const placeOf = (site: string, ref: string | undefined) =>
    Effect.gen(function* () {
      const { deploy: live, deleted_at } = yield* find(site)
      if (ref === undefined) return undefined
      const { deploy, manifest, at } = yield* resolve(site, ref)
      return deploy === live && deleted_at === null ? undefined : { manifest, time: at }
    })

  return (
    site: string,
    { deploy, prefix, limit, offset }: typeof FileParams.Type,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, SiteNotFound | DeployNotFound> =>
    Effect.gen(function* () {
      const at = yield* placeOf(site, deploy)
      const { json, total } = yield* queries.files({ site, at, prefix, limit, offset })
      return jsonText(json, { total, limit, offset })
    })
}
