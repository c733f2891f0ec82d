import type { Sqlite } from "../events/cartridge.ts"
import type { AppendRequest } from "../events/EventLog.ts"
import type { Event } from "../events/event.ts"
import type { Mutation } from "./layers.ts"
import type { Snapshot } from "./snapshots.ts"

/**
 * The unit of work of one function request. It sees one snapshot of the site's data, taken at its first read, then the writes of
 * earlier units of this thread that the snapshot does not hold yet, then its own writes. What it wrote is appended in one
 * atomic append that checks what it read.
 *
 * A binding reads an item like this:
 * ```
 * const written = unit.read<KvMutation>(stream)           // this unit's or a pending one's; noted as read
 * const row = written ?? unit.query(kvQueries).one(…)     // otherwise it is as in the snapshot
 * ```
 * and a range like this: the rows of the snapshot, with `unit.readRange(prefix)` laid over them.
 * Nothing of it may be used after `finish` or `abandon`.
 */
export interface Unit {
  readonly id: string
  readonly site: string
  /** Epoch milliseconds; what has expired by then is not there. */
  readonly now: number
  /** The queries that `prepare` makes, over the snapshot. Prepared once for each connection: pass the same function each time. */
  readonly query: <Queries>(prepare: (db: Sqlite) => Queries) => Queries
  /** Notes that the stream was read, and gives what a unit has done to it, if the snapshot does not say. */
  readonly read: <M extends Mutation>(stream: string) => M | undefined
  /** The same without noting it: for what no result depends on, such as quotas. */
  readonly peek: <M extends Mutation>(stream: string) => M | undefined
  /** What `find` says of this in the snapshot, asked once for all units that share it; not noted as read. */
  readonly once: <T>(find: (snapshot: Snapshot, of: string) => T, of: string) => T
  /** Notes that all streams that begin with `prefix` were read, and gives what units have done to any of them, by stream. */
  readonly readRange: <M extends Mutation>(prefix: string) => ReadonlyMap<string, M>
  /** The stream's one event of this unit; a later one takes the place of an earlier one, so it has to say all of what holds after. */
  readonly write: (stream: string, event: Event, mutation: Mutation) => void
  /** Puts bytes beside the events, which name them by the hash that it returns. The bytes are copied. */
  readonly putBytes: (bytes: Uint8Array) => string
  /** The bytes of a blob that an event names, this unit's, a pending one's or a stored one; the whole in memory. */
  readonly bytes: (hash: string) => Uint8Array | undefined
  /** Counts items and bytes that a write adds (or takes away, when negative). */
  readonly charge: (items: number, bytes: number) => void
  /** What units have added to what the site stores in the snapshot, this one included. */
  readonly charged: () => { readonly items: number; readonly bytes: number }
  /** Units whose writes it has seen, and of which it was not known whether they would be appended. */
  readonly seenUnits: () => ReadonlyArray<string>
  readonly hasWritten: () => boolean
  /** The last event in its snapshot; takes the snapshot if there is none yet. */
  readonly seq: () => number
  /**
   * Ends the unit. What it returns has to be sent to the writer (request `unit`), in the order in which units of this thread were
   * finished, and the storage be told the verdict; the answer waits for it, and a `VersionConflict` means that the code has to run
   * again, as a unit with another id. A unit that wrote nothing, but saw what is not known to be durable, returns a request without
   * events, which only checks. `undefined`: there is nothing to wait for.
   */
  readonly finish: () => UnitWrites | undefined
  /**
   * Gives the snapshot back while the unit waits for something outside: one that is held keeps the write-ahead log from being used
   * again from its beginning. The next read takes a new one and throws `SnapshotMoved` unless all that was read still holds in it.
   */
  readonly pause: () => void
  /** Ends the unit and drops what it wrote. Does nothing to a unit that has ended. */
  readonly abandon: () => void
}

/** While a unit waited, something that it has read has changed: its code has to run again. */
export class SnapshotMoved extends Error {
  override readonly name = "SnapshotMoved"
}

/** What a unit of work wants appended, and the bytes that its events name. */
export interface UnitWrites {
  readonly request: AppendRequest
  readonly blobs: ReadonlyArray<Uint8Array>
}
