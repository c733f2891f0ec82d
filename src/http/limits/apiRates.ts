import { rateLimiter } from "./rateLimiter.ts"

/** Endpoints that share a limit. */
export type RateClass = "auth" | "write" | "read" | "upload"

/** Requests a minute, 0 for no limit. */
export type ApiRateLimits = Readonly<Record<RateClass, number>>

export interface RateVerdict {
  readonly allowed: boolean
  /** For the answer, whatever it is: `RateLimit-Policy` and `RateLimit`, and `Retry-After` where the request is refused. */
  readonly headers: Readonly<Record<string, string>>
  /** 0 if the request is allowed. */
  readonly retryAfterSeconds: number
}

const windowSeconds = 60

/** Where secrets can be guessed, or cost much to check. With `/auth` for `/api/auth`, and without the slash at the end. */
const guessing = /^\/api\/(login|auth\/login|users\/[^/]+\/password|user\/(password|totp|recovery-codes|passkeys))(\/|$)/
const invitation = /^\/api\/auth\/invite\//
const uploads = /^\/api\/(deploy|blobs(\/[^/]+)?|sites\/[^/]+\/deploys)$/

/**
 * Which limit an endpoint of the API falls under. `path` may have its query; letter case and a slash at the end make no difference to the
 * router, nor here.
 */
export const rateOf = (method: string, path: string): RateClass => {
  const plain = path
    .split("?", 1)[0]!
    .toLowerCase()
    .replace(/\/+$/, "")
    .replace(/^\/auth\//, "/api/auth/")
  if (invitation.test(plain)) return "auth"
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "read"
  if (guessing.test(plain)) return "auth"
  return uploads.test(plain) ? "upload" : "write"
}

/**
 * How often whoever it is may use the endpoints of each class. Told to clients as draft-ietf-httpapi-ratelimit-headers-10 describes it:
 * `RateLimit-Policy: "read";q=3000;w=60` and `RateLimit: "read";r=2999;t=1`.
 */
export const apiRates = (limits: () => ApiRateLimits, now: () => number = () => performance.now()) => {
  const limiters = {
    auth: rateLimiter(windowSeconds * 1000),
    write: rateLimiter(windowSeconds * 1000),
    read: rateLimiter(windowSeconds * 1000),
    upload: rateLimiter(windowSeconds * 1000),
  }
  const refused: Record<RateClass, number> = { auth: 0, write: 0, read: 0, upload: 0 }

  /**
   * Counts a request of `who`: any name for a caller, or `addressKey` of the client's address where there is no caller yet. Those of
   * `local`, the local socket, do not count.
   */
  const take = (kind: RateClass, who: string): RateVerdict => {
    const quota = limits()[kind]
    if (quota === 0 || who === "local") return unlimited
    const at = now()
    const wait = limiters[kind].take(who, quota, at)
    const left = wait > 0 ? 0 : limiters[kind].left(who, quota, at)
    // Until there is one more: never longer than it takes for one to come back.
    const seconds = Math.max(1, Math.ceil((wait > 0 ? wait : (windowSeconds * 1000) / quota) / 1000))
    const told = { "RateLimit-Policy": `"${kind}";q=${quota};w=${windowSeconds}`, RateLimit: `"${kind}";r=${left};t=${seconds}` }
    if (wait === 0) return { allowed: true, headers: told, retryAfterSeconds: 0 }
    refused[kind]++
    return { allowed: false, headers: { ...told, "Retry-After": String(seconds) }, retryAfterSeconds: seconds }
  }

  return {
    take,
    /** Requests refused since the start. */
    refused: (): Readonly<Record<RateClass, number>> => ({ ...refused }),
  }
}

export type ApiRates = ReturnType<typeof apiRates>

const unlimited: RateVerdict = { allowed: true, headers: {}, retryAfterSeconds: 0 }
