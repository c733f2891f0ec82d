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

interface SiteLayers {
  /** Oldest first. Never changed in place: units keep the list that they began with. */
  layers: ReadonlyArray<Layer>
  /** How many of them have no verdict yet. */
  open: number
  /** The snapshot up to which layers have been dropped. */
  at: number
}

const none: ReadonlyArray<Layer> = []

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
    for (const tell of waiters.get(unit) ?? []) tell(isCommitted)
    waiters.delete(unit)
    return undecided.delete(unit)
  }

  const isIn = (snapshot: Seen, layer: Layer): boolean => {
    const seq = committed.get(layer)
    return seq === undefined ? snapshot.has(layer.unit) : seq <= snapshot.seq
  }

  return {
    /** The layers that a unit with this snapshot sees over it. */
    over: (site: string, snapshot: Seen): ReadonlyArray<Layer> => {
      const known = sites.get(site)
      if (known === undefined) return none
      // A layer that was added after a snapshot at this seq had been taken cannot be in it.
      if (known.at !== snapshot.seq) {
        known.at = snapshot.seq
        known.layers = known.layers.filter((layer) => {
          if (!isIn(snapshot, layer)) return true
          if (decide(layer.unit, true)) known.open--
          return false
        })
        if (known.layers.length === 0) sites.delete(site)
      }
      return known.layers
    },
    add: (site: string, layer: Layer): void => {
      const known = sites.get(site)
      if (known === undefined) sites.set(site, { layers: [layer], open: 1, at: -1 })
      else {
        known.layers = [...known.layers, layer]
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
      known.layers = known.layers.filter((layer) => {
        if (!refused.has(layer.unit) && !layer.after.some((id) => refused.has(id))) return true
        refused.add(layer.unit)
        if (decide(layer.unit, false)) known.open--
        return false
      })
      if (known.layers.length === 0) sites.delete(found.site)
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
    count: (site: string): number => sites.get(site)?.layers.length ?? 0,
  }
}

export type PendingLayers = ReturnType<typeof pendingLayers>
