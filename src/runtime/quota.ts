import { siteUsageQueries } from "../projections/siteUsage.ts"
import { GuestError, type InvocationLimits } from "./host.ts"
import type { Snapshot } from "./snapshots.ts"
import type { Unit } from "./unit.ts"

/**
 * Charges the site for a write: how many items and bytes it adds (or takes away, when negative). Throws if the site would then store
 * more than it may; what takes nothing more is never refused. The count is not something that the write was worked out from: units
 * that only share the quota do not conflict, and may pass it by what they write at the same moment.
 */
export const chargeStorage = (unit: Unit, limits: StorageLimits, items: number, bytes: number): void => {
  if (items > 0 || bytes > 0) {
    const stored = unit.once(storedIn, unit.site)
    const charged = unit.charged()
    const keys = stored.items + charged.items
    const size = stored.bytes + charged.bytes
    if (items > 0) refuse(unit.site, "keys, documents and objects", keys, items, limits.storageKeys, "storage.site_keys")
    if (bytes > 0) refuse(unit.site, "bytes", size, bytes, limits.storageBytes, "storage.site_bytes")
  }
  unit.charge(items, bytes)
}

const storedIn = (snapshot: Snapshot, site: string): { readonly items: number; readonly bytes: number } => {
  const usage = snapshot.query(siteUsageQueries).usage(site)
  return {
    items: usage.kv_keys + usage.documents + usage.objects,
    bytes: usage.kv_bytes + usage.document_bytes + usage.object_bytes,
  }
}

export type StorageLimits = Pick<InvocationLimits, "storageKeys" | "storageBytes">

const refuse = (site: string, what: string, used: number, more: number, limit: number, setting: string): void => {
  if (used + more <= limit) return
  throw new GuestError(
    `The site ${site} stores ${used} ${what} of at most ${limit}, and this would add ${more}. Delete some, or let the owner raise ${setting}.`,
    { code: "QUOTA_EXCEEDED" },
  )
}
