import { randomBytes } from "node:crypto"

/** How long somebody may take to find their security key. */
export const challengeLifeMs = 5 * 60_000

/** Random texts that are given out, and taken back once each, for the purpose that they were given out for. */
export interface Challenges {
  /** 256 bits. */
  readonly issue: (purpose: string) => Uint8Array<ArrayBuffer>
  /** Whether this challenge (base64url) was given out for this purpose, less than five minutes ago. Whatever the answer, it is used up. */
  readonly take: (purpose: string, challenge: string) => boolean
}

/** Keeps the last `most` challenges in memory: the oldest go first. `now` is in milliseconds. */
export const challenges = ({ now, most = 10_000 }: { readonly now: () => number; readonly most?: number }): Challenges => {
  /** In the order in which they end. */
  const open = new Map<string, { readonly purpose: string; readonly ends: number }>()

  const forgetOld = (): void => {
    for (const [challenge, { ends }] of open) {
      if (ends > now() && open.size < most) return
      open.delete(challenge)
    }
  }

  return {
    issue: (purpose) => {
      forgetOld()
      const bytes = new Uint8Array(randomBytes(32))
      open.set(Buffer.from(bytes).toString("base64url"), { purpose, ends: now() + challengeLifeMs })
      return bytes
    },
    take: (purpose, challenge) => {
      const found = open.get(challenge)
      open.delete(challenge)
      return found !== undefined && found.purpose === purpose && found.ends > now()
    },
  }
}
