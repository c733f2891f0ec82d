import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { contentRange, ifRangeAllows, multipartByteranges, parseRange } from "../../src/http/ranges.ts"

const r = (start: number, end: number) => ({ start, end })
const many = (count: number) => `bytes=${Array.from({ length: count }, (_, i) => `${i * 3}-${i * 3}`).join(",")}`

const rows: ReadonlyArray<readonly [header: string, size: number, expected: ReturnType<typeof parseRange>]> = [
  ["bytes=0-9", 100, [r(0, 9)]],
  ["bytes=0-0", 100, [r(0, 0)]],
  ["bytes=90-", 100, [r(90, 99)]],
  ["bytes=90-200", 100, [r(90, 99)]],
  ["bytes=-10", 100, [r(90, 99)]],
  ["bytes=-1000", 100, [r(0, 99)]],
  ["BYTES=0-9", 100, [r(0, 9)]],
  ["bytes= 0-9 , 20-29", 100, [r(0, 9), r(20, 29)]],
  ["bytes=20-29,0-9", 100, [r(0, 9), r(20, 29)]],
  ["bytes=,0-9,,", 100, [r(0, 9)]],
  ["bytes=0-9,10-19", 100, [r(0, 19)]],
  ["bytes=0-9,5-19", 100, [r(0, 19)]],
  ["bytes=0-50,10-20", 100, [r(0, 50)]],
  ["bytes=0-,0-", 100, [r(0, 99)]],
  ["bytes=0-9,200-300", 100, [r(0, 9)]],
  ["bytes=0-99999999999999999999999999", 100, [r(0, 99)]],
  ["bytes=99999999999999999999999999-", 100, "unsatisfiable"],
  ["bytes=100-", 100, "unsatisfiable"],
  ["bytes=100-200,300-", 100, "unsatisfiable"],
  ["bytes=-0", 100, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=0-0", 0, "unsatisfiable"],
  ["bytes=-0", 0, "unsatisfiable"],
  ["bytes=-5", 0, "ignore"],
  ["bytes=9-0", 100, "ignore"],
  ["bytes=0-9,9-0", 100, "ignore"],
  ["bytes=", 100, "ignore"],
  ["bytes=,", 100, "ignore"],
  ["bytes", 100, "ignore"],
  ["", 100, "ignore"],
  ["bytes=-", 100, "ignore"],
  ["bytes=a-b", 100, "ignore"],
  ["bytes=0-9-10", 100, "ignore"],
  ["bytes=--5", 100, "ignore"],
  ["bytes=+1-5", 100, "ignore"],
  ["bytes=0x1-5", 100, "ignore"],
  ["bytes=1.5-5", 100, "ignore"],
  ["bytes=0 - 9", 100, "ignore"],
  ["bytes =0-9", 100, "ignore"],
  ["lines=0-9", 100, "ignore"],
  [many(16), 1000, Array.from({ length: 16 }, (_, i) => r(i * 3, i * 3))],
  [many(17), 1000, "ignore"],
  ["bytes=0-,0-,0-", 1000, "ignore"],
  [`bytes=${"0-,".repeat(5000)}`, 1000, "ignore"],
  [`bytes=${",".repeat(10_000)}0-1`, 1000, "ignore"],
]

describe("parseRange", () => {
  it.each(rows)("reads %j of %i bytes", (header, size, expected) => {
    expect(parseRange(header, size)).toEqual(expected)
  })

  it("spends no time on a long run of blanks", () => {
    const started = performance.now()
    expect(parseRange(`bytes=0${" ".repeat(200_000)}-1`, 10)).toBe("ignore")
    expect(performance.now() - started).toBeLessThan(200)
  })

  it("gives ranges that lie within the representation, sorted and apart from each other", () => {
    const number = fc.nat(120).map(String)
    const spec = fc.tuple(fc.oneof(number, fc.constant("")), fc.oneof(number, fc.constant(""))).map(([a, b]) => `${a}-${b}`)
    const header = fc.array(spec, { maxLength: 18 }).map((specs) => `bytes=${specs.join(",")}`)
    fc.assert(
      fc.property(header, fc.nat(100), (text, size) => {
        const ranges = parseRange(text, size)
        if (typeof ranges === "string") return
        expect(ranges.length).toBeGreaterThan(0)
        let next = 0
        for (const { start, end } of ranges) {
          expect(start).toBeGreaterThanOrEqual(next)
          expect(end).toBeGreaterThanOrEqual(start)
          expect(end).toBeLessThan(size)
          next = end + 2
        }
      }),
    )
  })
})

describe("ifRangeAllows", () => {
  const modified = Date.UTC(1994, 10, 6, 8, 49, 37, 500)
  it.each([
    [undefined, true],
    ['"abc"', true],
    ['W/"abc"', false],
    ['"x"', false],
    ['"abc", "x"', false],
    ["*", false],
    ["", false],
    ["Sun, 06 Nov 1994 08:49:37 GMT", true],
    ["Sunday, 06-Nov-94 08:49:37 GMT", true],
    ["Sun, 06 Nov 1994 08:49:38 GMT", false],
    ["Sun, 06 Nov 1994 08:49:36 GMT", false],
    ["Sun, 06 Nov 1994", false],
  ])("for %j it is %s", (header, expected) => {
    expect(ifRangeAllows(header, '"abc"', modified)).toBe(expected)
  })
})

describe("multipartByteranges", () => {
  it("frames the parts so that the body has the announced length and form", () => {
    const content = Buffer.from("0123456789")
    const frame = multipartByteranges([r(0, 1), r(8, 9)], 10, "text/plain", "SEP")
    const body = Buffer.concat([
      ...frame.parts.flatMap(({ head, range }) => [head, content.subarray(range.start, range.end + 1)]),
      frame.tail,
    ])
    expect(frame.contentType).toBe("multipart/byteranges; boundary=SEP")
    expect(body.length).toBe(frame.length)
    expect(body.toString()).toBe(
      [
        "--SEP",
        "Content-Type: text/plain",
        "Content-Range: bytes 0-1/10",
        "",
        "01",
        "--SEP",
        "Content-Type: text/plain",
        "Content-Range: bytes 8-9/10",
        "",
        "89",
        "--SEP--",
        "",
      ].join("\r\n"),
    )
  })

  it("writes a Content-Range", () => {
    expect(contentRange(r(5, 9), 100)).toBe("bytes 5-9/100")
  })
})
