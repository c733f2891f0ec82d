import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hashRecoveryCode, newRecoveryCodes, recoveryCodeIndex } from "../../../src/http/accounts/recoveryCodes.ts"

describe("recovery codes", () => {
  it("are ten, each of ten characters out of 32", () => {
    const codes = newRecoveryCodes()
    expect(codes).toHaveLength(10)
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/)
    const used = new Set(Array.from({ length: 50 }, newRecoveryCodes).flat().join("").replaceAll("-", ""))
    expect(used.size).toBe(32)
  })

  it("are found by their hashes, each at its place", () => {
    const codes = newRecoveryCodes()
    const hashes = codes.map(hashRecoveryCode)
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(codes.map((code) => recoveryCodeIndex(hashes, code))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(recoveryCodeIndex(hashes, newRecoveryCodes()[0]!)).toBeUndefined()
    expect(recoveryCodeIndex([], codes[0]!)).toBeUndefined()
    expect(recoveryCodeIndex(hashes, "")).toBeUndefined()
    expect(recoveryCodeIndex(hashes, hashes[0]!)).toBeUndefined()
  })

  it.each([
    ["7kq01-x9f0d", "7KQ01-X9F0D"],
    ["7kq01-x9f0d", "7kq01x9f0d"],
    ["7kq01-x9f0d", " 7kq01 x9f0d\n"],
    ["7kq01-x9f0d", "7-k-q-0-1-x-9-f-0-d"],
    ["7kq01-x9f0d", "7kqoi-x9fOd"],
    ["7kq01-x9f0d", "7kq0L-x9f0d"],
  ])("%s may be written %j", (code, written) => {
    expect(recoveryCodeIndex([hashRecoveryCode(code)], written)).toBe(0)
  })

  it("do not answer to any other text", () => {
    const hashes = newRecoveryCodes().map(hashRecoveryCode)
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        expect(recoveryCodeIndex(hashes, text)).toBeUndefined()
      }),
    )
  })
})
