import { describe, expect, it } from "vitest"
import { headerOf, headersReceived, headersToSend, withoutBodyHeaders, withoutCredentials } from "../../../src/runtime/egress/headers.ts"

describe("of the headers of a call", () => {
  for (const name of [
    "Host",
    "CONTENT-LENGTH",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "HTTP2-Settings",
    "Accept-Encoding",
    "Via",
    "Forwarded",
    "X-Real-IP",
    "X-Forwarded-For",
    "x-forwarded-host",
    "X-Forwarded-Anything",
    "Proxy-Authorization",
    "Proxy-Connection",
  ])
    it(`${name} is left out`, () => expect(headerOf(headersToSend([name, "attack"]), name.toLowerCase())).not.toBe("attack"))

  for (const name of ["Authorization", "Cookie", "Content-Type", "X-Api-Key", "Origin", "Referer", "Hostess", "User-Agent", "Accept"])
    it(`${name} is sent`, () => expect(headerOf(headersToSend([name, "value"]), name.toLowerCase())).toBe("value"))

  for (const [name, value] of [
    ["X-A", "a\r\nX-Injected: 1"],
    ["X-A", "a\nX-Injected: 1"],
    ["X-A", "a\rb"],
    ["X-A", "a\u0000b"],
    ["X-A", "a\u007fb"],
    ["X-A", "č"],
    ["X-A", "\u560d\u560aX-Injected: 1"],
    ["X A", "a"],
    ["X-A\r\nX-Injected", "a"],
    ["X-A:", "a"],
    ["", "a"],
    ["X-Ä", "a"],
    [":authority", "a"],
  ] as const)
    it(`${JSON.stringify(`${name}: ${value}`)} is refused`, () => expect(() => headersToSend([name, value])).toThrow(/header/))

  it("space around a value is dropped", () => expect(headerOf(headersToSend(["X-A", " \r\n a\t"]), "x-a")).toBe("a"))
  it("a repeated one is sent twice", () => expect(headersToSend(["X-A", "1", "x-a", "2"]).slice(0, 4)).toEqual(["x-a", "1", "x-a", "2"]))
  it("too many are refused", () =>
    expect(() => headersToSend(Array.from({ length: 202 }, (_, i) => `x-${i}`))).toThrow(/at most 100 headers/))
  it("too large ones are refused", () => expect(() => headersToSend(["x-a", "a".repeat(40_000)])).toThrow(/32768 bytes/))
})

it("credentials go no further than their origin", () =>
  expect(withoutCredentials(["authorization", "a", "cookie", "b", "x-c", "c"])).toEqual(["x-c", "c"]))

it("a body that is not sent has no headers", () =>
  expect(withoutBodyHeaders(["content-type", "a", "content-language", "b", "x-c", "c"])).toEqual(["x-c", "c"]))

it("an answer has at most so many headers", () =>
  expect(() =>
    headersReceived(
      Array.from({ length: 600 }, (_, i) => `x-${i}`),
      "a.example",
    ),
  ).toThrow(/300 headers/))
