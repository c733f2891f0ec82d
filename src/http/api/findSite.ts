import * as Effect from "effect/Effect"
import { SiteNotFound } from "../../commands/site.ts"
import type { Sqlite } from "../../events/cartridge.ts"
import { type SiteRow, siteQueries } from "../../projections/sites.ts"

/** Finds a site that is or was, or refuses with 404. */
export const findSite = (db: Sqlite) => {
  const { site: row } = siteQueries(db)
  return (site: string): Effect.Effect<SiteRow, SiteNotFound> =>
    Effect.suspend(() => {
      const found = row(site)
      return found === undefined ? Effect.fail(new SiteNotFound({ site })) : Effect.succeed(found)
    })
}
