import type { IncomingMessage, ServerResponse } from "node:http"

/** How slowly the body of a request may come. */
export interface BodyPace {
  /** It is looked at every so many seconds. */
  readonly slowBodySeconds: number
  /** So much must have come in them, on average; 0 for no limit. */
  readonly slowBodyBytesPerSecond: number
}

/** What had come of a body when it was last looked at. */
interface Progress {
  /** When that was, `performance.now()`; later by as long as the server did not want to read. */
  since: number
  seenAt: number
  readonly bytes: number
}

/**
 * Finds requests whose bodies trickle in, which would hold their connections for ever. Where the server itself is too slow for a body, some
 * of what has come waits to be read; that time does not count.
 */
export const slowBodies = (pace: () => BodyPace) => {
  const progress = new WeakMap<IncomingMessage, Progress>()
  let cut = 0

  const isTooSlow = (req: IncomingMessage, now: number, { slowBodySeconds, slowBodyBytesPerSecond }: BodyPace): boolean => {
    const { bytesRead } = req.socket
    const known = progress.get(req)
    if (known !== undefined) {
      if (req.readableLength > 0) known.since += now - known.seenAt
      known.seenAt = now
      if (now - known.since < slowBodySeconds * 1000) return false
    }
    progress.set(req, { since: now, seenAt: now, bytes: bytesRead })
    return known !== undefined && (bytesRead - known.bytes) * 1000 < slowBodyBytesPerSecond * (now - known.since)
  }

  return {
    /** To be called about once a second with the requests that there are: calls back with those whose body comes too slowly. */
    sweep: (responses: Iterable<ServerResponse>, tooSlow: (res: ServerResponse) => void): void => {
      const now = performance.now()
      const limits = pace()
      for (const res of responses) {
        if (res.req.complete || res.req.socket.destroyed || !isTooSlow(res.req, now, limits)) continue
        cut++
        tooSlow(res)
      }
    },
    /** Requests found too slow since the start. */
    cut: (): number => cut,
  }
}

export type SlowBodies = ReturnType<typeof slowBodies>
