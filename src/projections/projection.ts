import type { Sqlite } from "../events/cartridge.ts"
import type { Erased, Recorded } from "../events/event.ts"
import type { Manifest } from "../events/manifest.ts"

/** The blobs that a projection may read beside the event: named by their content, they are as immutable as the event. */
export interface Facts {
  readonly manifest: (hash: string) => Manifest
}

/** A table's real name: projections are rebuilt into shadow tables, so they never write a table name out. */
export type TableName = (table: string) => string

/**
 * A read model: a pure function of the events. It reads no clock, no random number and no other projection's tables, so that
 * dropping its tables and replaying the log gives the same rows, byte for byte.
 */
export interface Projection {
  readonly name: string
  /** Raised with any change to tables or `prepare`: the projection is then rebuilt at the next start. */
  readonly version: number
  /** It reads no payloads, so it is given erased events too. */
  readonly envelopeOnly?: true
  readonly tables: ReadonlyArray<string>
  readonly createTables: (table: TableName) => string
  /** Created after a rebuild has filled the tables. Index names begin with their table's. */
  readonly createIndexes: string
  /** Prepares the statements and returns what applies events with them. */
  readonly prepare: (db: Sqlite, table: TableName, facts: Facts) => Applier
}

/** Applies events to a projection's tables. */
export interface Applier {
  readonly apply: (event: Recorded) => void
  /**
   * Applies an event whose payload has been erased. Without it the projection is as if that event had never been, so that what an erased
   * event had replaced comes back.
   */
  readonly applyErased?: (event: Erased) => void
  /** Writes what was gathered from the events so far. Called before a transaction, or a savepoint in it, ends. */
  readonly settle?: () => void
  /** Drops what was gathered or is remembered: what was written since the last `settle`, and maybe more, has been rolled back. */
  readonly forget?: () => void
}

/** The parts of a stream such as `kv/<site>/<key>` after its kind: all that is known of what an erased event was about. */
export const siteAndRest = (stream: string): readonly [site: string, rest: string] => {
  const [kind, site] = stream.split("/", 2) as [string, string]
  return [site, stream.slice(kind.length + site.length + 2)]
}
