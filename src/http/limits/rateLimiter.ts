/** How a limiter's keys are told apart from each other is the caller's business; times are those of `performance.now()`. */
export interface RateLimiter {
  /**
   * Takes one of the `quota` that a key has for each window. Gives 0 if there was one, else the milliseconds until there is. A key may use
   * its whole quota at once, and gets it back bit by bit.
   */
  readonly take: (key: string, quota: number, now: number) => number
  /** How many a key could take now. */
  readonly left: (key: string, quota: number, now: number) => number
}

/** Keys that are remembered, unless said otherwise: a few megabytes. */
const usualKeys = 20_000

/**
 * A token bucket for each key, kept as one number (GCRA, as ITU-T I.371 calls it): the time at which the bucket will be full again.
 *
 * Keys are kept in two maps, of which the older one is dropped after a window. Whoever is in it has taken nothing for that long, so their
 * bucket is full, and to forget them changes nothing. Where more than `keys` come within a window, it is dropped sooner: that gives some a
 * full bucket too early, and never refuses anybody wrongly. To make use of it takes `keys` other keys, each with a bucket of its own.
 */
export const rateLimiter = (windowMs: number, keys = usualKeys): RateLimiter => {
  let recent = new Map<string, number>()
  let older = new Map<string, number>()
  let turnedAt = Number.NEGATIVE_INFINITY

  const turn = (now: number): void => {
    older = now - turnedAt >= 2 * windowMs ? new Map() : recent
    recent = new Map()
    turnedAt = now
  }

  /** When the bucket is full; now, if it is already. */
  const fullAt = (key: string, now: number): number => {
    const at = recent.get(key) ?? older.get(key) ?? now
    return at > now ? at : now
  }

  return {
    take: (key, quota, now) => {
      if (now - turnedAt >= windowMs) turn(now)
      const each = windowMs / quota
      const at = fullAt(key, now) + each
      const wait = at - now - windowMs
      // Sums of fractions are not exact.
      if (wait > each / 1000) return wait
      recent.set(key, at)
      if (recent.size >= keys) turn(now)
      return 0
    },
    left: (key, quota, now) => {
      const each = windowMs / quota
      return Math.max(0, Math.floor((windowMs - (fullAt(key, now) - now)) / each + 1 / 1000))
    },
  }
}
