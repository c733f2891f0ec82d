import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { matchRedirect, parseRedirects, type RedirectRequest } from "../../../src/http/rules/redirects.ts"
import { encodeUrlPath, normalizeUrlPath } from "../../../src/http/urlPath.ts"

const request = (target: string, more: Partial<RedirectRequest> = {}): RedirectRequest => {
  const url = normalizeUrlPath(target)
  if (!url.ok) throw new Error(url.reason)
  return { path: url.path, query: url.query, acceptLanguage: undefined, cookie: undefined, ...more }
}

/** `301 /location`, `200 > /path?query`, or nothing. */
const outcome = (file: string, asked: RedirectRequest, fileExists = false): string | undefined => {
  const match = matchRedirect(parseRedirects(file).rules, asked, fileExists)
  if (match === undefined) return undefined
  if (match.kind === "redirect") return `${match.status} ${match.location}`
  return `${match.status} > ${match.path}${match.query === "" ? "" : `?${match.query}`}`
}

const rows: ReadonlyArray<readonly [file: string, target: string, expected: string | undefined]> = [
  ["/home /", "/home", "301 /"],
  ["/home /", "/homes", undefined],
  ["/home /", "/Home", undefined],
  ["/home / 302", "/home", "302 /"],
  ["/a /b 307", "/a", "307 /b"],
  ["/a /b 308 # comment", "/a", "308 /b"],
  ["/a /b # 302", "/a", "301 /b"],
  ["/a /b#part", "/a", "301 /b#part"],
  ["# /a /b\n\n  /c\t\t/d  \r\n", "/c", "301 /d"],
  ["\uFEFF/a /b", "/a", "301 /b"],
  ["/a /first\n/a /second", "/a", "301 /first"],
  ["/* /all\n/a /second", "/a", "301 /all"],
  ["/a /first\n/* /all", "/a", "301 /first"],
  // A trailing slash does not matter in what is asked, and is kept in what is answered.
  ["/a/ /b", "/a", "301 /b"],
  ["/a /b/", "/a/", "301 /b/"],
  ["/ /start", "/", "301 /start"],
  // Decoded before it is compared.
  ["/caf%C3%A9 /x", "/caf%c3%a9", "301 /x"],
  ["/café /thé", "/caf%C3%A9", "301 /th%C3%A9"],
  // Splats and placeholders.
  ["/news/* /blog/:splat", "/news/2026/11/x", "301 /blog/2026/11/x"],
  ["/news/* /blog/:splat", "/news/x/", "301 /blog/x/"],
  ["/news/* /blog/:splat", "/news", "301 /blog/"],
  ["/news/* /blog/:splat", "/newsroom", undefined],
  ["/news/* /blog", "/news/x", "301 /blog"],
  ["/n/:year/:month /b/:month-:year.html", "/n/2026/11", "301 /b/11-2026.html"],
  ["/n/:year/:month /b/:month", "/n/2026", undefined],
  ["/n/:year/:month /b/:month", "/n/2026/11/21", undefined],
  ["/u/:id/* /v/:splat/of/:id", "/u/7/a/b", "301 /v/a/b/of/7"],
  ["/x/:y /z/12:30/Talk:Home/:y", "/x/1", "301 /z/12:30/Talk:Home/1"],
  ["/x/* /s?q=:splat", "/x/a/b c".replace(" ", "%20"), "301 /s?q=a%2Fb%20c"],
  // Queries.
  ["/a /b", "/a?x=1&y=%20", "301 /b?x=1&y=%20"],
  ["/a /b?z=1", "/a?x=1", "301 /b?z=1"],
  ["/a /b#f", "/a?x=1", "301 /b?x=1#f"],
  ["/a https://example.com", "/a?x=1", "301 https://example.com?x=1"],
  ["/store id=:id /blog/:id", "/store?id=5", "301 /blog/5?id=5"],
  ["/store id=:id /blog/:id?from=store", "/store?id=a%20b/c", "301 /blog/a%20b%2Fc?from=store"],
  ["/store id=:id /blog/:id", "/store", undefined],
  ["/store id=:id tag=:tag /b/:tag/:id?", "/store?tag=t&id=5&more", "301 /b/t/5"],
  ["/store id=:id tag=:tag /b/:tag/:id", "/store?id=5", undefined],
  ["/ page=news /news", "/?page=news", "301 /news?page=news"],
  ["/ page=news /news", "/?page=other", undefined],
  ["/ f=/about /about?", "/?f=%2Fabout", "301 /about"],
  ["/s id=1 /one?\n/s id=2 /two?\n/s /other?", "/s?id=2", "301 /two"],
  ["/s id=1 /one?\n/s id=2 /two?\n/s /other?", "/s?id=3", "301 /other"],
  // Rewrites.
  ["/* /index.html 200", "/deep/link?x=1", "200 > /index.html?x=1"],
  ["/app/* /:splat/page.html 200", "/app/a%20b/c", "200 > /a b/c/page.html"],
  ["/en/* /en/404.html 404", "/en/x", "404 > /en/404.html"],
  ["/old /gone.html 410", "/old", "410 > /gone.html"],
  ["/old /law.html 451", "/old", "451 > /law.html"],
  ["/a /b?x=1 200", "/a?y=2", "200 > /b?x=1"],
  ["/api/* 200\n/* /index.html 200", "/api/x", "200 > /api/x"],
  // Absolute destinations.
  ["/x/* https://example.com/y/:splat 302", "/x/a/b", "302 https://example.com/y/a/b"],
  ["/x http://example.com:8080/a:b", "/x", "301 http://example.com:8080/a:b"],
  // A rule that leads back to the request does not apply.
  ["/* /:splat 301!", "/a/b", undefined],
  ["/a /a/", "/a", "301 /a/"],
  ["/a /a/", "/a/", undefined],
  ["/a /a#top", "/a?x=1", undefined],
  ["/a /a?v=2", "/a", "301 /a?v=2"],
  ["/a /a?v=2", "/a?v=2", undefined],
  ["/* /index.html 200", "/index.html", "200 > /index.html"],
]

describe("matchRedirect", () => {
  it.each(rows)("with the rules %j, %j gives %j", (file, target, expected) => {
    expect(parseRedirects(file).warnings).toEqual([])
    expect(outcome(file, request(target))).toBe(expected)
  })

  it("applies only forced rules where a file exists, and all rules in their order where none does", () => {
    const file = "/a /soft\n/a /hard 302!\n/b /soft"
    expect(outcome(file, request("/a"), true)).toBe("302 /hard")
    expect(outcome(file, request("/a"), false)).toBe("301 /soft")
    expect(outcome(file, request("/b"), true)).toBeUndefined()
    expect(outcome("/* /x 200!", request("/a"), true)).toBe("200 > /x")
  })

  it.each([
    ["en", "/en"],
    ["en-GB,en;q=0.9,de;q=0.8", "/en"],
    ["EN-us", "/en"],
    ["de-AT", "/de"],
    ["de, en;q=0.9", "/de"],
    ["en;q=0.5, de;q=0.9", "/de"],
    ["fr-CH, en", "/fr"],
    ["fr", "/other"],
    ["enx", "/other"],
    ["*", "/other"],
    ["en;q=0", "/other"],
    ["en;q=x", "/other"],
    ["", "/other"],
    [undefined, "/other"],
  ])("sends a visitor with the languages %j to %s", (acceptLanguage, to) => {
    const file = "/ /en Language=en\n/ /de 301 language=de,nl\n/ /fr Language=fr-CH\n/ /other"
    expect(outcome(file, request("/", { acceptLanguage }))).toBe(`301 ${to}`)
  })

  it.each([
    ["legacy=1", true],
    ["a=1; legacy=", true],
    ["a=1;other=x", true],
    ["legacy2=1", false],
    ["x=legacy=1", false],
    ["Legacy=1", false],
    ["legacy", false],
    ["", false],
    [undefined, false],
  ])("with the cookies %j a rule for one of two cookies applies: %s", (cookie, applies) => {
    expect(outcome("/* /old/:splat 200 Cookie=legacy,other", request("/x", { cookie }))).toBe(applies ? "200 > /old/x" : undefined)
  })

  it("wants all kinds of conditions to hold", () => {
    const file = "/ /x Language=en Cookie=c"
    expect(outcome(file, request("/", { acceptLanguage: "en", cookie: "c=1" }))).toBe("301 /x")
    expect(outcome(file, request("/", { acceptLanguage: "en" }))).toBeUndefined()
    expect(outcome(file, request("/", { cookie: "c=1" }))).toBeUndefined()
  })
})

describe("a hostile request", () => {
  const asked = (path: string, query = ""): RedirectRequest => ({ path, query, acceptLanguage: undefined, cookie: undefined })
  // Paths as no normalisation would leave them, too: the rules must not rely on it.
  it.each([
    ["/go/* /:splat", asked("/go//evil.com"), "301 /evil.com"],
    ["/go/* /:splat", asked("/go///evil.com/x"), "301 /evil.com/x"],
    ["/go/* /:splat", asked("/go/\\evil.com"), "301 /%5Cevil.com"],
    ["/go/* /:splat", asked("/go/\t/evil.com"), "301 /%09/evil.com"],
    ["/go/* /x/:splat", asked("/go/a\r\nSet-Cookie: x"), "301 /x/a%0D%0ASet-Cookie%3A%20x"],
    ["/go/* /x/:splat", asked("/go/a?b#c%"), "301 /x/a%3Fb%23c%25"],
    ["/go/* /x/:splat", asked("/go/../y"), undefined],
    ["/go/* /x/:splat", asked("/go/\ud800"), "301 /x/%EF%BF%BD"],
    ["/go a=:a b=:b /:a/:b?", asked("/go", "a=&b=evil.com"), "301 /evil.com"],
    ["/go a=:a /:a?", asked("/go", "a=//evil.com"), "301 /%2F%2Fevil.com"],
    ["/go a=:a /:a?", asked("/go", "a=.."), undefined],
    ["/go a=:a b=:b /:a:b/x?", asked("/go", "a=.&b=."), undefined],
    ["/go a=:a /x?a=:a", asked("/go", "a=%0d%0aX:y%26b=1"), "301 /x?a=%0D%0AX%3Ay%26b%3D1"],
    ["/go /x", asked("/go", "a=\r\nX: y\u00e9"), "301 /x?a=%0D%0AX:%20y%C3%A9"],
    ["/go/* https://good.example/:splat", asked("/go/@evil.com"), "301 https://good.example/%40evil.com"],
    ["/go a=:a /x/:a 200", asked("/go", "a=../../secret"), undefined],
    ["/go a=:__proto__ /x/:__proto__?", asked("/go", "a=1"), "301 /x/1"],
  ])("with the rule %j, %j gives %j", (file, hostile, expected) => {
    expect(parseRedirects(file).warnings).toEqual([])
    expect(outcome(file, hostile)).toBe(expected)
  })

  it("is never sent to another host by a rule that stays on the site", () => {
    const { rules } = parseRedirects("/a/* /:splat\n/b/:x/:y /:x/:y\n/c q=:q /:q\n/* /z/../:splat\n/* /:splat/end")
    fc.assert(
      fc.property(fc.constantFrom("a", "b", "c", "d"), fc.string({ unit: "binary" }), fc.string(), (first, rest, query) => {
        const match = matchRedirect(rules, asked(`/${first}/${rest}`, query), false)
        if (match?.kind !== "redirect") return
        expect(match.location).toMatch(/^\/(?!\/)[\x21-\x7e]*$/)
        expect(new URL(match.location, "http://host.example/").host).toBe("host.example")
      }),
    )
  })

  it("gets back the path it asked for, encoded, under the new folder", () => {
    const { rules } = parseRedirects("/old/* /new/:splat")
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 4 }), (parts) => {
        const url = normalizeUrlPath(`/old${encodeUrlPath(parts.join("/"))}`)
        if (!url.ok || !url.path.startsWith("/old/")) return
        const match = matchRedirect(rules, asked(url.path), false)
        if (match?.kind !== "redirect") throw new Error("no redirect")
        expect(normalizeUrlPath(match.location)).toEqual({ ok: true, path: url.path.replace("/old/", "/new/"), query: "" })
      }),
    )
  })
})

describe("parseRedirects", () => {
  it.each([
    ["/a", /destination is missing/],
    ["/a 301", /destination is missing/],
    ["/a b", /destination is missing/],
    ["/a x=1", /destination is missing/],
    ["a /b", /must start with \//],
    ["http://old.example/* /x", /whole domain/],
    ["/a?x=1 /b", /neither query nor fragment/],
    ["/a/*/b /c", /last segment/],
    ["/a/b* /c", /last segment/],
    ["/a/:x-:y /c", /whole segment/],
    ["/a/: /c", /whole segment/],
    ["/a/:x/:x /c", /twice/],
    ["/a/:x x=:x /c", /twice/],
    ["/a x=:1 /c", /valid placeholder/],
    ["/100% /c", /percent-encoded/],
    ["/a%2fb /c", /encoded slash/],
    ["/a\\b /c", /backslash/],
    ["/a /b/:splat", /:splat/],
    ["/a /b?x=:y", /:y/],
    ["/a //evil.com", /one \//],
    ["/a /\\evil.com", /backslash/],
    ["/a /b/../c", /segments/],
    ["/a javascript:alert(1)", /destination is missing/],
    ["/a ftp://example.com/", /no http/],
    ["/* https://:splat/", /no http/],
    ["/* https://example.com:splat", /no http/],
    ["/* https://user@example.com/:splat", /user/],
    ["/a https://", /no http/],
    ["/api/* https://api.example.com/:splat 200", /proxying/],
    ["/a https://example.com/404 404", /proxying/],
    ["/a /b 200! Signed=X", /neither a status nor a condition/],
    ["/a /%zz 200", /no valid path/],
    ["/a /b 304", /status 304/],
    ["/a /b 100", /status 100/],
    ["/a /b 600", /status 600/],
    ["/a /b abc", /neither a status/],
    ["/a /b 301 302", /neither a status/],
    ["/ /anz 302 Country=au,nz", /Country= is unsupported/],
    ["/admin/* 200! Role=admin", /Role= is unsupported/],
    ["/a /b Language=", /no value/],
    ["/a /b\0", /control character/],
    [`/a /${"b".repeat(1000)}`, /longer than 1000/],
  ])("warns about %j and leaves it out", (line, reason) => {
    const { rules, warnings } = parseRedirects(`# first\n${line}\n/ok /fine`)
    expect(warnings).toEqual([{ line: 2, text: expect.any(String), reason: expect.stringMatching(reason) }])
    expect(rules.rules.map((rule) => rule.from)).toEqual(["/ok"])
  })

  it("uses the first 2,000 static and the first 100 dynamic rules and warns once for each kind", () => {
    const lines = Array.from({ length: 2500 }, (_, i) => `/s${i} /x\n/d${i}/* /y`)
    const { rules, warnings } = parseRedirects(lines.join("\n"))
    expect(rules.rules.length).toBe(2100)
    expect(warnings.map((warning) => warning.line)).toEqual([202, 4001])
    expect(matchRedirect(rules, request("/s1999"), false)).toBeDefined()
    expect(matchRedirect(rules, request("/s2000"), false)).toBeUndefined()
    expect(matchRedirect(rules, request("/d99/a"), false)).toBeDefined()
    expect(matchRedirect(rules, request("/d100/a"), false)).toBeUndefined()
  })

  it("bounds the warnings of a file of nonsense", () => {
    const { warnings } = parseRedirects("nonsense\n".repeat(10_000))
    expect(warnings.length).toBe(101)
    expect(warnings.at(-1)?.reason).toMatch(/further/)
  })

  it("stays fast on a long path against many dynamic rules", () => {
    const { rules } = parseRedirects(Array.from({ length: 100 }, (_, i) => `/:p/a/${"b/".repeat(50)}${i}/* /x`).join("\n"))
    const started = performance.now()
    for (let i = 0; i < 100; i++) matchRedirect(rules, request(`/p/a/${"b/".repeat(2000)}`), false)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
