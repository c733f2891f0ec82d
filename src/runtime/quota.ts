import { type SiteUsage, siteUsageQueries } from "../projections/siteUsage.ts"
import { GuestError, type InvocationLimits } from "./host.ts"
import type { Snapshot } from "./snapshots.ts"
import type { Unit } from "./unit.ts"

export type StorageLimits = Pick<InvocationLimits, "storageKeys" | "storageBytes">

/** Keys, documents and objects together, and their bytes. */
export interface Stored {
  readonly items: number
  readonly bytes: number
}

/**
 * Charges the site for a write: how many items and bytes it adds (or takes away, when negative). Throws if the site would then store
 * more than it may; what takes nothing more is never refused. The count is not something that the write was worked out from: units
 * that only share the quota do not conflict, and may pass it by what they write at the same moment.
 */
export const chargeStorage = (unit: Unit, limits: StorageLimits, items: number, bytes: number): void => {
  if (items > 0 || bytes > 0) {
    const stored = unit.once(storedIn, unit.site)
    const charged = unit.charged()
    const now = { items: stored.items + charged.items, bytes: stored.bytes + charged.bytes }
    const problem = quotaProblem(unit.site, now, items, bytes, limits)
    if (problem !== undefined) throw new GuestError(problem, { code: "QUOTA_EXCEEDED" })
  }
  unit.charge(items, bytes)
}

/** Why a site may not store so much more, if it may not. */
export const quotaProblem = (site: string, stored: Stored, items: number, bytes: number, limits: StorageLimits): string | undefined =>
  overLimit(site, "keys, documents and objects", stored.items, items, limits.storageKeys, "storage.site_keys") ??
  overLimit(site, "bytes", stored.bytes, bytes, limits.storageBytes, "storage.site_bytes")

export const storedOf = (usage: SiteUsage): Stored => ({
  items: usage.kv_keys + usage.documents + usage.objects,
  bytes: usage.kv_bytes + usage.document_bytes + usage.object_bytes,
})

const storedIn = (snapshot: Snapshot, site: string): Stored => storedOf(snapshot.query(siteUsageQueries).usage(site))

const overLimit = (site: string, what: string, used: number, more: number, limit: number, setting: string): string | undefined =>
  more <= 0 || used + more <= limit
    ? undefined
    : `The site ${site} stores ${used} ${what} of at most ${limit}, and this would add ${more}. Delete some, or let the owner raise ${setting}.`
