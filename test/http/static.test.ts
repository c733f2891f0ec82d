import type { IncomingMessage, ServerResponse } from "node:http"
import { afterEach, describe, expect, it, vi } from "vitest"
import { blobCache } from "../../src/http/blobCache.ts"
import { parseHeaders } from "../../src/http/rules/headers.ts"
import { parseRedirects } from "../../src/http/rules/redirects.ts"
import type { SiteSnapshot } from "../../src/http/site.ts"
import { guarded, serveStatic } from "../../src/http/static.ts"
import { normalizeUrlPath } from "../../src/http/urlPath.ts"

const cache = blobCache({ chunk: () => Buffer.from("x"), variant: () => undefined, variants: () => [] }, 1_000)

const siteOf = (paths: ReadonlyArray<string>, rules: { readonly redirects?: string; readonly headers?: string } = {}) => {
  const snapshot: SiteSnapshot = {
    site: "s",
    deploy: "aaaaaaaaaa",
    preview: false,
    manifest: "m",
    server: undefined,
    serverFiles: new Set(),
    spa: true,
    files: new Map(paths.map((path) => [path, { hash: path, size: 1, type: "text/html", modified: 0 }])),
    redirects: rules.redirects === undefined ? undefined : parseRedirects(rules.redirects).rules,
    headers: rules.headers === undefined ? undefined : parseHeaders(rules.headers).rules,
    cors: undefined,
    varyOn: [],
    plans: new Map(),
  }
  /** Status, ETag and the header `x-from` of the answer to a request. */
  const visit = (target: string): string => {
    let answer = ""
    const res = {
      setHeader: () => res,
      writeHead: (status: number, headers: Record<string, string>) => {
        answer = [status, headers["etag"], headers["x-from"]].filter((part) => part !== undefined).join(" ")
        return res
      },
      end: () => res,
    }
    const url = normalizeUrlPath(target)
    if (!url.ok) throw new Error(url.reason)
    serveStatic({ method: "GET", headers: {} } as IncomingMessage, res as unknown as ServerResponse, url, snapshot, cache)
    return answer
  }
  return { visit, plans: snapshot.plans }
}

describe("what the static server remembers of a site", () => {
  const endless = Array.from({ length: 500 }, (_, i) => `/app/page-${i}`)

  it("is the paths of its files", () => {
    const { visit, plans } = siteOf(["index.html", "about.html"])
    for (const path of ["/", "/about", "/about", "/about.html"]) visit(path)
    const [known] = [plans.get("/about")]
    expect(known).toBeDefined()
    expect([visit("/about"), plans.get("/about") === known]).toEqual(['200 "about.html"', true])
  })

  it.each([
    ["an app's own page", {}],
    ["an app's own page, with headers", { headers: "/app/*\n  X-From: rules" }],
    ["a rewrite", { redirects: "/app/* /app.html 200" }],
    ["a rewrite, with headers", { redirects: "/app/* /app.html 200", headers: "/app/*\n  X-From: rules" }],
    ["a rewrite that follows a file's name", { redirects: "/app/* /app.html 200!", headers: "/app/*\n  X-From: rules" }],
  ])("does not grow with the paths that lead to %s", (_what, rules) => {
    const { visit, plans } = siteOf(["index.html", "app.html"], rules)
    const expected = `200 "${"redirects" in rules ? "app.html" : "index.html"}"${"headers" in rules ? " rules" : ""}`
    expect(new Set(endless.map(visit))).toEqual(new Set([expected]))
    expect(plans.size).toBeLessThanOrEqual(2)
    expect(visit("/")).toBe('200 "index.html"')
    expect(visit("/app/page-1")).toBe(expected)
  })

  it("is no long path, though that is served", () => {
    const long = `${"a/".repeat(200)}page.html`
    const { visit, plans } = siteOf([long], { headers: "/*\n  X-From: rules" })
    expect([visit(`/${long}`), plans.size]).toEqual([`200 "${long}" rules`, 0])
  })

  it("starts anew when it is full", () => {
    const { visit, plans } = siteOf(Array.from({ length: 5_000 }, (_, i) => `${i}.html`))
    for (let i = 0; i < 5_000; i++) visit(`/${i}`)
    expect(plans.size).toBeLessThanOrEqual(4_096)
    expect([plans.has("/4999"), visit("/1"), plans.has("/1")]).toEqual([true, '200 "1.html"', true])
  })
})

describe("an answer that fails", () => {
  afterEach(() => vi.restoreAllMocks())

  it("is logged with what was asked for", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    const error = new Error("no such blob")
    const res = { req: { method: "GET", headers: { host: "shop.localhost" }, url: "/a?b" }, headersSent: true, destroy: vi.fn() }
    guarded(res as unknown as ServerResponse, () => {
      throw error
    })
    expect([log.mock.calls, res.destroy.mock.calls.length]).toEqual([[["GET shop.localhost /a?b failed:", error]], 1])
  })
})
