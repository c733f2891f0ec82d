import { describe, expect, it } from "vitest"
import { httpDate, ifMatch, ifNoneMatch, isNotModified, parseHttpDate } from "../../src/http/conditional.ts"

const etags = ['"abc"', '"abc-br"']

/** Whether a tag in the header matches weakly, and whether one matches strongly. */
const tags: ReadonlyArray<readonly [header: string, weakly: boolean, strongly: boolean]> = [
  ['"abc"', true, true],
  ['"abc-br"', true, true],
  ['W/"abc"', true, false],
  ['"x", "abc"', true, true],
  ['"x","abc"', true, true],
  [',, "x" ,\t"abc" ,', true, true],
  ['"x", W/"abc"', true, false],
  ["*", true, true],
  [" * ", true, true],
  ['"ABC"', false, false],
  ['"x"', false, false],
  ["", false, false],
  ["abc", false, false],
  ["'abc'", false, false],
  ['w/"abc"', false, false],
  ['W/ "abc"', false, false],
  ['"a,b", "x"', false, false],
  ['"x, "abc"', false, false],
  ['"x,"abc",y"', false, false],
  ['"abc', false, false],
  ['abc"', false, false],
  ['"abc"-gzip', false, false],
  ['"abc"x, "abc"', true, true],
  ['garbage, "abc"', true, true],
  ['*, "x"', false, false],
  ["W/", false, false],
]

describe("If-None-Match and If-Match", () => {
  it.each(tags)("with %j: a weak match is %s, a strong match is %s", (header, weakly, strongly) => {
    expect(ifNoneMatch(header, etags)).toBe(!weakly)
    expect(ifMatch(header, etags)).toBe(strongly)
  })

  it("finds a tag that holds a comma", () => {
    expect(ifNoneMatch('"x", "a,b"', ['"a,b"'])).toBe(false)
    expect(ifNoneMatch('"x,"a,b"', ['"a,b"'])).toBe(true)
  })

  it("takes * to mean that there is a representation at all", () => {
    expect(ifNoneMatch("*", [])).toBe(true)
    expect(ifMatch("*", [])).toBe(false)
  })
})

const example = Date.UTC(1994, 10, 6, 8, 49, 37)
const now = Date.UTC(2026, 0, 1)

describe("HTTP dates", () => {
  it.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", example],
    ["Sunday, 06-Nov-94 08:49:37 GMT", example],
    ["Sun Nov  6 08:49:37 1994", example],
    ["Wednesday, 01-Jan-76 00:00:00 GMT", Date.UTC(2076, 0, 1)],
    ["Wednesday, 01-Jan-77 00:00:00 GMT", Date.UTC(1977, 0, 1)],
    ["Thu, 29 Feb 2024 23:59:60 GMT", Date.UTC(2024, 2, 1)],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ])("reads %j", (text, ms) => {
    expect(parseHttpDate(text, now)).toBe(ms)
  })

  it.each([
    "",
    "0",
    "now",
    "1994-11-06T08:49:37Z",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 0094 08:49:37 GMT",
    "Xyz, 06 Nov 1994 08:49:37 GMT",
  ])("takes %j for no date", (text) => {
    expect(parseHttpDate(text)).toBeUndefined()
  })

  it("writes an IMF-fixdate that reads back to the same second", () => {
    expect(httpDate(example + 999)).toBe("Sun, 06 Nov 1994 08:49:37 GMT")
    expect(parseHttpDate(httpDate(example))).toBe(example)
  })
})

describe("isNotModified", () => {
  const date = httpDate(example)
  const earlier = httpDate(example - 1000)
  const rows: ReadonlyArray<readonly [why: string, headers: Record<string, string | undefined>, expected: boolean]> = [
    ["no condition", {}, false],
    ["a matching tag", { "if-none-match": '"abc"' }, true],
    ["a matching weak tag", { "if-none-match": 'W/"abc"' }, true],
    ["another tag", { "if-none-match": '"x"' }, false],
    ["an empty tag list", { "if-none-match": "" }, false],
    ["another tag and a date that fits", { "if-none-match": '"x"', "if-modified-since": date }, false],
    ["a matching tag and a date before", { "if-none-match": '"abc"', "if-modified-since": earlier }, true],
    ["the same date", { "if-modified-since": date }, true],
    ["a later date", { "if-modified-since": httpDate(example + 60_000) }, true],
    ["a date before", { "if-modified-since": earlier }, false],
    ["a malformed date", { "if-modified-since": "yesterday" }, false],
  ]
  it.each(rows)("answers rightly for %s", (_, headers, expected) => {
    // The milliseconds of the modification do not exist on the wire.
    expect(isNotModified(headers, etags, example + 500)).toBe(expected)
  })
})
