/**
 * What a unit of work has done to one stream, in the form in which the binding that wrote it can read it back. `size`: the bytes
 * that the stream's item has now, `undefined` when it is gone.
 */
export interface Mutation {
  readonly size: number | undefined
}

/** What a finished unit wrote, shown to later units of this thread before it is known whether it was appended. */
export interface Layer {
  /** The unit's id. */
  readonly unit: string
  readonly writes: ReadonlyMap<string, Mutation>
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** How many items it added (or took away) and how many bytes. */
  readonly items: number
  readonly bytes: number
  /** Units whose layers it has seen. */
  readonly after: ReadonlyArray<string>
}

/** As much of a snapshot as is needed to tell which layers are in it already. */
interface Seen {
  readonly seq: number
  readonly has: (unit: string) => boolean
}

/** Layers of one site, oldest first. Only ever added to: a unit keeps seeing the first so many of them. */
interface Stack {
  readonly layers: Array<Layer>
  /** All that they write to. */
  readonly streams: Set<string>
}

interface SiteLayers {
  stack: Stack
  /** How many of them have no verdict yet. */
  open: number
  /** The snapshot up to which layers have been dropped. */
  at: number
}

/** The layers that a unit sees, whatever is added or dropped later. */
export class LayerView {
  private readonly stack: Stack
  private readonly count: number

  constructor(stack: Stack) {
    this.stack = stack
    this.count = stack.layers.length
  }

  /** The one that has written to the stream last. */
  latest(stream: string): Layer | undefined {
    const { layers, streams } = this.stack
    if (!streams.has(stream)) return undefined
    for (let i = this.count - 1; i >= 0; i--) if (layers[i]!.writes.has(stream)) return layers[i]
    return undefined
  }

  /** All of them, oldest first. */
  list(): ReadonlyArray<Layer> {
    return this.count === 0 ? none : this.stack.layers.slice(0, this.count)
  }

  /** What they have added together. */
  charged(): { readonly items: number; readonly bytes: number } {
    let items = 0
    let bytes = 0
    for (let i = 0; i < this.count; i++) {
      const layer = this.stack.layers[i]!
      items += layer.items
      bytes += layer.bytes
    }
    return { items, bytes }
  }
}

const none: ReadonlyArray<Layer> = []

const stackOf = (layers: Array<Layer>): Stack => {
  const streams = new Set<string>()
  for (const { writes } of layers) for (const stream of writes.keys()) streams.add(stream)
  return { layers, streams }
}

const noLayers = new LayerView(stackOf([]))

/**
 * Layers of units that may not be in every snapshot yet, by site. Snapshots are taken one after another and never go back, so
 * that a layer that is in one is in all later ones and can be dropped.
 *
 * A layer leaves when a snapshot holds it or when its unit was refused, and never merely because it was committed: otherwise a unit
 * could see another thread's later write through an older layer, or miss a write that its snapshot does not hold yet.
 */
export const pendingLayers = () => {
  const sites = new Map<string, SiteLayers>()
  const undecided = new Map<string, { readonly site: string; readonly layer: Layer }>()
  const committed = new WeakMap<Layer, number>()
  /** Who wants to hear what becomes of a unit. */
  const waiters = new Map<string, Array<(isCommitted: boolean) => void>>()

  const decide = (unit: string, isCommitted: boolean): boolean => {
    const waiting = waiters.get(unit)
    if (waiting !== undefined) {
      for (const tell of waiting) tell(isCommitted)
      waiters.delete(unit)
    }
    return undecided.delete(unit)
  }

  const isIn = (snapshot: Seen, layer: Layer): boolean => {
    const seq = committed.get(layer)
    return seq === undefined ? snapshot.has(layer.unit) : seq <= snapshot.seq
  }

  /** Takes layers away, for units that begin from now on. */
  const keep = (site: string, known: SiteLayers, isKept: (layer: Layer) => boolean): void => {
    const kept = known.stack.layers.filter(isKept)
    if (kept.length === 0) sites.delete(site)
    else if (kept.length < known.stack.layers.length) known.stack = stackOf(kept)
  }

  return {
    /** The layers that a unit with this snapshot sees over it. */
    over: (site: string, snapshot: Seen): LayerView => {
      const known = sites.get(site)
      if (known === undefined) return noLayers
      // A layer that was added after a snapshot at this seq had been taken cannot be in it.
      if (known.at !== snapshot.seq) {
        known.at = snapshot.seq
        keep(site, known, (layer) => {
          if (!isIn(snapshot, layer)) return true
          if (decide(layer.unit, true)) known.open--
          return false
        })
        if (!sites.has(site)) return noLayers
      }
      return new LayerView(known.stack)
    },
    add: (site: string, layer: Layer): void => {
      const known = sites.get(site)
      if (known === undefined) sites.set(site, { stack: stackOf([layer]), open: 1, at: -1 })
      else {
        known.stack.layers.push(layer)
        for (const stream of layer.writes.keys()) known.stack.streams.add(stream)
        known.open++
      }
      undecided.set(layer.unit, { site, layer })
    },
    /** `newest` gives the seq that a snapshot taken now would have. */
    committed: (unit: string, seq: number, newest: () => number): void => {
      const found = undecided.get(unit)
      if (found === undefined) return
      decide(unit, true)
      committed.set(found.layer, seq)
      const known = sites.get(found.site)!
      known.open--
      if (known.open === 0 && newest() >= seq) sites.delete(found.site)
    },
    /** Takes a refused unit's layer away, and those that were built on it: the writer will refuse them too. */
    failed: (unit: string): void => {
      const found = undecided.get(unit)
      if (found === undefined) return
      const known = sites.get(found.site)!
      const refused = new Set([unit])
      keep(found.site, known, (layer) => {
        if (!refused.has(layer.unit) && !layer.after.some((id) => refused.has(id))) return true
        refused.add(layer.unit)
        if (decide(layer.unit, false)) known.open--
        return false
      })
    },
    /** Whether all of these units have been appended, once that is known. */
    settled: async (units: ReadonlyArray<string>): Promise<boolean> => {
      const open = units.filter((unit) => undecided.has(unit))
      const verdicts = await Promise.all(
        open.map((unit) => new Promise<boolean>((resolve) => waiters.set(unit, [...(waiters.get(unit) ?? []), resolve]))),
      )
      return verdicts.every((isCommitted) => isCommitted)
    },
    /** For tests and for figures. */
    count: (site: string): number => sites.get(site)?.stack.layers.length ?? 0,
  }
}
