import { describe, expect, it } from "vitest"
import { challengeLifeMs, challenges } from "../../../src/http/accounts/challenges.ts"

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url")

describe("a challenge", () => {
  it("is good once, for its purpose", () => {
    const { issue, take } = challenges({ now: () => 0 })
    const challenge = text(issue("login"))
    expect(challenge).toHaveLength(43)
    expect(take("login", challenge)).toBe(true)
    expect(take("login", challenge)).toBe(false)
  })

  it("is used up by whoever shows it for another purpose", () => {
    const { issue, take } = challenges({ now: () => 0 })
    const challenge = text(issue("alice"))
    expect(take("bob", challenge)).toBe(false)
    expect(take("alice", challenge)).toBe(false)
  })

  it("is good for less than five minutes", () => {
    let now = 1000
    const { issue, take } = challenges({ now: () => now })
    const [early, late] = [text(issue("login")), text(issue("login"))]
    now += challengeLifeMs - 1
    expect(take("login", early)).toBe(true)
    now += 1
    expect(take("login", late)).toBe(false)
  })

  it("that was never given out is not good", () => {
    expect(challenges({ now: () => 0 }).take("login", "x")).toBe(false)
  })

  it("goes when there are too many, the oldest first", () => {
    const { issue, take } = challenges({ now: () => 0, most: 3 })
    const given = Array.from({ length: 5 }, () => text(issue("login")))
    expect(given.map((challenge) => take("login", challenge))).toEqual([false, false, true, true, true])
  })
})
