import { describe, expect, it } from "vitest"
import { matchHeaders, parseHeaders } from "../../../src/http/rules/headers.ts"

const headersOf = (file: string, path: string) => matchHeaders(parseHeaders(file).rules, path).map(([name, value]) => `${name}: ${value}`)

const rows: ReadonlyArray<readonly [file: string, path: string, expected: ReadonlyArray<string>]> = [
  ["/*\n  X-Frame-Options: DENY", "/any/where", ["x-frame-options: DENY"]],
  ["/*\n  X-Frame-Options: DENY", "/", ["x-frame-options: DENY"]],
  ["/a\n\tX-A: 1", "/a", ["x-a: 1"]],
  ["/a\n\tX-A: 1", "/a/", ["x-a: 1"]],
  ["/a/\n\tX-A: 1", "/a", ["x-a: 1"]],
  ["/a\n\tX-A: 1", "/b", []],
  ["/a\n\tX-A: 1", "/A", []],
  ["/a/*\n X-A: 1", "/a", ["x-a: 1"]],
  ["/a/*\n X-A: 1", "/ab", []],
  ["/u/:id/edit\n X-A: 1", "/u/7/edit", ["x-a: 1"]],
  ["/u/:id/edit\n X-A: 1", "/u/7/8/edit", []],
  ["\uFEFF# c\n/a\n # c\n\n X-A:1\r\n X-B :  2  \r\n", "/a", ["x-a: 1", "x-b: 2"]],
  ["/a\nX-A: 1", "/a", ["x-a: 1"]],
  ["/caf%C3%A9\n X-A: 1", "/café", ["x-a: 1"]],
  ["/my file\n X-A: 1", "/my file", ["x-a: 1"]],
  ["/a\n X-A: x: y # z", "/a", ["x-a: x: y # z"]],
  ["/a\n Cache-Control: no-cache\n cache-control: no-store", "/a", ["cache-control: no-cache, no-store"]],
  ["/*\n X-A: 1\n X-B: b\n/a\n x-a: 2", "/a", ["x-a: 1, 2", "x-b: b"]],
  ["/a\n x-a: 2\n/*\n X-A: 1", "/a", ["x-a: 2, 1"]],
  ["/a\n X-A: 1\n/b\n X-A: 2\n/a\n X-A: 3", "/a", ["x-a: 1, 3"]],
  ["/*\n Set-Cookie: a=1\n/a\n Set-Cookie: b=2\n X-A: 1", "/a", ["x-a: 1", "set-cookie: a=1", "set-cookie: b=2"]],
  [
    "/a\n Content-Type: text/x\n Link: </x>; rel=preload\n Access-Control-Allow-Origin: *\n Content-Security-Policy: default-src 'self'",
    "/a",
    ["content-type: text/x", "link: </x>; rel=preload", "access-control-allow-origin: *", "content-security-policy: default-src 'self'"],
  ],
  ["/a\n/b\n X-A: 1", "/a", []],
  ["", "/a", []],
]

describe("matchHeaders", () => {
  it.each(rows)("with the rules %j, %j gets %j", (file, path, expected) => {
    expect(parseHeaders(file).warnings).toEqual([])
    expect(headersOf(file, path)).toEqual(expected)
  })

  it("gives the same answer twice", () => {
    const { rules } = parseHeaders("/*\n X-A: 1\n/a\n X-A: 2\n/:b\n X-A: 3")
    expect(matchHeaders(rules, "/a")).toEqual([["x-a", "1, 2, 3"]])
    expect(matchHeaders(rules, "/a")).toEqual([["x-a", "1, 2, 3"]])
  })
})

const owned = ["Content-Length", "Transfer-Encoding", "connection", "Keep-Alive", "Upgrade", "Trailer", "TE", "Date", "Host", "Server"]
const described = ["Content-Encoding", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified", "Vary", "Location"]

describe("parseHeaders", () => {
  it.each([...owned, ...described])("refuses the header %s, which the server sets", (name) => {
    const { warnings } = parseHeaders(`/*\n  ${name}: 1\n  X-Ok: 1`)
    expect(warnings).toEqual([{ line: 2, text: `${name}: 1`, reason: `the header ${name.toLowerCase()} is set by the server` }])
    expect(headersOf(`/*\n  ${name}: 1\n  X-Ok: 1`, "/")).toEqual(["x-ok: 1"])
  })

  it.each([
    ["X-A", /neither a path nor a header/],
    ["X A: 1", /name is not valid/],
    [": 1", /name is not valid/],
    ["X-\u00e9: 1", /name is not valid/],
    ["X(a): 1", /name is not valid/],
    ["X-A:", /no value/],
    ["X-A: a\rX-B: b", /control character/],
    ["X-A: a\0b", /control character/],
    ["X-A: a\u0085b", /control character/],
    ["X-A: caf\u00e9", /outside ASCII/],
    [`X-A: ${"a".repeat(2000)}`, /longer than 2000/],
  ])("refuses the line %j", (line, reason) => {
    const { rules, warnings } = parseHeaders(`/*\n  ${line}\n  X-Ok: 1`)
    expect(warnings).toEqual([{ line: 2, text: expect.any(String), reason: expect.stringMatching(reason) }])
    expect(matchHeaders(rules, "/")).toEqual([["x-ok", "1"]])
  })

  it.each([
    ["/a/*/b", /last segment/],
    ["/*.css", /last segment/],
    ["/:a-:b", /whole segment/],
    ["/%zz", /percent-encoded/],
    ["https://example.com/*", /whole domain/],
  ])("refuses the block of %j without giving its headers to another block", (path, reason) => {
    const { rules, warnings } = parseHeaders(`/*\n  X-Ok: 1\n${path}\n  X-Bad: 1`)
    expect(warnings).toEqual([{ line: 3, text: path, reason: expect.stringMatching(reason) }])
    expect(matchHeaders(rules, "/a/x/b")).toEqual([["x-ok", "1"]])
  })

  it("warns about a header before any path", () => {
    expect(parseHeaders("X-A: 1\n/*\n X-B: 1").warnings).toEqual([{ line: 1, text: "X-A: 1", reason: "the header comes before any path" }])
  })

  it("uses the first 100 rules and warns once", () => {
    const { rules, warnings } = parseHeaders(Array.from({ length: 150 }, (_, i) => `/p${i}\n  X-A: ${i}`).join("\n"))
    expect(warnings.map((warning) => warning.line)).toEqual([201])
    expect(matchHeaders(rules, "/p99")).toEqual([["x-a", "99"]])
    expect(matchHeaders(rules, "/p100")).toEqual([])
  })
})
