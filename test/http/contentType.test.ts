import { describe, expect, it } from "vitest"
import { cacheControlOf, contentTypeOf, isCompressible } from "../../src/http/contentType.ts"

describe("contentTypeOf", () => {
  it.each([
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTM", "text/html; charset=utf-8"],
    ["a.css", "text/css; charset=utf-8"],
    ["a.js", "text/javascript; charset=utf-8"],
    ["a.mjs", "text/javascript; charset=utf-8"],
    ["a.min.js", "text/javascript; charset=utf-8"],
    ["a.ts", "text/plain; charset=utf-8"],
    ["a.tsx", "text/plain; charset=utf-8"],
    ["a.d.mts", "text/plain; charset=utf-8"],
    ["a.json", "application/json; charset=utf-8"],
    ["a.js.map", "application/json; charset=utf-8"],
    ["a.geojson", "application/geo+json; charset=utf-8"],
    ["a.webmanifest", "application/manifest+json; charset=utf-8"],
    ["a.svg", "image/svg+xml; charset=utf-8"],
    ["feed.xml", "application/xml; charset=utf-8"],
    ["feed.atom", "application/atom+xml; charset=utf-8"],
    ["a.txt", "text/plain; charset=utf-8"],
    ["a.md", "text/markdown; charset=utf-8"],
    ["a.wasm", "application/wasm"],
    ["a.png", "image/png"],
    ["a.jpg", "image/jpeg"],
    ["a.avif", "image/avif"],
    ["a.webp", "image/webp"],
    ["favicon.ico", "image/x-icon"],
    ["a.woff2", "font/woff2"],
    ["a.woff", "font/woff"],
    ["a.ttf", "font/ttf"],
    ["a.otf", "font/otf"],
    ["a.mp4", "video/mp4"],
    ["a.mp3", "audio/mpeg"],
    ["a.pdf", "application/pdf"],
    ["a.zip", "application/zip"],
    ["a.unknownext", "application/octet-stream"],
    ["a.__proto__", "application/octet-stream"],
    ["a.constructor", "application/octet-stream"],
    ["a.", "application/octet-stream"],
    ["binary", "application/octet-stream"],
    ["", "application/octet-stream"],
    ["folder.js/binary", "application/octet-stream"],
    [".htaccess", "application/octet-stream"],
    [".json", "application/octet-stream"],
    ["LICENSE", "text/plain; charset=utf-8"],
    ["docs/README", "text/plain; charset=utf-8"],
    ["CNAME", "text/plain; charset=utf-8"],
    [".well-known/apple-app-site-association", "application/json; charset=utf-8"],
    ["apple-app-site-association", "application/json; charset=utf-8"],
    [".well-known/matrix/server", "application/json; charset=utf-8"],
    [".well-known/security.txt", "text/plain; charset=utf-8"],
    [".well-known/acme-challenge/Abc_-1", "text/plain; charset=utf-8"],
    [".well-known/atproto-did", "text/plain; charset=utf-8"],
    [".well-known/host-meta", "application/xrd+xml; charset=utf-8"],
  ])("takes %j for %s", (path, type) => {
    expect(contentTypeOf(path)).toBe(type)
  })
})

describe("isCompressible", () => {
  it.each([
    ["text/html; charset=utf-8", true],
    ["Text/CSS", true],
    ["application/json", true],
    ["application/manifest+json; charset=utf-8", true],
    ["image/svg+xml", true],
    ["application/wasm", true],
    ["font/ttf", true],
    ["image/x-icon", true],
    ["font/woff2", false],
    ["font/woff", false],
    ["image/png", false],
    ["image/avif", false],
    ["video/mp4", false],
    ["application/zip", false],
    ["application/octet-stream", false],
    ["", false],
  ])("for %j it is %s", (type, expected) => {
    expect(isCompressible(type)).toBe(expected)
  })
})

describe("cacheControlOf", () => {
  const revalidate = "no-cache, must-revalidate"
  const forever = "public, max-age=31536000, immutable"
  const short = "public, max-age=300"
  it.each([
    ["", revalidate],
    ["index.html", revalidate],
    ["a/INDEX.HTM", revalidate],
    ["a/", revalidate],
    ["assets/", revalidate],
    ["assets/page-1.html", revalidate],
    ["assets/app-3f2a.js", forever],
    ["assets/img/logo-3f2a.png", forever],
    ["assets/app.js", short],
    ["assets/my-folder/app.js", short],
    ["assets-old/app-3f2a.js", short],
    ["x/assets/app-3f2a.js", short],
    ["my-app.js", short],
    ["robots.txt", short],
    ["page.html.gz", short],
  ])("for %j it is %j", (path, expected) => {
    expect(cacheControlOf(path)).toBe(expected)
  })
})
