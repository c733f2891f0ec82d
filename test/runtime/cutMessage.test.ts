import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cutMessage, maxMessageBytes } from "../../src/runtime/cutMessage.ts"

describe("a message that is too long", () => {
  it("is cut, and says how long it was", () => {
    const cut = cutMessage("x".repeat(100_000))
    expect(Buffer.byteLength(cut)).toBe(maxMessageBytes)
    expect(cut).toMatch(/^x+ … \(cut: 100000 bytes\)$/)
  })

  it.each(["é", "€", "🚀"])("is never cut within a character, such as %s", (character) => {
    for (let before = 0; before < 4; before++) {
      const cut = cutMessage("x".repeat(before) + character.repeat(9000))
      expect(cut).not.toContain("\ufffd")
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxMessageBytes)
    }
  })
})

it("a message that fits is left as it is, and any other fits afterwards", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), fc.nat(400), (text, times) => {
      const message = text.repeat(times)
      const cut = cutMessage(message)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxMessageBytes)
      if (Buffer.byteLength(message) <= maxMessageBytes) expect(cut).toBe(message)
    }),
    { numRuns: 200 },
  )
})
