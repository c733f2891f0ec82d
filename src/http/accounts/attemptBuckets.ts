/** Attempts that have not succeeded, by a key, over a sliding window. */
export interface AttemptBuckets {
  /** After how many milliseconds one more attempt may be made under a key: 0 if now. */
  readonly waitMs: (key: string) => number
  /** Counts an attempt that is made now, and may be made. What comes back takes it off again. */
  readonly count: (key: string) => () => void
  readonly clear: (key: string) => void
  /** How many keys are kept. */
  readonly size: () => number
}

/**
 * Up to `limit` attempts for each key in any `windowMs`, and up to `most` keys.
 *
 * If there are more keys, one of those with the fewest attempts goes, the one that has had so few for longest. So nobody can wipe a
 * bucket with `n` attempts in it, to have another `n`, without making `n` attempts under each of `most` other keys: as a way to guess,
 * that is `most` times slower than to wait. A flood of names and addresses that are used once drives out only itself.
 */
export const attemptBuckets = ({
  limit,
  windowMs,
  most,
  now,
}: {
  readonly limit: number
  readonly windowMs: number
  readonly most: number
  readonly now: () => number
}): AttemptBuckets => {
  /** When the attempts were made, the earliest first. */
  const buckets = new Map<string, Array<number>>()
  /** The keys with one attempt, with two, and so on: a flood must not cost a search for each attempt. */
  const byCount = Array.from({ length: limit }, () => new Set<string>())
  let sweptAt = Number.NEGATIVE_INFINITY

  /** To be called with each change of a bucket's length. */
  const moved = (key: string, before: number, after: number): void => {
    byCount[before - 1]?.delete(key)
    byCount[after - 1]?.add(key)
    if (after === 0) buckets.delete(key)
  }

  const live = (key: string): Array<number> => {
    const times = buckets.get(key)
    if (times === undefined) return []
    const before = times.length
    const firstLive = times.findIndex((at) => at > now() - windowMs)
    if (firstLive === 0) return times
    times.splice(0, firstLive < 0 ? before : firstLive)
    moved(key, before, times.length)
    return times
  }

  const makeRoom = (): void => {
    if (now() - sweptAt > windowMs / 100) {
      for (const key of buckets.keys()) live(key)
      sweptAt = now()
    }
    if (buckets.size < most) return
    const least = byCount.findIndex((keys) => keys.size > 0)
    for (const key of byCount[least]!) return moved(key, least + 1, 0)
  }

  return {
    waitMs: (key) => {
      const times = live(key)
      return times.length < limit ? 0 : times[times.length - limit]! + windowMs - now()
    },
    count: (key) => {
      const at = now()
      const times = live(key)
      if (times.length === 0) {
        if (buckets.size >= most) makeRoom()
        buckets.set(key, times)
      }
      times.push(at)
      moved(key, times.length - 1, times.length)
      return () => {
        const i = buckets.get(key) === times ? times.lastIndexOf(at) : -1
        if (i < 0) return
        times.splice(i, 1)
        moved(key, times.length + 1, times.length)
      }
    },
    clear: (key) => moved(key, buckets.get(key)?.length ?? 0, 0),
    size: () => buckets.size,
  }
}
