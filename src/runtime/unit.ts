import type { AppendRequest } from "../events/EventLog.ts"

/**
 * The unit of work of one function request: it sees one snapshot of the site's data plus its own writes, and what it wrote is
 * appended in one atomic append that checks what it read.
 */
export interface Unit {
  readonly id: string
  readonly site: string
}

/** What a unit of work wants appended, and the bytes that its events name. */
export interface UnitWrites {
  readonly request: AppendRequest
  readonly blobs: ReadonlyArray<Uint8Array>
}
