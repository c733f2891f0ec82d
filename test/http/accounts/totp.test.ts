import fc from "fast-check"
import { TOTP } from "otpauth"
import { describe, expect, it } from "vitest"
import { newTotpSecret, totpStep, totpUri } from "../../../src/http/accounts/totp.ts"

/** `12345678901234567890`, the secret of RFC 6238, in base32. */
const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

/** Appendix B of RFC 6238, for SHA-1: the last six of its eight digits. */
const vectors: ReadonlyArray<readonly [seconds: number, code: string, step: number]> = [
  [59, "287082", 0x1],
  [1111111109, "081804", 0x23523ec],
  [1111111111, "050471", 0x23523ed],
  [1234567890, "005924", 0x273ef07],
  [2000000000, "279037", 0x3f940aa],
  [20000000000, "353130", 0x27bc86aa],
]

describe("a TOTP code", () => {
  it.each(vectors)("at %d s is %s, of step %d", (seconds, code, step) => {
    expect(totpStep({ secret, code, now: seconds * 1000 })).toBe(step)
    expect(totpStep({ secret, code: `${code.slice(0, 5)}${(Number(code[5]) + 1) % 10}`, now: seconds * 1000 })).toBeUndefined()
  })

  it("counts in its own step and the ones beside it, and tells its own step", () => {
    const [, code, step] = vectors[3]!
    const at = (delta: number) => totpStep({ secret, code, now: (step + delta) * 30_000 })
    expect([-2, -1, 0, 1, 2].map(at)).toEqual([undefined, step, step, step, undefined])
    expect(totpStep({ secret, code, now: (step + 2) * 30_000 - 1 })).toBe(step)
    expect(totpStep({ secret, code, now: (step - 1) * 30_000 - 1 })).toBeUndefined()
  })

  it.each([["287 082"], [" 287082 "], ["2 8 7 0 8 2"], ["287\u00a0082"], ["287082\n"]])("may be written %j", (code) => {
    expect(totpStep({ secret, code, now: 59_000 })).toBe(1)
  })

  it.each([
    [""],
    ["28708"],
    ["2870820"],
    ["94287082"],
    ["２８７０８２"],
    ["-87082"],
    ["287082x"],
    ["28e082"],
    ["0x7082"],
  ])("is not %j", (code) => {
    expect(totpStep({ secret, code, now: 59_000 })).toBeUndefined()
  })

  it("is that of its secret alone, whatever the secret and the time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 4e12 }), (now) => {
        const own = newTotpSecret()
        const code = TOTP.generate({ secret: new TOTP({ secret: own }).secret, timestamp: now })
        expect(Math.abs(totpStep({ secret: own, code, now })! - Math.floor(now / 30_000))).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe("a TOTP secret", () => {
  it("has 160 bits, in base32, and is another each time", () => {
    const made = Array.from({ length: 50 }, newTotpSecret)
    for (const each of made) expect(each).toMatch(/^[A-Z2-7]{32}$/)
    expect(new Set(made).size).toBe(50)
  })

  it("goes to the app as a URI", () => {
    const uri = new URL(totpUri({ secret, issuer: "fazt.example.com:8080", account: "alice miller@home" }))
    expect(`${uri.protocol}//${uri.host}${uri.pathname}`).toBe("otpauth://totp/fazt.example.com%208080:alice%20miller%40home")
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: "fazt.example.com 8080",
      secret,
      algorithm: "SHA1",
      digits: "6",
      period: "30",
    })
  })
})
