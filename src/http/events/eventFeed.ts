import type { Committed } from "../../commands/writerRequest.ts"
import { type ActivityFilter, type ActivityPage, mayMatch } from "../../projections/activity.ts"
import { type RenderedPage, rendered } from "./renderedPage.ts"

/** Which events a follower wants. */
export type EventFilter = Pick<ActivityFilter, "site" | "stream" | "type" | "actor">

/** Where a follower's events go. */
export interface FollowerOptions {
  readonly filter: EventFilter
  /** Events behind this seq; nothing: those that are yet to come. */
  readonly after: number | undefined
  /** Takes a page. False: it takes no more until `goOn` of the follower is called. */
  readonly send: (page: RenderedPage) => boolean
  /** All that matched up to this seq has been sent; called once. */
  readonly caughtUp: (seq: number) => void
  /** The log could not be read. */
  readonly failed: (error: unknown) => void
}

export interface EventFollower {
  /** Everything that matches up to this seq has been sent. */
  readonly seq: () => number
  readonly goOn: () => void
  /** Nothing more is sent. */
  readonly end: () => void
}

export interface EventFeedOptions {
  readonly read: (filter: EventFilter, after: number) => Promise<ActivityPage>
  /** The seq of the last event that is committed. */
  readonly head: () => number
  readonly paceMs?: number
}

interface Follower extends FollowerOptions {
  /** The same for followers who want the same events. */
  readonly wants: string
  seq: number
  /** Events that may match are there up to this seq. */
  newest: number
  /** The last page was full. */
  isBehind: boolean
  hasCaughtUp: boolean
  isReading: boolean
  isFull: boolean
  hasEnded: boolean
}

/** Pages that are read at the same time: other queries wait for no more than these. */
const mostReads = 16

/** Milliseconds in which pages are handed out before something else has its turn. */
const handOutMs = 4

/**
 * Gives followers of the log what they want of it. Each has a place in the log and reads on from there, page by page, one at a time, and no
 * sooner than it has taken the last one: nothing is kept for anybody, and what comes while a page is read is in the next. Followers at the same
 * place that want the same share a page. Where commits come fast, what comes within `paceMs` is read together.
 */
export const eventFeed = ({ read, head, paceMs = 50 }: EventFeedOptions) => {
  const followers = new Set<Follower>()
  /** Those for whom a page is being read, by what they want from where. */
  const reads = new Map<string, Array<Follower>>()
  /** Those who wait until a page may be read for them. */
  const waiting: Array<Follower> = []
  const deliveries: Array<{ readonly follower: Follower; readonly page: RenderedPage }> = []
  let readAt = Number.NEGATIVE_INFINITY
  let nextRead: NodeJS.Timeout | undefined

  const advance = (follower: Follower): void => {
    if (follower.hasEnded || follower.isReading || follower.isFull) return
    if (follower.isBehind) start(follower)
    else if (follower.seq < follower.newest) schedule()
  }

  /** Lets those who have news read it: now, or once the last time is long enough ago. */
  const schedule = (): void => {
    nextRead ??= setTimeout(readNews, Math.max(0, readAt + paceMs - performance.now()))
  }

  const readNews = (): void => {
    nextRead = undefined
    readAt = performance.now()
    for (const follower of followers) if (!follower.isReading && !follower.isFull && follower.seq < follower.newest) start(follower)
  }

  const start = (follower: Follower): void => {
    follower.isReading = true
    const key = `${follower.seq} ${follower.wants}`
    const others = reads.get(key)
    if (others !== undefined) return void others.push(follower)
    if (reads.size >= mostReads) return void waiting.push(follower)
    const readers = [follower]
    reads.set(key, readers)
    const done = (): void => {
      reads.delete(key)
      // They come before those who get this page and want the next.
      for (const next of waiting.splice(0)) if (!next.hasEnded) start(next)
    }
    read(follower.filter, follower.seq).then(
      (page) => {
        done()
        const shared = rendered(page)
        for (const reader of readers) deliveries.push({ follower: reader, page: shared })
        if (deliveries.length === readers.length) handOut()
      },
      (error) => {
        done()
        for (const { hasEnded, failed } of readers) if (!hasEnded) failed(error)
      },
    )
  }

  /** Gives pages to those who wait for them, with pauses for whatever else there is to do. */
  const handOut = (): void => {
    const pauseAt = performance.now() + handOutMs
    let handed = 0
    while (handed < deliveries.length && (handed === 0 || performance.now() < pauseAt)) {
      const { follower, page } = deliveries[handed++]!
      deliver(follower, page)
    }
    deliveries.splice(0, handed)
    if (deliveries.length > 0) setImmediate(handOut)
  }

  const deliver = (follower: Follower, page: RenderedPage): void => {
    if (follower.hasEnded) return
    follower.isReading = false
    follower.seq = page.seq
    follower.isBehind = !page.isLast
    if (page.entries.length > 0 && !follower.send(page)) follower.isFull = true
    catchUp(follower)
    advance(follower)
  }

  const catchUp = (follower: Follower): void => {
    if (follower.hasCaughtUp || follower.isBehind || follower.hasEnded) return
    follower.hasCaughtUp = true
    follower.caughtUp(follower.seq)
  }

  const follow = (options: FollowerOptions): EventFollower => {
    const { filter } = options
    const follower: Follower = {
      ...options,
      wants: JSON.stringify([filter.site, filter.stream, filter.actor, filter.type]),
      seq: 0,
      newest: 0,
      isBehind: false,
      hasCaughtUp: false,
      isReading: false,
      isFull: false,
      hasEnded: false,
    }
    // Heard of from here on, so that nothing comes between what is there and what is heard of.
    followers.add(follower)
    const last = head()
    // Whoever has seen more than there is has seen another log: all that comes is new to them.
    follower.seq = Math.min(options.after ?? last, last)
    follower.newest = last
    follower.isBehind = follower.seq < last
    catchUp(follower)
    advance(follower)
    return {
      seq: () => follower.seq,
      goOn: () => {
        follower.isFull = false
        advance(follower)
      },
      end: () => {
        follower.hasEnded = true
        followers.delete(follower)
      },
    }
  }

  /** To be told of every commit. */
  const committed = ({ events }: Committed): void => {
    const last = events.at(-1)?.seq
    if (last === undefined) return
    for (const follower of followers) {
      if (last <= follower.seq) continue
      // Whoever reads anyway need not be asked whether it is worth it.
      if (follower.isReading || follower.isFull) follower.newest = last
      // Whoever is about to read will find this too.
      else if (follower.seq < follower.newest) continue
      else if (events.some((event) => mayMatch(follower.filter, event))) {
        follower.newest = last
        schedule()
      } else follower.seq = last
    }
  }

  return {
    follow,
    committed,
    stop: (): void => {
      clearTimeout(nextRead)
      for (const follower of followers) follower.hasEnded = true
      followers.clear()
    },
  }
}

export type EventFeed = ReturnType<typeof eventFeed>
