import type { Sqlite } from "../events/cartridge.ts"
import { sha256Hex } from "../events/chain.ts"
import type { AppendRequest, StreamAppend } from "../events/EventLog.ts"
import type { Event } from "../events/event.ts"
import { GuestError } from "./host.ts"
import type { Layer, LayerView, Mutation } from "./layers.ts"
import type { Snapshot } from "./snapshots.ts"
import { SnapshotMoved, type Unit, type UnitWrites } from "./unit.ts"

/** The units' storage. */
export interface UnitHome {
  /** The newest snapshot. */
  readonly take: () => Snapshot
  /** The layers that lie over it. */
  readonly over: (site: string, snapshot: Snapshot) => LayerView
  /** Shows what a unit wrote to later ones. */
  readonly publish: (site: string, layer: Layer) => void
}

/** The most streams, and bytes of values, that one unit may write: the one writer takes them in one piece, while all others wait. */
const maxWrites = 2000
const maxWrittenBytes = 64 * 1024 * 1024

/** What it sees. */
interface View {
  readonly snapshot: Snapshot
  readonly layers: LayerView
}

const nothing: ReadonlyMap<string, never> = new Map<string, never>()

/** The sets and maps of a unit are made when there is something to put into them: most units read or write one thing. */
export class UnitOfWork implements Unit {
  readonly id: string
  readonly site: string
  readonly now: number
  private readonly cause: string
  private readonly home: UnitHome
  private view: View | undefined
  private paused: { readonly seq: number; readonly layers: LayerView } | undefined
  private writes: Map<string, Mutation> | undefined
  private events: Map<string, Event> | undefined
  private blobs: Map<string, Uint8Array> | undefined
  private streams: Set<string> | undefined
  private prefixes: Set<string> | undefined
  private seen: Set<Layer> | undefined
  private writtenBytes = 0
  private items = 0
  private byteCount = 0
  private over = false

  constructor(home: UnitHome, site: string, id: string, now: number, cause: string) {
    this.home = home
    this.site = site
    this.id = id
    this.now = now
    this.cause = cause
  }

  query<Queries>(prepare: (db: Sqlite) => Queries): Queries {
    return this.base().snapshot.query(prepare)
  }

  once<T>(find: (snapshot: Snapshot, of: string) => T, of: string): T {
    return this.base().snapshot.once(find, of)
  }

  read<M extends Mutation>(stream: string): M | undefined {
    this.assertOpen()
    const own = this.writes?.get(stream)
    if (own !== undefined) return own as M
    const layer = this.base().layers.latest(stream)
    this.streams ??= new Set()
    this.streams.add(stream)
    if (layer === undefined) return undefined
    this.hasSeen(layer)
    return layer.writes.get(stream) as M
  }

  peek<M extends Mutation>(stream: string): M | undefined {
    return (this.writes?.get(stream) ?? this.base().layers.latest(stream)?.writes.get(stream)) as M | undefined
  }

  readRange<M extends Mutation>(prefix: string): ReadonlyMap<string, M> {
    const found = new Map<string, Mutation>()
    this.prefixes ??= new Set()
    this.prefixes.add(prefix)
    for (const layer of this.base().layers.list()) if (copyRange(layer.writes, prefix, found)) this.hasSeen(layer)
    copyRange(this.writes ?? nothing, prefix, found)
    return found as ReadonlyMap<string, Mutation> as ReadonlyMap<string, M>
  }

  write(stream: string, event: Event, mutation: Mutation): void {
    this.assertOpen()
    this.writes ??= new Map()
    this.events ??= new Map()
    if (this.writes.size >= maxWrites && !this.writes.has(stream)) {
      throw tooMuch(`${maxWrites} keys, documents and objects`)
    }
    const before = this.writes.get(stream)
    const bytes = this.writtenBytes + (mutation.size ?? 0) - (before?.size ?? 0)
    if (bytes > maxWrittenBytes) throw tooMuch(`${maxWrittenBytes} bytes`)
    this.writtenBytes = bytes
    // What comes back after it was gone is new: its event stands where it came back.
    if (before?.size === undefined) this.events.delete(stream)
    this.writes.set(stream, mutation)
    this.events.set(stream, event)
  }

  putBytes(given: Uint8Array): string {
    const copy = new Uint8Array(given)
    const hash = sha256Hex(copy)
    this.blobs ??= new Map()
    this.blobs.set(hash, copy)
    return hash
  }

  bytes(hash: string): Uint8Array | undefined {
    const own = this.blobs?.get(hash)
    if (own !== undefined) return own
    const { layers, snapshot } = this.base()
    const layer = layers.list().findLast(({ blobs }) => blobs.has(hash))
    return layer === undefined ? snapshot.blob(hash) : layer.blobs.get(hash)
  }

  charge(items: number, bytes: number): void {
    this.items += items
    this.byteCount += bytes
  }

  charged(): { readonly items: number; readonly bytes: number } {
    const { items, bytes } = this.base().layers.charged()
    return { items: items + this.items, bytes: bytes + this.byteCount }
  }

  seenUnits(): ReadonlyArray<string> {
    return this.seen === undefined ? [] : [...this.seen].map(({ unit }) => unit)
  }

  hasWritten(): boolean {
    return this.writes !== undefined
  }

  seq(): number {
    return this.base().snapshot.seq
  }

  pause(): void {
    if (this.view === undefined) return
    const { snapshot, layers } = this.view
    this.paused = { seq: snapshot.seq, layers }
    this.letGo()
  }

  finish(): UnitWrites | undefined {
    this.assertOpen()
    const after = this.seenInOrder()
    if (this.writes === undefined && after.length === 0) {
      this.abandon()
      return undefined
    }
    const request = this.requestOf(after)
    const blobs = this.blobs === undefined ? [] : [...this.blobs.values()]
    this.abandon()
    if (this.writes !== undefined) {
      const { id, writes, items, byteCount: bytes } = this
      this.home.publish(this.site, { unit: id, writes, blobs: this.blobs ?? nothing, items, bytes, after })
    }
    return { request, blobs }
  }

  abandon(): void {
    this.over = true
    this.letGo()
  }

  private assertOpen(): void {
    if (this.over) throw new Error("This unit of work is over.")
  }

  private letGo(): void {
    this.view?.snapshot.close()
    this.view = undefined
  }

  private base(): View {
    this.assertOpen()
    if (this.view !== undefined) return this.view
    const snapshot = this.home.take()
    this.view = { snapshot, layers: this.home.over(this.site, snapshot) }
    const { paused } = this
    if (paused !== undefined && this.hasMoved(this.view, paused.seq, paused.layers.list())) {
      throw new SnapshotMoved("Something that was read has changed meanwhile.")
    }
    this.paused = undefined
    return this.view
  }

  private hasSeen(layer: Layer): void {
    this.seen ??= new Set()
    this.seen.add(layer)
  }

  private isRead(stream: string): boolean {
    if (this.streams?.has(stream) === true) return true
    for (const prefix of this.prefixes ?? []) if (stream.startsWith(prefix)) return true
    return false
  }

  /** Whether a view shows what was read otherwise than the one before: what units that were seen then have written is the same. */
  private hasMoved({ snapshot, layers }: View, seq: number, before: ReadonlyArray<Layer>): boolean {
    const now = layers.list()
    const seen = [...(this.seen ?? [])]
    if (now.some((layer) => !before.includes(layer) && [...layer.writes.keys()].some((stream) => this.isRead(stream)))) return true
    if (seen.some((layer) => !now.includes(layer) && !snapshot.has(layer.unit))) return true
    const units = new Set(seen.map(({ unit }) => unit))
    return snapshot.changes(seq, this.streams ?? [], this.prefixes ?? []).some((id) => !units.has(id.slice(0, id.lastIndexOf("."))))
  }

  /** The units that it has seen, in the order in which they were sent. */
  private seenInOrder(): ReadonlyArray<string> {
    const { seen } = this
    if (seen === undefined) return []
    if (seen.size === 1) return this.seenUnits()
    const layers = (this.view ?? this.paused)?.layers.list() ?? []
    return layers.filter((layer) => seen.has(layer)).map(({ unit }) => unit)
  }

  private requestOf(after: ReadonlyArray<string>): AppendRequest {
    const streams: Array<StreamAppend> = []
    for (const [stream, { type, data }] of this.events ?? nothing) {
      streams.push({
        stream,
        expected: "any",
        events: [{ id: `${this.id}.${streams.length}`, type, data } as StreamAppend["events"][number]],
      })
    }
    const { streams: read, prefixes } = this
    const reads =
      read === undefined && prefixes === undefined
        ? undefined
        : { at: this.paused?.seq ?? this.seq(), streams: [...(read ?? [])], prefixes: [...(prefixes ?? [])], after }
    return { actor: `fn:${this.site}`, cause: this.cause, streams, reads }
  }
}

const tooMuch = (what: string) =>
  new GuestError(`One request can change at most ${what}. Do it in several requests.`, { code: "TOO_MANY_WRITES" })

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
