import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { askRaw, deploySite, readFolder, sendRaw } from "../support/hosting.ts"
import { type Answer, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const at = (site: string, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  server.ask(path, { host: `${site}.localhost`, headers, method })

describe("hosts", () => {
  beforeAll(() => deploySite(server, "blog", { "index.html": "the blog" }))

  const title = (body: string): string => /<title>(.*)<\/title>/.exec(body)?.[1] ?? body
  const welcome = [200, "Welcome to Fazt"]
  const own = [200, "Fazt"]
  const lost = [404, "404 - Lost in Space"]
  const blog = [200, "the blog"]

  it.each<readonly [host: string, expected: ReadonlyArray<unknown>]>([
    ["localhost", own],
    ["LOCALHOST.:4698", own],
    ["admin.localhost", own],
    ["root.localhost", welcome],
    ["404.localhost", [200, "404 - Lost in Space"]],
    ["blog.localhost", blog],
    ["Blog.LocalHost.:4698", blog],
    ["blog.127.0.0.1:80", blog],
    ["no-such-site.localhost", lost],
    ["www.localhost", lost],
    ["api.localhost", lost],
    ["x.blog.localhost", lost],
    ["127.0.0.1", lost],
    ["[::1]:4698", lost],
    ["[::1", lost],
    ["blog.example.com", lost],
    ["", lost],
    [":80", lost],
    ["blog_localhost", lost],
    [`${"a".repeat(5000)}.localhost`, lost],
  ])("Host: %s is answered with %j", async (host, expected) => {
    const { status, body } = await askRaw(server.port, "/", host)
    expect([status, title(body)]).toEqual(expected)
  })

  it("are named in every HTTP/1.1 request; an HTTP/1.0 request without one gets the 404 site", async () => {
    expect((await sendRaw(server.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).status).toBe(400)
    const { status, body } = await sendRaw(server.port, "GET / HTTP/1.0\r\n\r\n")
    expect([status, title(body)]).toEqual(lost)
  })

  it("are not repeated in a page, whatever they are called", async () => {
    const { status, body } = await askRaw(server.port, "/<b>", 'x"><script>alert(1)</script>')
    expect([status, body.includes("alert(1)")]).toEqual([404, false])
  })

  it.each<readonly [host: string, status: number]>([
    ["localhost", 401],
    ["admin.localhost", 401],
    ["blog.localhost", 404],
    ["root.localhost", 404],
    ["x.localhost", 404],
    ["127.0.0.1", 404],
  ])("the API behind Host: %s answers with %d", async (host, status) => {
    expect((await server.ask("/api/sites", { host })).status).toBe(status)
  })
})

describe("the site 404", () => {
  it.each([
    "/",
    "/any/path",
    "/any/path/",
    "/index.html",
    "/style.css",
    "/404",
    "/.env",
    "/api/main.js",
  ])("stands in for a site that is not there, with status 404: %s", async (path) => {
    const { status, text, headers } = await at("no-such-site", path)
    expect([status, text.includes("Lost in Space"), headers["cache-control"]]).toEqual([404, true, "no-cache, must-revalidate"])
  })

  it("can be replaced, brings its own files along, and can be rolled back", async () => {
    const files = { "index.html": "ours", "style.css": "*{}", "about.html": "about", "api/main.js": "secret" }
    await deploySite(server, "404", files)
    const answers = []
    for (const path of ["/", "/about", "/x/y", "/style.css", "/api/main.js", "/main.js"]) {
      const { status, text } = await at("no-such-site", path)
      answers.push([path, status, text])
    }
    expect(answers).toEqual([
      ["/", 404, "ours"],
      ["/about", 404, "ours"],
      ["/x/y", 404, "ours"],
      // A page that is shown needs its style.
      ["/style.css", 200, "*{}"],
      ["/api/main.js", 404, "ours"],
      ["/main.js", 404, "ours"],
    ])
    expect((await at("404", "/about")).text).toBe("about")
    const token = await server.key("deploy")
    await server.ask("/api/sites/404/rollback", { method: "POST", token, body: "{}", headers: { "content-type": "application/json" } })
    expect((await at("no-such-site", "/")).text).toContain("Lost in Space")
  })

  it("may be missing altogether", async () => {
    const token = await server.key("admin")
    await server.ask("/api/sites/404", { method: "DELETE", token })
    const { status, text } = await at("no-such-site", "/")
    expect([status, text]).toEqual([404, "404 there is no site at this address\n"])
    await server.ask("/api/sites/404/undelete", { method: "POST", token })
    expect((await at("no-such-site", "/")).text).toContain("Lost in Space")
  })
})

describe("the site root", () => {
  it("can be replaced", async () => {
    await deploySite(server, "root", { "index.html": "my front page" })
    expect((await server.ask("/", { host: "root.localhost" })).text).toBe("my front page")
    expect((await server.ask("/", { host: "localhost" })).text).not.toContain("my front page")
  })
})

describe("the addresses of a site", () => {
  beforeAll(() =>
    deploySite(server, "paths", {
      "index.html": "front",
      "about.html": "about",
      "guide/index.html": "guide",
      "guide/404.html": "not in the guide",
      "404.html": "not here",
      "a b/ü.txt": "text",
      ".well-known/security.txt": "Contact: x",
    }),
  )

  it.each<readonly [path: string, status: number, what: string]>([
    ["/", 200, "front"],
    ["/about", 200, "about"],
    ["/about.html", 200, "about"],
    ["/about/?q=1", 301, "/about?q=1"],
    ["/guide/", 301, "/guide"],
    ["/guide", 200, "guide"],
    ["/guide/nothing", 404, "not in the guide"],
    ["/nothing", 404, "not here"],
    ["/nothing/", 404, "not here"],
    ["/a%20b/%C3%BC.txt", 200, "text"],
    ["/a%20b/u%CC%88.txt/", 301, "/a%20b/%C3%BC.txt"],
    ["/.well-known/security.txt", 200, "Contact: x"],
  ])("%s is answered with %d %s", async (path, status, what) => {
    const answer = await at("paths", path)
    expect([answer.status, status === 301 ? answer.headers.location : answer.text]).toEqual([status, what])
  })

  it.each(["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])("do not take %s", async (method) => {
    const { status, headers } = await at("paths", "/", {}, method)
    expect([status, headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"])
  })

  it.each(["paths", "no-such-site"])("say what they take: %s", async (site) => {
    const { status, headers, body } = await at(site, "/", {}, "OPTIONS")
    expect([status, headers.allow, body.length]).toEqual([204, "GET, HEAD, OPTIONS", 0])
  })
})

describe("HEAD", () => {
  beforeAll(() =>
    deploySite(server, "heads", {
      "index.html": "front",
      "page.html": "x".repeat(2000),
      "empty.txt": "",
      "pixel.png": new Uint8Array(300),
      "large.bin": randomBytes(1024 * 1024 + 1),
      "folder/index.html": "folder",
      _redirects: "/go/* /page 302\n/gone / 410",
    }),
  )

  it.each<readonly [path: string, headers: Record<string, string>, site: string]>([
    ...["/", "/page", "/empty.txt", "/pixel.png", "/large.bin", "/folder", "/go/away?x=1", "/gone", "/missing", "/%2F"].map(
      (path) => [path, {}, "heads"] as const,
    ),
    ["/page", { "if-none-match": "*" }, "heads"],
    ["/page", { "if-match": '"x"' }, "heads"],
    ["/", {}, "no-such-site"],
    ["/health", {}, "admin"],
  ])("is answered like GET, without content: %s %j of %s", async (path, headers, site) => {
    const [get, head] = [await at(site, path, headers), await at(site, path, headers, "HEAD")]
    const { date: _, ...expected } = get.headers
    expect({ status: head.status, headers: head.headers, length: head.body.length }).toMatchObject({
      status: get.status,
      headers: expected,
      length: 0,
    })
    expect(Object.keys(head.headers)).toEqual(Object.keys(get.headers))
    if (get.status !== 304) expect(get.headers["content-length"]).toBe(String(get.body.length))
  })

  it("ignores Range, which has a meaning for GET only", async () => {
    const { status, headers } = await at("heads", "/page", { range: "bytes=0-9" }, "HEAD")
    expect([status, headers["content-length"], headers["accept-ranges"]]).toEqual([200, "2000", "bytes"])
  })
})

describe("what a file is, and how long it may be kept", () => {
  const revalidate = "no-cache, must-revalidate"
  const short = "public, max-age=300"
  const forever = "public, max-age=31536000, immutable"
  const rows: ReadonlyArray<readonly [path: string, type: string, caching: string]> = [
    ["index.html", "text/html; charset=utf-8", revalidate],
    ["old.htm", "text/html; charset=utf-8", revalidate],
    ["robots.txt", "text/plain; charset=utf-8", short],
    ["style.css", "text/css; charset=utf-8", short],
    ["app.js", "text/javascript; charset=utf-8", short],
    ["app.mjs", "text/javascript; charset=utf-8", short],
    ["data.json", "application/json; charset=utf-8", short],
    ["feed.xml", "application/xml; charset=utf-8", short],
    ["site.webmanifest", "application/manifest+json; charset=utf-8", short],
    ["logo.svg", "image/svg+xml; charset=utf-8", short],
    ["photo.PNG", "image/png", short],
    ["photo.avif", "image/avif", short],
    ["favicon.ico", "image/x-icon", short],
    ["font.woff2", "font/woff2", short],
    ["lib.wasm", "application/wasm", short],
    ["paper.pdf", "application/pdf", short],
    ["film.mp4", "video/mp4", short],
    ["LICENSE", "text/plain; charset=utf-8", short],
    ["unknown.zzz", "application/octet-stream", short],
    ["no-extension", "application/octet-stream", short],
    ["assets/app-1a2b3c4d.js", "text/javascript; charset=utf-8", forever],
    ["assets/img/photo-1.png", "image/png", forever],
    ["assets/app.js", "text/javascript; charset=utf-8", short],
    ["assets/page-1.html", "text/html; charset=utf-8", revalidate],
    ["other/app-1a2b3c4d.js", "text/javascript; charset=utf-8", short],
  ]
  beforeAll(() => deploySite(server, "types", Object.fromEntries(rows.map(([path]) => [path, `content of ${path}`]))))

  it.each(rows)("%s: %s, %s", async (path, type, caching) => {
    const { status, headers } = await at("types", `/${path}`)
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([200, type, caching])
  })

  it("is said again by nothing that a page could break on", async () => {
    const { headers } = await at("types", "/")
    expect([headers["x-content-type-options"], headers["referrer-policy"]]).toEqual(["nosniff", "strict-origin-when-cross-origin"])
    // These forbid a page to be framed, to run its scripts or to be fetched: only its author can know.
    const forbidding = ["content-security-policy", "x-frame-options", "permissions-policy", "cross-origin-opener-policy"]
    const more = ["cross-origin-resource-policy", "cross-origin-embedder-policy", "strict-transport-security", "x-powered-by", "server"]
    expect([...forbidding, ...more].filter((name) => name in headers)).toEqual([])
  })
})

describe("_headers", () => {
  beforeAll(() =>
    deploySite(server, "headers", {
      "index.html": "front",
      "app.js": "js",
      "assets/app-1.js": "js",
      "data.bin": "data",
      "404.html": "not here",
      _headers: [
        "/*",
        "  X-Frame-Options: DENY",
        "  Referrer-Policy: no-referrer",
        "/assets/*",
        "  Cache-Control: public, max-age=60",
        "  Cache-Control: stale-while-revalidate=30",
        "/data.bin",
        "  Content-Type: application/x-mine",
        "  Access-Control-Allow-Origin: *",
        "/",
        "  Set-Cookie: a=1; Path=/",
        "  Set-Cookie: b=2; Path=/",
        '  ETag: "mine"',
        "  Content-Length: 1",
        "  Transfer-Encoding: chunked",
        "  Vary: Cookie",
      ].join("\n"),
    }),
  )

  it.each<readonly [path: string, name: string, value: string | ReadonlyArray<string> | undefined]>([
    ["/", "x-frame-options", "DENY"],
    ["/", "referrer-policy", "no-referrer"],
    ["/", "cache-control", "no-cache, must-revalidate"],
    ["/", "set-cookie", ["a=1; Path=/", "b=2; Path=/"]],
    ["/app.js", "set-cookie", undefined],
    ["/assets/app-1.js", "cache-control", "public, max-age=60, stale-while-revalidate=30"],
    ["/data.bin", "content-type", "application/x-mine"],
    ["/data.bin", "access-control-allow-origin", "*"],
    ["/data.bin", "x-content-type-options", "nosniff"],
    // Also for what is not there.
    ["/nothing", "x-frame-options", "DENY"],
    // The server's own.
    ["/", "content-length", "5"],
    ["/", "transfer-encoding", undefined],
    ["/", "vary", "Accept-Encoding"],
    ["/_headers", "x-frame-options", "DENY"],
  ])("for %s says %s: %s", async (path, name, value) => {
    expect((await at("headers", path)).headers[name]).toEqual(value)
  })

  it("belongs to its deploy, takes part in 304, and is not served", async () => {
    const { headers } = await at("headers", "/")
    expect(headers.etag).not.toBe('"mine"')
    const unchanged = await at("headers", "/", { "if-none-match": headers.etag! })
    expect([unchanged.status, unchanged.headers["x-frame-options"]]).toEqual([304, "DENY"])
    expect((await at("headers", "/_headers")).status).toBe(404)
    await deploySite(server, "headers", { "index.html": "front" })
    expect((await at("headers", "/")).headers["x-frame-options"]).toBeUndefined()
  })

  it("is complained about where it cannot be honoured, and the deploy goes live all the same", async () => {
    const { warnings } = await deploySite(server, "complaints", {
      "index.html": "front",
      _headers: "/*\n  ETag: x\n  X-Good: 1\n",
      _redirects: "/a /b\n/proxy https://other.example/ 200\n",
    })
    expect(warnings.map(({ file, line }) => [file, line])).toEqual([
      ["_redirects", 2],
      ["_headers", 2],
    ])
    expect((await at("complaints", "/")).headers["x-good"]).toBe("1")
    expect((await at("complaints", "/a")).headers.location).toBe("/b")
  })
})

describe("_redirects", () => {
  beforeAll(() =>
    deploySite(server, "rules", {
      "index.html": "front",
      "de/index.html": "deutsch",
      "beta.html": "beta",
      "live.html": "live",
      "gone.html": "gone",
      "app/index.html": "app",
      _redirects: [
        "/old/* /new/:splat?from=old",
        "/temporary /live 302",
        "/away https://other.example/x 308",
        "/search id=:id /item/:id 303",
        "/sprache /de/ 200 Language=de",
        "/sprache / 200",
        "/live /beta 200! Cookie=beta",
        "/app/* /app/ 200",
        "/gone /gone 410!",
        "/hidden /_redirects 200",
        "/source /api/lib.js 200",
      ].join("\n"),
      "api/lib.js": "secret",
    }),
  )

  it.each<readonly [path: string, headers: Record<string, string>, status: number, what: string, caching: string]>([
    ["/old/a/b", {}, 301, "/new/a/b?from=old", "public, max-age=300"],
    ["/old/a?x=1", {}, 301, "/new/a?from=old", "public, max-age=300"],
    ["/temporary?x=1", {}, 302, "/live?x=1", "no-cache"],
    ["/away", {}, 308, "https://other.example/x", "public, max-age=300"],
    ["/search?id=7", {}, 303, "/item/7?id=7", "no-cache"],
    ["/search?id=%2F%2Fevil.example", {}, 303, "/item/%2F%2Fevil.example?id=%2F%2Fevil.example", "no-cache"],
    ["/sprache", {}, 200, "front", "no-cache, must-revalidate"],
    ["/sprache", { "accept-language": "de-AT,en;q=0.5" }, 200, "deutsch", "no-cache, must-revalidate"],
    ["/sprache", { "accept-language": "en,de;q=0.5" }, 200, "front", "no-cache, must-revalidate"],
    ["/live", {}, 200, "live", "no-cache, must-revalidate"],
    ["/live", { cookie: "a=1; beta=yes" }, 200, "beta", "no-cache, must-revalidate"],
    ["/app/any/route", {}, 200, "app", "no-cache, must-revalidate"],
    ["/gone", {}, 410, "gone", "no-cache, must-revalidate"],
    ["/hidden", {}, 404, "404 page not found\n", "no-cache"],
    ["/source", {}, 404, "404 page not found\n", "no-cache"],
  ])("answers %s %j with %d %s", async (path, headers, status, what, caching) => {
    const answer = await at("rules", path, headers)
    const said = answer.headers.location ?? answer.text
    expect([answer.status, said, answer.headers["cache-control"]]).toEqual([status, what, caching])
    // What depends on a request's headers says on which.
    expect(answer.headers.vary).toMatch(/Accept-Language, Cookie$/)
  })
})

describe("single-page apps", () => {
  it.each<readonly [how: string, files: Record<string, string>, fields: Record<string, string>, status: number]>([
    ["by manifest.json", { "manifest.json": '{"spa":true}' }, {}, 200],
    ["by the deploy", {}, { spa: "true" }, 200],
    ["by the deploy, which manifest.json does not say", { "manifest.json": '{"spa":false}' }, { spa: "true" }, 200],
    ["not by default", { "manifest.json": '{"name":"x"}' }, {}, 404],
    ["not by a manifest.json that is broken", { "manifest.json": '{"spa":true' }, {}, 404],
    ["not against the deploy", { "manifest.json": '{"spa":true}' }, { spa: "false" }, 404],
  ])("show index.html for every route: %s", async (_, files, fields, status) => {
    await deploySite(server, "app", { "index.html": "app", "app.js": "js", ...files }, fields)
    const route = await at("app", "/notes/1?x")
    expect([route.status, (await at("app", "/app.js")).text, (await at("app", "/missing.js")).status]).toEqual([status, "js", 404])
    if (status === 200) expect([route.text, route.headers["cache-control"]]).toEqual(["app", "no-cache, must-revalidate"])
  })
})

describe("previews", () => {
  it("show any past deploy as it was, and are not to be indexed", async () => {
    const first = await deploySite(server, "story", { "index.html": "one", "a.html": "a", _redirects: "/go /a", "404.html": "none 1" })
    const second = await deploySite(server, "story", { "index.html": "two" })
    const seen = []
    for (const site of ["story", `${second.deploy}--story`, `${first.deploy}--story`, `${first.deploy}--STORY`.toUpperCase()]) {
      for (const path of ["/", "/a", "/go", "/a/", "/nothing"]) {
        const { status, text, headers } = await at(site, path)
        seen.push([path, status, headers.location ?? text.trim(), headers["x-robots-tag"]])
      }
    }
    const two = (robots: string | undefined) => [
      ["/", 200, "two", robots],
      ...["/a", "/go", "/a/", "/nothing"].map((path) => [path, 404, "404 page not found", robots]),
    ]
    const one = [
      ["/", 200, "one", "noindex"],
      ["/a", 200, "a", "noindex"],
      ["/go", 301, "/a", "noindex"],
      ["/a/", 301, "/a", "noindex"],
      ["/nothing", 404, "none 1", "noindex"],
    ]
    expect(seen).toEqual([...two(undefined), ...two("noindex"), ...one, ...one])
  })

  it("cannot be made indexable, and say so in every kind of answer", async () => {
    const { deploy } = await deploySite(server, "indexed", { "index.html": "0123456789", _headers: "/*\n  X-Robots-Tag: all" })
    expect((await at("indexed", "/")).headers["x-robots-tag"]).toBe("all")
    const requests = [{}, { "if-none-match": "*" }, { range: "bytes=0-1" }, { range: "bytes=99-" }]
    const answers = await Promise.all(requests.map((headers) => at(`${deploy}--indexed`, "/", headers)))
    expect(answers.map(({ status, headers }) => [status, headers["x-robots-tag"]])).toEqual(
      [200, 304, 206, 416].map((status) => [status, "noindex"]),
    )
  })

  it("exist for the deploys of their own site only", async () => {
    const { deploy } = await deploySite(server, "mine", { "index.html": "mine" })
    await deploySite(server, "yours", { "index.html": "yours" })
    for (const name of [`${deploy}--yours`, "aaaaaaaaaa--mine", `${deploy.slice(0, 9)}--mine`, `${deploy}-mine`, `${deploy}--`, `--mine`]) {
      const { status, text } = await at(name, "/")
      expect([name, status, text.includes("Lost in Space")]).toEqual([name, 404, true])
    }
  })
})

describe("the examples", () => {
  it("docs does what it says", async () => {
    await deploySite(server, "docs", readFolder("examples/docs"))
    const seen = []
    for (const path of ["/", "/guide/", "/guide", "/guide/deploying", "/start", "/old/history", "/news/2025/x", "/guide/deep/down/here"]) {
      const { status, headers, text } = await at("docs", path)
      seen.push([path, status, headers.location ?? /<h1>(.*)<\/h1>/.exec(text)?.[1], headers["referrer-policy"]])
    }
    expect(seen).toEqual([
      ["/", 200, "From a folder to a site", "same-origin"],
      ["/guide/", 301, "/guide", undefined],
      ["/guide", 200, "Addresses", "same-origin"],
      ["/guide/deploying", 200, expect.any(String), "same-origin"],
      ["/start", 302, "/guide", undefined],
      ["/old/history", 301, "/guide/history", undefined],
      ["/news/2025/x", 302, "/guide/history?from=2025", undefined],
      ["/guide/deep/down/here", 404, "Not in the guide", "same-origin"],
    ])
    const { headers } = await at("docs", "/assets/app-1a2b3c4d.css")
    expect([headers["x-example"], headers["cache-control"]]).toEqual(["fazt", "public, max-age=31536000, immutable"])
  })

  it.each(["docs", "hello", "spa"])("%s has no link to its own pages that leads nowhere", async (name) => {
    const files = readFolder(`examples/${name}`)
    await deploySite(server, name, files)
    const dead = []
    for (const [path, content] of Object.entries(files).filter(([path]) => path.endsWith(".html"))) {
      for (const [, link] of content.toString().matchAll(/(?:href|src)="(\/[^"]*)"/g)) {
        let answer = await at(name, link!)
        while (answer.headers.location !== undefined) answer = await at(name, answer.headers.location)
        if (answer.status !== 200) dead.push([path, link])
      }
    }
    // These are there to show what a wrong address gets.
    const shown: Record<string, ReadonlyArray<string>> = {
      docs: ["/guide/no-such-page", "/guide/deep/down/here"],
      hello: ["/nowhere"],
      spa: [],
    }
    expect(dead.filter(([, link]) => !shown[name]!.includes(link!))).toEqual([])
    expect(new Set(dead.map(([, link]) => link)).size).toBe(shown[name]!.length)
  })
})
