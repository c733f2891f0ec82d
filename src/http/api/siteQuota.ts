import * as Effect from "effect/Effect"
import type { Sqlite } from "../../events/cartridge.ts"
import { siteUsageQueries } from "../../projections/siteUsage.ts"
import { quotaProblem, storedOf } from "../../runtime/quota.ts"
import type { Settings } from "../Settings.ts"
import { type Failure, refusal } from "./envelope.ts"

/**
 * Refuses what would make a site store more than it may, by so many items and bytes (negative: what it takes away). The same limits hold for
 * the site's own code.
 */
export const siteQuota = (db: Sqlite, settings: Pick<typeof Settings.Service, "number">) => {
  const { usage } = siteUsageQueries(db)
  return (site: string, items: number, bytes: number): Effect.Effect<void, Failure> =>
    Effect.suspend(() => {
      const limits = { storageKeys: settings.number("storage.site_keys"), storageBytes: settings.number("storage.site_bytes") }
      const problem = quotaProblem(site, storedOf(usage(site)), items, bytes, limits)
      return problem === undefined ? Effect.void : Effect.fail(refusal("QUOTA_EXCEEDED", problem))
    })
}
