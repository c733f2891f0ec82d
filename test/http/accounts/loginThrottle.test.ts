import { describe, expect, it } from "vitest"
import { type Admission, type Attempt, loginLimits, loginThrottle } from "../../../src/http/accounts/loginThrottle.ts"

const minute = 60_000

const setUp = () => {
  const clock = { now: 1_000_000 }
  const throttle = loginThrottle({ now: () => clock.now })
  const attempt = (account: string, address: string, more: Partial<Attempt> = {}): Admission =>
    throttle.attempt({ account, address, trusted: false, ...more })
  /** Whether it was allowed, if it failed then. */
  const fail = (...args: Parameters<typeof attempt>): boolean => {
    const admission = attempt(...args)
    if (admission.allowed) admission.done(false)
    return admission.allowed
  }
  /** How many of so many attempts were allowed, all of which failed. */
  const fails = (count: number, of: (i: number) => Parameters<typeof attempt>): number =>
    Array.from({ length: count }, (_, i) => fail(...of(i))).filter(Boolean).length
  return { clock, attempt, fail, fails }
}

/** A stranger with very many addresses. */
const anyAddress = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`

describe("logging in", () => {
  it("may fail five times in fifteen minutes for an account from one address", () => {
    const { clock, attempt, fail, fails } = setUp()
    expect(fails(20, () => ["owner", "1.2.3.4"])).toBe(5)
    clock.now += 5 * minute
    expect(attempt("owner", "1.2.3.4")).toEqual({ allowed: false, retryAfterSeconds: 600 })
    clock.now += 10 * minute - 500
    expect(attempt("owner", "1.2.3.4")).toEqual({ allowed: false, retryAfterSeconds: 1 })
    clock.now += 500
    expect(fail("owner", "1.2.3.4")).toBe(true)
  })

  it("may fail for other accounts and from other addresses meanwhile", () => {
    const { fail, fails } = setUp()
    fails(5, () => ["owner", "1.2.3.4"])
    expect(fail("alice", "1.2.3.4")).toBe(true)
    expect(fail("owner", "1.2.3.5")).toBe(true)
  })

  it("may fail thirty times from one address over all accounts", () => {
    const { attempt, fails } = setUp()
    expect(fails(100, (i) => [`user${i}`, "1.2.3.4"])).toBe(30)
    expect(attempt("owner", "1.2.3.4")).toMatchObject({ allowed: false })
    expect(attempt("owner", "1.2.3.5")).toMatchObject({ allowed: true })
  })

  it("may fail a hundred times for an account from addresses that are not trusted", () => {
    const { attempt, fails } = setUp()
    expect(fails(1000, (i) => ["owner", anyAddress(i)])).toBe(100)
    expect(attempt("owner", "1.2.3.4")).toMatchObject({ allowed: false, retryAfterSeconds: 900 })
    expect(attempt("alice", "1.2.3.4")).toMatchObject({ allowed: true })
  })

  it("that succeeds forgets the failures of its pair, and nothing else", () => {
    const { attempt, fails } = setUp()
    for (let round = 0; round < 6; round++) {
      expect(fails(4, () => ["owner", "1.2.3.4"])).toBe(4)
      const admission = attempt("owner", "1.2.3.4")
      if (admission.allowed) admission.done(true)
    }
    // Twenty-four failures from the address are left, and no success.
    expect(fails(20, (i) => [`user${i}`, "1.2.3.4"])).toBe(6)
  })

  it("counts from its beginning: of a thousand at once five are let in", () => {
    const { attempt } = setUp()
    const admissions = Array.from({ length: 1000 }, () => attempt("owner", "1.2.3.4"))
    const allowed = admissions.filter((admission) => admission.allowed)
    expect(allowed).toHaveLength(5)
    for (const admission of allowed) admission.done(false)
    expect(attempt("owner", "1.2.3.4").allowed).toBe(false)
  })

  it("counts from its beginning also over accounts and addresses", () => {
    const { attempt } = setUp()
    const allowed = (admissions: ReadonlyArray<Admission>): number => admissions.filter((admission) => admission.allowed).length
    expect(allowed(Array.from({ length: 1000 }, (_, i) => attempt(`user${i}`, "1.2.3.4")))).toBe(30)
    expect(allowed(Array.from({ length: 1000 }, (_, i) => attempt("owner", anyAddress(i))))).toBe(100)
  })

  it("counts as failed if nobody says how it ended, and only once if somebody says it twice", () => {
    const { clock, attempt } = setUp()
    for (let i = 0; i < 4; i++) attempt("owner", "1.2.3.4")
    const last = attempt("owner", "1.2.3.4")
    if (!last.allowed) throw new Error("five are allowed")
    last.done(false)
    last.done(true)
    last.undo()
    expect(attempt("owner", "1.2.3.4").allowed).toBe(false)
    clock.now += loginLimits.windowMs
    expect(attempt("owner", "1.2.3.4").allowed).toBe(true)
  })

  it("does not count if nothing was found out", () => {
    const { attempt, fails } = setUp()
    fails(4, () => ["owner", "1.2.3.4"])
    for (let i = 0; i < 500; i++) {
      const admission = attempt("owner", "1.2.3.4")
      if (!admission.allowed) throw new Error("one is left")
      admission.undo()
      admission.done(true)
    }
    expect(fails(10, () => ["owner", "1.2.3.4"])).toBe(1)
  })

  it.each([
    ["OWNER", "owner"],
    [" owner\t", "owner"],
    ["ｏｗｎｅｒ", "owner"],
    ["Ⓞwner", "owner"],
    ["alice\u0301", "alic\u00e9"],
  ])("as %j is logging in as %j", (one, other) => {
    const { fails } = setUp()
    expect(fails(10, (i) => [i % 2 === 0 ? one : other, "1.2.3.4"])).toBe(5)
  })

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2::"],
    ["2001:db8::1", "2001:db8:0:0:9::"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::ffff:102:304", "1.2.3.4"],
    ["fe80::1%eth0", "fe80::2"],
  ])("from %s is logging in from %s", (one, other) => {
    const { fails } = setUp()
    expect(fails(10, (i) => ["owner", i % 2 === 0 ? one : other])).toBe(5)
    expect(fails(100, (i) => [`user${i}`, i % 2 === 0 ? one : other])).toBe(25)
  })

  it.each([
    ["2001:db8:1:2::1", "2001:db8:1:3::1"],
    ["1.2.3.4", "1.2.3.5"],
    ["::1", "1::1"],
    ["1.2.3.4", "unknown"],
  ])("from %s is not logging in from %s", (one, other) => {
    const { fails } = setUp()
    expect(fails(20, (i) => ["owner", i % 2 === 0 ? one : other])).toBe(10)
  })

  it("with names of any length takes no more room than with short ones, and tells them apart", () => {
    const { fails } = setUp()
    const long = "x".repeat(100_000)
    expect(fails(10, () => [long, "1.2.3.4"])).toBe(5)
    expect(fails(10, () => [`${long}y`, "1.2.3.4"])).toBe(5)
  })
})

describe("a stranger", () => {
  it("cannot lock the owner out, with however many addresses, names and attempts at once", () => {
    const { attempt, fails } = setUp()
    fails(5000, (i) => ["owner", anyAddress(i)])
    fails(5000, (i) => [`user${i}`, anyAddress(i)])
    expect(attempt("owner", "1.2.3.4").allowed).toBe(false)
    const owner = attempt("owner", "1.2.3.4", { trusted: true })
    expect(owner.allowed).toBe(true)
  })

  it("cannot lock the owner out from the owner's own address", () => {
    const { attempt, fails } = setUp()
    fails(100, () => ["owner", "1.2.3.4"])
    fails(100, (i) => [`user${i}`, "1.2.3.4"])
    expect(attempt("bob", "1.2.3.4").allowed).toBe(false)
    expect(attempt("owner", "1.2.3.4", { trusted: true }).allowed).toBe(true)
  })

  it("who shares the owner's known address cannot lock out the owner with a cookie", () => {
    const { attempt, fails } = setUp()
    expect(fails(20, () => ["owner", "1.2.3.4", { trusted: true }])).toBe(5)
    expect(attempt("owner", "1.2.3.4", { trusted: true, cookie: true }).allowed).toBe(true)
    expect(attempt("owner", "1.2.3.4", { cookie: true }).allowed).toBe(true)
  })

  it("is not helped by the owner's logins, nor hindered by the owner's failures", () => {
    const { attempt, fails } = setUp()
    fails(5, () => ["owner", "9.9.9.9"])
    const owner = attempt("owner", "9.9.9.9", { trusted: true })
    if (owner.allowed) owner.done(true)
    expect(attempt("owner", "9.9.9.9").allowed).toBe(false)
    fails(5, () => ["owner", "1.2.3.4", { trusted: true }])
    expect(attempt("owner", "1.2.3.4").allowed).toBe(true)
  })

  it.each([
    [{ trusted: true }],
    [{ cookie: true }],
  ])("who has got hold of %j is held to five for an address and a hundred in all", (trust) => {
    const { fails } = setUp()
    expect(fails(20, () => ["owner", "1.2.3.4", trust])).toBe(5)
    expect(fails(1000, (i) => ["owner", anyAddress(i), trust])).toBe(95)
  })

  it("sees no difference between a name that somebody has and one that nobody has", () => {
    const story = (name: string): ReadonlyArray<Admission> => {
      const { clock, attempt } = setUp()
      return Array.from({ length: 60 }, (_, i) => {
        clock.now += 20_000
        const admission = attempt(name, i % 3 === 0 ? "1.2.3.4" : anyAddress(i))
        if (admission.allowed) admission.done(false)
        return JSON.parse(JSON.stringify(admission)) as Admission
      })
    }
    expect(story("owner")).toEqual(story("nobody"))
  })

  it("cannot have the account's failures forgotten by trying ten thousand other names", () => {
    const { attempt, fails } = setUp()
    fails(100, (i) => ["owner", anyAddress(i)])
    expect(fails(12_000, (i) => [`user${i}`, anyAddress(1000 + i)])).toBe(12_000)
    expect(attempt("owner", "1.2.3.4").allowed).toBe(false)
  })

  it("cannot have the failures from an address forgotten either", () => {
    const { attempt, fails } = setUp()
    fails(30, (i) => [`name${i}`, "1.2.3.4"])
    fails(3, () => ["owner", "1.2.3.5"])
    fails(12_000, (i) => [`user${i}`, anyAddress(1000 + i)])
    expect(attempt("owner", "1.2.3.4").allowed).toBe(false)
    expect(fails(5, () => ["owner", "1.2.3.5"])).toBe(2)
  })
})
