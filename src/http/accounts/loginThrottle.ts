import { createHash } from "node:crypto"
import { addressKey, canonicalAddress } from "../clientOf.ts"
import { attemptBuckets } from "./attemptBuckets.ts"

/** One try to log in. */
export interface Attempt {
  /** The user name as it was sent, whether anybody has it or not. */
  readonly account: string
  /** The client's address. */
  readonly address: string
  /** Whether something shows that this is no stranger: the account has logged in from the address before, or `cookie`. */
  readonly trusted: boolean
  /**
   * Whether the request carries the cookie of a session of this account, ended or not. It shows more than the address, which others may
   * share: their attempts are not counted with these.
   */
  readonly cookie?: boolean
}

export type Admission =
  | {
      readonly allowed: true
      /** To be called with how the whole login ended, all its factors. Until then it counts as failed. Later calls do nothing. */
      readonly done: (success: boolean) => void
      /** To be called instead if nothing was found out: the server was too busy, or another factor is still to come. */
      readonly undo: () => void
    }
  | { readonly allowed: false; readonly retryAfterSeconds: number }

export interface LoginThrottle {
  readonly attempt: (attempt: Attempt) => Admission
}

/** How many attempts may fail in `windowMs`. */
export const loginLimits = {
  windowMs: 15 * 60_000,
  /** For an account from one address (the /64 of an IPv6 address). */
  pair: 5,
  /** From one address, for all accounts. */
  address: 30,
  /** For one account, from all addresses. */
  account: 100,
  /** How many pairs, addresses and accounts are remembered. */
  most: 10_000,
}

/**
 * Decides whether a password or a code may be tried at all. `now` is in milliseconds, of a clock that is never set back.
 *
 * An attempt counts as failed from its beginning on, so that a thousand at once are no more than one after the other. Trusted attempts
 * are counted apart, and those with a cookie apart from them: whatever strangers do, they use up nothing that the owner needs. Names
 * that nobody has are counted as those that somebody has, so that nothing is learned from it.
 */
export const loginThrottle = ({
  now,
  limits = loginLimits,
}: {
  readonly now: () => number
  readonly limits?: typeof loginLimits
}): LoginThrottle => {
  const bucketsOf = (limit: number) => attemptBuckets({ limit, windowMs: limits.windowMs, most: limits.most, now })
  const group = () => ({ pairs: bucketsOf(limits.pair), accounts: bucketsOf(limits.account) })
  const [strangers, atKnownAddress, withCookie] = [group(), group(), group()]
  const addresses = bucketsOf(limits.address)

  return {
    attempt: ({ account: sent, address: from, trusted, cookie = false }) => {
      const account = accountKey(sent)
      const address = addressKey(canonicalAddress(from) ?? from)
      const { pairs, accounts } = cookie ? withCookie : trusted ? atKnownAddress : strangers
      const pair = `${address} ${account}`
      const counted = [
        { buckets: pairs, key: pair },
        { buckets: accounts, key: account },
      ]
      // The owner may share the address with others who are not to be waited for.
      if (!trusted && !cookie) counted.push({ buckets: addresses, key: address })

      const waitMs = Math.max(...counted.map(({ buckets, key }) => buckets.waitMs(key)))
      if (waitMs > 0) return { allowed: false, retryAfterSeconds: Math.ceil(waitMs / 1000) }

      const takeBack = counted.map(({ buckets, key }) => buckets.count(key))
      let open = true
      const undo = (): void => {
        if (open) for (const take of takeBack) take()
        open = false
      }
      const done = (success: boolean): void => {
        if (open && success) {
          undo()
          pairs.clear(pair)
        }
        open = false
      }
      return { allowed: true, done, undo }
    },
  }
}

/** Accounts are told apart by this, and not by what is sent. A name that is too long to be anybody's takes no more room than others. */
const accountKey = (account: string): string => {
  const name = account.normalize("NFKC").toLowerCase().trim()
  return name.length <= 64 ? name : `sha256:${createHash("sha256").update(name).digest("base64url")}`
}
