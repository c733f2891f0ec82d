import type { AuditEntry } from "../../http/api/contract/audit.ts"
import type { Server } from "../client.ts"
import { followPages, lastPlace } from "../follow.ts"
import { printAudit } from "./entries.ts"
import { type Filters, filterParams } from "./filters.ts"

const place = ({ seq }: AuditEntry): number => seq

/** Prints the events behind `after` as they happen, for ever. */
export const follow = ({ api }: Server, filters: Filters, json: boolean, after: number) =>
  followPages({
    after,
    ask: (params) => api.audit.list({ urlParams: { ...filterParams(filters), ...params } }),
    place,
    show: (entries) => printAudit(json, entries),
  })

export const lastSeq = (entries: ReadonlyArray<AuditEntry>): number => lastPlace(entries, place)
