import * as Effect from "effect/Effect"
import { DeployNotFound, type SiteNotFound } from "../../commands/site.ts"
import type { Sqlite } from "../../events/cartridge.ts"
import { type DeploymentRow, deploymentQueries } from "../../projections/deployments.ts"
import { findSite } from "./findSite.ts"

/** A deploy of a site. */
export type FoundDeploy = DeploymentRow & { readonly deploy: string; readonly manifest: string }

/** Finds the deploy that people mean: by id, by a beginning of it that is unique, as `live`, or as `previous` (the one before it). */
export const findDeploy = (db: Sqlite) => {
  const find = findSite(db)
  const deployments = deploymentQueries(db)

  const idOf = (site: string, live: string | null, ref: string): string | undefined => {
    if (ref === "live") return live ?? undefined
    if (ref === "previous") return live === null ? undefined : deployments.deployBefore(site, live)
    const [match, ...more] = /^[a-z0-9]{1,10}$/.test(ref) ? deployments.deploysStartingWith(site, ref) : []
    return more.length > 0 ? undefined : match
  }

  return (site: string, ref: string): Effect.Effect<FoundDeploy, SiteNotFound | DeployNotFound> =>
    Effect.flatMap(find(site), (row) => {
      const deploy = idOf(site, row.deploy, ref)
      const found = deploy === undefined ? undefined : deployments.deployment(site, deploy)
      return found === undefined ? Effect.fail(new DeployNotFound({ site, deploy: ref })) : Effect.succeed(found as FoundDeploy)
    })
}
