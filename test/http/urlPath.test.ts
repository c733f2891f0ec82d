import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeInvisible, encodeUrlPath, normalizeUrlPath } from "../../src/http/urlPath.ts"

const accepted: ReadonlyArray<readonly [target: string, path: string, query: string]> = [
  ["/", "/", ""],
  ["/index.html", "/index.html", ""],
  ["/a/b/", "/a/b/", ""],
  ["/a~b_c-d.e", "/a~b_c-d.e", ""],
  ["/a..b/c...", "/a..b/c...", ""],
  ["/a?", "/a", ""],
  ["/a?x=1&y=%2F//..", "/a", "x=1&y=%2F//.."],
  ["/a?x?y", "/a", "x?y"],
  ["/a?x#f", "/a", "x"],
  ["/a#f?x", "/a", ""],
  ["/a%20b", "/a b", ""],
  ["/caf%C3%A9", "/caf\u00e9", ""],
  ["/cafe%CC%81", "/caf\u00e9", ""],
  ["/%F0%9F%98%80", "/\u{1F600}", ""],
  ["/100%25", "/100%", ""],
  ["/%252e%252e/x", "/%2e%2e/x", ""],
  ["/%252F", "/%2F", ""],
  ["/%3Fa%23b", "/?a#b", ""],
  ["//evil.com", "/evil.com", ""],
  ["///evil.com//x", "/evil.com/x", ""],
  ["/./a/./b/.", "/a/b/", ""],
  ["/a/../b", "/b", ""],
  ["/a/b/..", "/a/", ""],
  ["/..", "/", ""],
  ["/../../../etc/passwd", "/etc/passwd", ""],
  ["/%2e%2e/%2E%2e/etc/passwd", "/etc/passwd", ""],
  ["/a/%2e./b", "/b", ""],
  ["/a/.%2E//../b", "/b", ""],
  ["/.well-known/x", "/.well-known/x", ""],
  ["/...", "/...", ""],
  ["/a|b^c", "/a|b^c", ""],
  ["http://example.com", "/", ""],
  ["HTTP://example.com:80/a/../b?q", "/b", "q"],
  ["https://example.com?q=/x", "/", "q=/x"],
  ["http://example.com//evil.com", "/evil.com", ""],
  ["http://example.com#x", "/", ""],
]

const refused: ReadonlyArray<readonly [target: string, status: number]> = [
  ["", 400],
  ["*", 400],
  ["a/b", 400],
  ["example.com:443", 400],
  ["ftp://example.com/", 400],
  ["http:///x", 400],
  ["http://a\\b/", 400],
  ["/%", 400],
  ["/%2", 400],
  ["/%zz", 400],
  ["/%00", 400],
  ["/a%0d%0aSet-Cookie:x", 400],
  ["/%09", 400],
  ["/%7f", 400],
  ["/%C2%85", 400],
  ["/%c0%af", 400],
  ["/%c0%ae%c0%ae/", 400],
  ["/%e0%80%af", 400],
  ["/%ed%a0%80", 400],
  ["/%f4%90%80%80", 400],
  ["/%ff", 400],
  ["/%C3", 400],
  ["/\\evil.com", 400],
  ["/%5cevil.com", 400],
  ["/..%5C..%5Cx", 400],
  ["/a%2fb", 400],
  ["/..%2F..%2fetc", 400],
  ["/a b", 400],
  ["/a\r\nb", 400],
  ["/a\0", 400],
  ["/caf\u00e9", 400],
  ["/a?x=\n", 400],
  ["/a?x=\u00e9", 400],
  [`/${"a".repeat(8192)}`, 414],
]

describe("normalizeUrlPath", () => {
  it.each(accepted)("reads %j as the path %j with the query %j", (target, path, query) => {
    expect(normalizeUrlPath(target)).toEqual({ ok: true, path, query })
  })

  it.each(refused)("refuses %j with %i", (target, status) => {
    expect(normalizeUrlPath(target)).toMatchObject({ ok: false, status })
  })

  it("accepts a target of exactly 8 KiB", () => {
    expect(normalizeUrlPath(`/${"a".repeat(8191)}`).ok).toBe(true)
  })

  const piece = fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "\\",
    "%25",
    "%00",
    "a",
    "b",
    "?",
    "#",
    "%C3%A9",
    "%20",
    ":",
    "|",
  )
  const target = fc.array(piece, { maxLength: 24 }).map((pieces) => `/${pieces.join("")}`)

  it("gives, whatever the target, one leading slash, no empty segment, no dot segment and no control character", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          target,
          fc.string({ unit: "binary" }).map((s) => `/${encodeURI(s.toWellFormed())}`),
        ),
        (text) => {
          const result = normalizeUrlPath(text)
          if (!result.ok) return
          expect(result.path.startsWith("/")).toBe(true)
          expect(result.path).not.toContain("//")
          expect(result.path).not.toMatch(/[\p{Cc}\\]/u)
          expect(result.path.split("/").some((segment) => segment === "." || segment === "..")).toBe(false)
        },
      ),
    )
  })

  it("changes nothing when its own result is encoded and read again", () => {
    fc.assert(
      fc.property(target, (text) => {
        const result = normalizeUrlPath(text)
        if (result.ok) expect(normalizeUrlPath(encodeUrlPath(result.path))).toEqual({ ok: true, path: result.path, query: "" })
      }),
    )
  })
})

describe("encodeUrlPath", () => {
  it.each([
    ["/", "/"],
    ["", "/"],
    ["a", "/a"],
    ["/a/b/", "/a/b/"],
    ["/a b", "/a%20b"],
    ["/100%", "/100%25"],
    ["/?#", "/%3F%23"],
    ["/caf\u00e9", "/caf%C3%A9"],
    ["//evil.com", "/evil.com"],
    ["///evil.com", "/evil.com"],
    ["/\\evil.com", "/%5Cevil.com"],
    ["\\\\evil.com", "/%5C%5Cevil.com"],
    ["/\t/evil.com", "/%09/evil.com"],
    ["/a\r\nSet-Cookie: x", "/a%0D%0ASet-Cookie:%20x"],
    ["https://evil.com", "/https:/evil.com"],
    ["/\ud800", "/%EF%BF%BD"],
  ])("encodes %j as %j", (path, encoded) => {
    expect(encodeUrlPath(path)).toBe(encoded)
  })

  it("never leaves the host, whatever the path", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        const encoded = encodeUrlPath(path)
        expect(encoded).toMatch(/^\/(?!\/)[\x21-\x7e]*$/)
        expect(new URL(encoded, "http://host.example/").host).toBe("host.example")
      }),
    )
  })
})

describe("encodeInvisible", () => {
  it("encodes what may not stand in a URL and leaves the rest alone", () => {
    expect(encodeInvisible("/a%20b?c=d#e")).toBe("/a%20b?c=d#e")
    expect(encodeInvisible("/caf\u00e9 \r\n")).toBe("/caf%C3%A9%20%0D%0A")
  })
})
