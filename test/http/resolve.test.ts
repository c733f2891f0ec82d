import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ManifestServer } from "../../src/events/manifest.ts"
import { cachingOf, resolve } from "../../src/http/resolve.ts"
import { parseRedirects } from "../../src/http/rules/redirects.ts"
import type { SiteSnapshot } from "../../src/http/site.ts"
import { normalizeUrlPath } from "../../src/http/urlPath.ts"

interface Site {
  readonly spa?: boolean
  readonly redirects?: string
  readonly server?: ManifestServer
}

const snapshotOf = (paths: ReadonlyArray<string>, { spa = false, redirects, server }: Site = {}): SiteSnapshot => ({
  site: "s",
  deploy: "aaaaaaaaaa",
  preview: false,
  manifest: "m",
  server,
  serverFiles: new Set(server === undefined ? [] : [server.entry, ...server.modules]),
  spa,
  files: new Map(paths.map((path) => [path, { hash: path, size: 1, type: "text/plain", modified: 0 }])),
  redirects: redirects === undefined ? undefined : parseRedirects(redirects).rules,
  headers: undefined,
  cors: undefined,
  varyOn: [],
  plans: new Map(),
})

/** `200 file`, `301 /location`, or `none`, for a request target as a client sends it. */
const outcome = (snapshot: SiteSnapshot, target: string): string => {
  const url = normalizeUrlPath(target)
  if (!url.ok) return String(url.status)
  const found = resolve(snapshot, { path: url.path, query: url.query, acceptLanguage: undefined, cookie: undefined })
  if (found.kind === "none" || found.kind === "function") return found.kind
  return `${found.status} ${found.kind === "file" ? found.path : found.location}`
}

type Row = readonly [target: string, expected: string]

describe("a site of pages and folders", () => {
  const site = snapshotOf([
    ...["index.html", "about.html", "style.css", "LICENSE", "404.html"],
    ...["guide/index.html", "guide/start.html", "guide/404.html", "guide/deep/page.html"],
    ...[
      "both.html",
      "both/index.html",
      "café/menü.html",
      "a b.html",
      "100%.html",
      "v1.2/index.html",
      "what?.html",
      "evil.example/index.html",
    ],
  ])
  const rows: ReadonlyArray<Row> = [
    ["/", "200 index.html"],
    ["/index.html", "200 index.html"],
    ["/about", "200 about.html"],
    ["/about.html", "200 about.html"],
    ["/style.css", "200 style.css"],
    ["/LICENSE", "200 LICENSE"],
    ["/license", "404 404.html"],
    ["/guide/", "301 /guide"],
    ["/guide/index.html", "200 guide/index.html"],
    ["/guide/start", "200 guide/start.html"],
    ["/v1.2", "200 v1.2/index.html"],
    ["/caf%C3%A9/men%C3%BC", "200 café/menü.html"],
    ["/cafe%CC%81/menu%CC%88", "200 café/menü.html"],
    ["/a%20b", "200 a b.html"],
    ["/100%25", "200 100%.html"],
    ["/what%3F", "200 what?.html"],
    // A page has one address, the one without a slash at its end.
    ["/guide", "200 guide/index.html"],
    ["/guide/?x=1&y=%20", "301 /guide?x=1&y=%20"],
    ["/about/", "301 /about"],
    ["/about/?x=1", "301 /about?x=1"],
    ["/style.css/", "301 /style.css"],
    ["/v1.2/", "301 /v1.2"],
    ["/a%20b/", "301 /a%20b"],
    ["/what%3F/", "301 /what%3F"],
    ["/100%25/", "301 /100%25"],
    ["/caf%C3%A9/men%C3%BC/", "301 /caf%C3%A9/men%C3%BC"],
    ["/both", "200 both.html"],
    ["/both/", "200 both/index.html"],
    ["//evil.example/", "301 /evil.example"],
    ["///evil.example/?/", "301 /evil.example?/"],
    // Nothing is redirected to a page that is not there.
    ["/nothing", "404 404.html"],
    ["/nothing/", "404 404.html"],
    ["/guide/deep", "404 guide/404.html"],
    ["/guide/deep/", "404 guide/404.html"],
    // The nearest 404 page.
    ["/guide/nothing", "404 guide/404.html"],
    ["/guide/nothing/", "404 guide/404.html"],
    ["/guide/deep/nothing/at/all.png", "404 guide/404.html"],
    ["/guidebook", "404 404.html"],
    ["/guide/404", "200 guide/404.html"],
    // Normalised before it is looked up.
    ["//about", "200 about.html"],
    ["/x/../about", "200 about.html"],
    ["/x/%2e%2e/about", "200 about.html"],
    ["/./about", "200 about.html"],
    ["/../../about", "200 about.html"],
    ["/guide/..", "200 index.html"],
    ["/guide/.", "301 /guide"],
    ["http://any.host/about?x", "200 about.html"],
  ]
  it.each(rows)("answers %s with %s", (target, expected) => {
    expect(outcome(site, target)).toBe(expected)
  })
})

describe("a site without a front page or a 404 page", () => {
  it.each<Row>([
    ["/", "none"],
    ["/nothing", "none"],
    ["/about", "200 about.html"],
  ])("answers %s with %s", (target, expected) => {
    expect(outcome(snapshotOf(["about.html"]), target)).toBe(expected)
  })
})

const secrets = [
  ...["main.js", "_redirects", "_headers", "api/main.js", "api/lib/db.js", "api/index.html", "api/404.html", "private/report.pdf"],
  ...[".env", ".git/config", ".well-known/.secret", "a/.hidden/b.txt", "a/.htaccess", "a/.well-known/x", ".html", "a/.html", "..env"],
]
const neighbours = [
  "index.html",
  "404.html",
  "apis.html",
  "main.js.map",
  "js/main.js",
  "_redirects.txt",
  "a/_headers",
  ".well-known/security.txt",
]

/** A site whose code begins in `api/main.js`, and which has a `main.js` that this keeps from being used. */
const secretive = (options: Site = {}): SiteSnapshot =>
  snapshotOf([...secrets, ...neighbours], {
    ...options,
    server: { form: "module", scope: "api", entry: "api/main.js", modules: ["main.js"], stdlib: [] },
  })

describe("server code, settings and hidden files", () => {
  const waysTo = (path: string): ReadonlyArray<string> => [`/${path}`, `//${path}`, `/x/../${path}`, `/./${path}`, `/${path}?x`]

  it.each(secrets)("are not to be had: %s", (path) => {
    const site = secretive()
    for (const target of [...waysTo(path), `/${path}/`]) expect([target, outcome(site, target)]).toEqual([target, "404 404.html"])
  })

  it.each(secrets)("are no route of a single-page app: %s", (path) => {
    // The app's page would look as if the file were there.
    const site = secretive({ spa: true })
    for (const target of waysTo(path)) expect([target, outcome(site, target)]).toEqual([target, "404 404.html"])
  })

  it.each(secrets)("are not to be had through a rule that leads to %s", (path) => {
    const redirects = `/rule /${path} 200\n/forced /${path} 200!\n/splat/* /:splat 200\n/error /${path} 404`
    const site = secretive({ redirects })
    for (const target of ["/rule", "/forced", `/splat/${path}`, "/error"]) expect(outcome(site, target)).toBe("404 404.html")
  })

  it("are not to be had by any target", () => {
    const site = secretive({ redirects: "/r/* /:splat 200" })
    const piece = fc.constantFrom(
      "/",
      "//",
      "/./",
      "/../",
      "/%2e/",
      "/%2E%2e/",
      "x",
      "r",
      "?",
      "%00",
      "\\",
      ...secrets,
      ...secrets.map(escapeAll),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const [, file] = outcome(site, `/${pieces.join("")}`).split(" ")
        expect(secrets).not.toContain(file)
      }),
      { numRuns: 2000 },
    )
  })

  it.each(neighbours.filter((path) => path !== "404.html"))("do not keep %s from being served", (path) => {
    expect(outcome(secretive(), `/${path}`)).toBe(`200 ${path}`)
  })
})

/** Every character percent-encoded, but for slashes. */
const escapeAll = (text: string): string => text.replace(/[^/]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`)

describe("a single-page app", () => {
  it.each<Row>([
    ["/", "200 index.html"],
    ["/notes/1", "200 index.html"],
    ["/notes/", "200 index.html"],
    ["/deep/er/and/deeper?x=1", "200 index.html"],
    ["/v1.2/notes", "200 index.html"],
    ["/app.js", "200 app.js"],
    ["/help", "200 help.html"],
    ["/help/", "301 /help"],
    ["/docs/", "301 /docs"],
    // A missing file is missing: a script tag must not get a page.
    ["/missing.js", "404 404.html"],
    ["/docs/missing.png", "404 docs/404.html"],
    ["/api", "200 index.html"],
    ["/api/notes", "404 404.html"],
    ["/private/notes", "404 404.html"],
  ])("answers %s with %s", (target, expected) => {
    const site = snapshotOf(["index.html", "app.js", "help.html", "404.html", "docs/index.html", "docs/404.html"], { spa: true })
    expect(outcome(site, target)).toBe(expected)
  })

  it("without index.html has no routes", () => {
    expect(outcome(snapshotOf(["app.html"], { spa: true }), "/route")).toBe("none")
  })
})

describe("a site with rules", () => {
  const redirects = [
    "/forced /about 302!",
    "/about /elsewhere",
    "/guide /elsewhere",
    "/old/* /new/:splat",
    "/blog/:year/:slug /posts/:slug?year=:year 302",
    "/away/* https://other.example/:splat 307",
    "/shown /guide/ 200",
    "/shown2 /guide 200",
    "/shown3 /about/ 200",
    "/shown4 / 200",
    "/gone/* /gone.html 410",
    "/nowhere /not-there 200",
    "/app/* /app/index.html 200",
    "/self /self",
    "/tidy/ /tidy 301",
  ].join("\n")
  const files = ["index.html", "about.html", "forced.html", "guide/index.html", "gone.html", "app/index.html", "app/x.js", "404.html"]
  const rows: ReadonlyArray<Row> = [
    ["/forced", "302 /about"],
    // Files come before rules, also where they are reached by a redirect to their own address.
    ["/about", "200 about.html"],
    ["/about/", "301 /about"],
    ["/guide", "200 guide/index.html"],
    ["/guide/", "301 /guide"],
    ["/old/a/b?x=1", "301 /new/a/b?x=1"],
    ["/old//evil.example", "301 /new/evil.example"],
    ["/old/%0d%0aSet-Cookie:x", "400"],
    ["/old/?%0d%0aSet-Cookie:x=1", "301 /new/?%0d%0aSet-Cookie:x=1"],
    ["/blog/2026/hello", "302 /posts/hello?year=2026"],
    ["/blog/2026", "404 404.html"],
    ["/away/a%20b?x", "307 https://other.example/a%20b?x"],
    ["/away/@evil.example", "307 https://other.example/%40evil.example"],
    ["/shown", "200 guide/index.html"],
    ["/shown2", "200 guide/index.html"],
    ["/shown3", "200 about.html"],
    ["/shown4", "200 index.html"],
    ["/gone/x", "410 gone.html"],
    ["/nowhere", "404 404.html"],
    ["/app/route", "200 app/index.html"],
    ["/app/x.js", "200 app/x.js"],
    ["/app/", "301 /app"],
    // A rule that leads to itself is none.
    ["/self", "404 404.html"],
    ["/tidy", "404 404.html"],
  ]
  it.each(rows)("answers %s with %s", (target, expected) => {
    expect(outcome(snapshotOf(files, { redirects }), target)).toBe(expected)
  })

  it("shows its app's page for routes by the usual rule, and its files still", () => {
    const site = snapshotOf(["index.html", "app.js"], { redirects: "/* /index.html 200" })
    expect(["/", "/route", "/deep/route/", "/app.js", "/missing.js"].map((target) => outcome(site, target))).toEqual([
      "200 index.html",
      "200 index.html",
      "200 index.html",
      "200 app.js",
      "200 index.html",
    ])
  })
})

describe("a redirect", () => {
  const site = snapshotOf(["index.html", "a.html", "b/index.html", "evil.example/index.html", "evil.example.html"], {
    redirects: "/go/* /:splat\n/:x/to/* /:splat/:x 302\n/q id=:id /:id 302",
  })
  const piece = fc.constantFrom(
    "/",
    "//",
    "/\\",
    "%5c",
    "%2f",
    "..",
    ".",
    "a",
    "b",
    "go",
    "to",
    "evil.example",
    "http:",
    "@",
    ":",
    "?",
    "q?id=//e",
    "#",
  )
  it("leads to the same host, whatever was asked for", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const [status, location = ""] = outcome(site, `/${pieces.join("")}`).split(" ")
        if (status === "301" || status === "302") expect(new URL(location, "http://site.example/x/").host).toBe("site.example")
      }),
      { numRuns: 3000 },
    )
  })
})

describe("how long an answer may be kept", () => {
  const revalidate = "no-cache, must-revalidate"
  it.each<readonly [status: number, path: string, expected: string]>([
    [200, "index.html", revalidate],
    [200, "a/page.HTML", revalidate],
    [200, "assets/app-1a2b.html", revalidate],
    [200, "assets/app-1a2b3c.js", "public, max-age=31536000, immutable"],
    [200, "assets/deep/er-1.png", "public, max-age=31536000, immutable"],
    [200, "assets/app.js", "public, max-age=300"],
    [200, "assets-old/app-1a2b.js", "public, max-age=300"],
    [200, "x/assets/app-1a2b.js", "public, max-age=300"],
    [200, "robots.txt", "public, max-age=300"],
    [404, "assets/app-1a2b3c.js", revalidate],
    [410, "gone.txt", revalidate],
  ])("of %s %s: %s", (status, path, expected) => {
    expect(cachingOf(status, path)).toBe(expected)
  })
})

describe("a site with server code", () => {
  const server: ManifestServer = { form: "module", entry: "main.ts", scope: "site", modules: ["lib/db.ts", "routes.json"], stdlib: [] }
  const paths = ["main.ts", "lib/db.ts", "lib/browser.js", "routes.json", "index.html", "404.html", "a/index.html", "api/x.js"]
  const site = snapshotOf(paths, { spa: true, redirects: "/old /new 302\n/docs/* /a 200", server })
  const rows: ReadonlyArray<Row> = [
    ["/", "200 index.html"],
    ["/a", "200 a/index.html"],
    ["/a/", "301 /a"],
    ["/old", "302 /new"],
    ["/docs/x", "200 a/index.html"],
    ["/lib/browser.js", "200 lib/browser.js"],
    ["/main.ts", "function"],
    ["/lib/db.ts", "function"],
    ["/lib/db", "function"],
    ["/routes.json", "function"],
    ["/api/x.js", "function"],
    ["/nothing/here", "function"],
  ]
  it.each(rows)("answers %s with %s", (target, expected) => expect(outcome(site, target)).toBe(expected))

  it("whose code answers only /api keeps its own pages for the rest", () => {
    const beside = snapshotOf(paths, { server: { ...server, entry: "api/main.js", scope: "api" } })
    expect(["/nothing", "/lib/db.ts", "/api/x.js"].map((path) => outcome(beside, path))).toEqual(Array(3).fill("404 404.html"))
  })
})
