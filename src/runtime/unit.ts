import type { Sqlite } from "../events/cartridge.ts"
import { sha256Hex } from "../events/chain.ts"
import type { AppendRequest, StreamAppend } from "../events/EventLog.ts"
import type { Event } from "../events/event.ts"
import { GuestError } from "./host.ts"
import type { Layer, Mutation } from "./layers.ts"
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
  /** What units have added to what the snapshot's `site_usage` says, this one included. */
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

/** What a unit is made of; `storage.ts` makes it. */
export interface UnitParts {
  readonly id: string
  readonly site: string
  readonly now: number
  readonly cause: string
  /** Takes the snapshot, with the layers that lie over it. */
  readonly begin: () => { readonly snapshot: Snapshot; readonly layers: ReadonlyArray<Layer> }
  /** Shows what it wrote to later units. */
  readonly publish: (layer: Layer) => void
}

/** The most streams that one unit may write to: the one writer takes them in one piece, while all others wait. */
const maxWrites = 2000

export const makeUnit = ({ id, site, now, cause, begin, publish }: UnitParts): Unit => {
  const writes = new Map<string, Mutation>()
  const events = new Map<string, Event>()
  const blobs = new Map<string, Uint8Array>()
  const streams = new Set<string>()
  const prefixes = new Set<string>()
  const seen = new Set<Layer>()
  let began: ReturnType<typeof begin> | undefined
  let paused: { readonly seq: number; readonly layers: ReadonlyArray<Layer> } | undefined
  let items = 0
  let bytes = 0
  let over = false

  const assertOpen = (): void => {
    if (over) throw new Error("This unit of work is over.")
  }

  const base = (): ReturnType<typeof begin> => {
    assertOpen()
    if (began !== undefined) return began
    began = begin()
    if (paused !== undefined && hasMoved(began, paused)) throw new SnapshotMoved("Something that was read has changed meanwhile.")
    paused = undefined
    return began
  }

  const isRead = (stream: string): boolean => streams.has(stream) || [...prefixes].some((prefix) => stream.startsWith(prefix))

  /** Whether a snapshot shows what was read otherwise than the one before: what units that were seen then have written is the same. */
  const hasMoved = (now: ReturnType<typeof begin>, before: NonNullable<typeof paused>): boolean => {
    const known = new Set(before.layers)
    if (now.layers.some((layer) => !known.has(layer) && [...layer.writes.keys()].some(isRead))) return true
    if ([...seen].some((layer) => !now.layers.includes(layer) && !now.snapshot.has(layer.unit))) return true
    const units = new Set([...seen].map(({ unit }) => unit))
    return now.snapshot.changes(before.seq, [...streams], [...prefixes]).some((id) => !units.has(id.slice(0, id.lastIndexOf("."))))
  }

  const pending = (stream: string): Layer | undefined => base().layers.findLast((layer) => layer.writes.has(stream))

  const readRange = (prefix: string): ReadonlyMap<string, Mutation> => {
    const found = new Map<string, Mutation>()
    prefixes.add(prefix)
    for (const layer of base().layers) if (copyRange(layer.writes, prefix, found)) seen.add(layer)
    copyRange(writes, prefix, found)
    return found
  }

  const close = (): void => {
    over = true
    began?.snapshot.close()
  }

  const requestOf = (after: ReadonlyArray<string>): AppendRequest => {
    let n = 0
    const appends: Array<StreamAppend> = []
    for (const [stream, event] of events) appends.push({ stream, expected: "any", events: [{ ...event, id: `${id}.${n++}` }] })
    const hasRead = streams.size > 0 || prefixes.size > 0
    const reads = hasRead ? { at: paused?.seq ?? base().snapshot.seq, streams: [...streams], prefixes: [...prefixes], after } : undefined
    return { actor: `fn:${site}`, cause, streams: appends, reads }
  }

  return {
    id,
    site,
    now,
    query: (prepare) => base().snapshot.query(prepare),
    read: <M extends Mutation>(stream: string) => {
      assertOpen()
      const own = writes.get(stream)
      if (own !== undefined) return own as M
      const layer = pending(stream)
      streams.add(stream)
      if (layer === undefined) return undefined
      seen.add(layer)
      return layer.writes.get(stream) as M
    },
    peek: <M extends Mutation>(stream: string) => (writes.get(stream) ?? pending(stream)?.writes.get(stream)) as M | undefined,
    readRange: <M extends Mutation>(prefix: string) => readRange(prefix) as ReadonlyMap<string, M>,
    write: (stream, event, mutation) => {
      assertOpen()
      if (writes.size >= maxWrites && !writes.has(stream)) {
        throw new GuestError(`One request can change at most ${maxWrites} keys, documents and objects. Do it in several requests.`, {
          code: "TOO_MANY_WRITES",
        })
      }
      // What comes back after it was gone is new: its event stands where it came back.
      if (writes.get(stream)?.size === undefined) events.delete(stream)
      writes.set(stream, mutation)
      events.set(stream, event)
    },
    putBytes: (given) => {
      const copy = new Uint8Array(given)
      const hash = sha256Hex(copy)
      blobs.set(hash, copy)
      return hash
    },
    bytes: (hash) =>
      blobs.get(hash) ??
      base()
        .layers.findLast((layer) => layer.blobs.has(hash))
        ?.blobs.get(hash) ??
      base().snapshot.blob(hash),
    charge: (moreItems, moreBytes) => {
      items += moreItems
      bytes += moreBytes
    },
    charged: () => {
      let all = { items, bytes }
      for (const layer of base().layers) all = { items: all.items + layer.items, bytes: all.bytes + layer.bytes }
      return all
    },
    seenUnits: () => [...seen].map(({ unit }) => unit),
    hasWritten: () => writes.size > 0,
    seq: () => base().snapshot.seq,
    pause: () => {
      if (over || began === undefined) return
      paused = { seq: began.snapshot.seq, layers: began.layers }
      began.snapshot.close()
      began = undefined
    },
    finish: () => {
      assertOpen()
      const after = ((began ?? paused)?.layers ?? []).filter((layer) => seen.has(layer)).map(({ unit }) => unit)
      if (writes.size === 0 && after.length === 0) {
        close()
        return undefined
      }
      const request = requestOf(after)
      close()
      if (writes.size > 0) publish({ unit: id, writes, blobs, items, bytes, after })
      return { request, blobs: [...blobs.values()] }
    },
    abandon: close,
  }
}

/** Whether there was anything to copy. */
const copyRange = (from: ReadonlyMap<string, Mutation>, prefix: string, to: Map<string, Mutation>): boolean => {
  let any = false
  for (const [stream, mutation] of from) {
    if (!stream.startsWith(prefix)) continue
    any = true
    to.set(stream, mutation)
  }
  return any
}
