import type { IncomingMessage } from "node:http"
import { limitKeyOf, type TrustedProxies } from "../clientOf.ts"
import { rateLimiter } from "./rateLimiter.ts"

/** How many requests clients may send, whatever they ask for. */
export interface AddressRateLimits {
  readonly trusted: TrustedProxies
  /** From one address, and twice as many at once; 0 for no limit. */
  readonly addressRequestsPerSecond: number
}

/** Addresses that are remembered: about ten megabytes. */
const mostAddresses = 50_000

/** Counts requests by address, before anything else is done with them. Requests from this machine and over the local socket do not count. */
export const addressRate = (limits: () => AddressRateLimits) => {
  // Twice the rate for twice the time: that much may come at once.
  const limiter = rateLimiter(2000, mostAddresses)
  let refused = 0
  return {
    /** Whether a request is one too many. */
    refuses: (req: IncomingMessage): boolean => {
      const { addressRequestsPerSecond, trusted } = limits()
      if (addressRequestsPerSecond === 0) return false
      const key = limitKeyOf(req, trusted)
      if (key === undefined || limiter.take(key, 2 * addressRequestsPerSecond, performance.now()) === 0) return false
      refused++
      return true
    },
    /** Requests that were refused since the start. */
    refused: (): number => refused,
  }
}

export type AddressRate = ReturnType<typeof addressRate>
