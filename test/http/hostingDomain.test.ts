import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { askRaw, deploySite } from "../support/hosting.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let preview: string
beforeAll(async () => {
  server = await startServer({ domain: "example.test" })
  preview = (await deploySite(server, "blog", { "index.html": "an old blog" })).deploy
  await deploySite(server, "blog", { "index.html": "the blog" })
})
afterAll(() => server.stop())

describe("on a server for example.test", () => {
  const welcome = [200, "Welcome to Fazt"]
  const own = [200, "Fazt"]
  const lost = [404, "404 - Lost in Space"]
  const blog = [200, "the blog"]

  it.each<readonly [host: string, expected: ReadonlyArray<unknown>]>([
    ["example.test", welcome],
    ["Example.Test.:8080", welcome],
    ["root.example.test", welcome],
    ["ROOT.Example.Test:443", welcome],
    ["root.localhost", welcome],
    ["root.127.0.0.1:4698", welcome],
    ["admin.example.test", own],
    ["Admin.Example.Test.:8080", own],
    ["localhost", own],
    ["LOCALHOST.:4698", own],
    ["admin.localhost", own],
    // Only these: the name of this machine's address is no host of the server's own.
    ["admin.127.0.0.1", lost],
    ["x.localhost.example.test", lost],
    ["admin.example.test.localhost", lost],
    ["PREVIEW--admin.example.test", lost],
    ["404.example.test", [200, "404 - Lost in Space"]],
    ["blog.example.test", blog],
    ["BLOG.example.test.:80", blog],
    ["blog.localhost", blog],
    ["blog.127.0.0.1:4698", blog],
    ["PREVIEW--blog.example.test", [200, "an old blog"]],
    ["PREVIEW--blog.localhost", [200, "an old blog"]],
    ["PREVIEW--root.example.test", lost],
    ["www.example.test", lost],
    ["no-such-site.example.test", lost],
    // Names that no site can have.
    ...["api", "mail", "ftp", "smtp", "pop", "imap", "ns1", "ns2", "localhost"].map((name) => [`${name}.example.test`, lost] as const),
    ["x.blog.example.test", lost],
    ["a.b.localhost", lost],
    ["a.b.127.0.0.1", lost],
    ["x.admin.example.test", lost],
    ["notexample.test", lost],
    ["example.test.evil.example", lost],
    ["blog.example.com", lost],
    ["blog", lost],
    ["test", lost],
    ["127.0.0.1", lost],
    ["[::1]:80", lost],
    ["", lost],
  ])("Host: %s is answered with %j", async (host, expected) => {
    const { status, body } = await askRaw(server.port, "/", host.replace("PREVIEW", preview))
    expect([status, /<title>(.*)<\/title>/.exec(body)?.[1] ?? body]).toEqual(expected)
  })

  it.each<readonly [host: string, api: number, health: number]>([
    ["admin.example.test", 401, 200],
    ["ADMIN.Example.Test:80", 401, 200],
    ["admin.example.test.", 401, 200],
    ["localhost", 401, 200],
    ["localhost.:4698", 401, 200],
    ["admin.localhost", 401, 200],
    ["127.0.0.1", 404, 404],
    ["[::1]", 404, 404],
    ["x.admin.example.test", 404, 404],
    ["example.test", 404, 404],
    ["root.example.test", 404, 404],
    ["blog.example.test", 404, 404],
    ["api.example.test", 404, 404],
    ["evil.example", 404, 404],
  ])("the API and the health check behind Host: %s answer with %d and %d", async (host, api, health) => {
    const ask = async (path: string) => (await server.ask(path, { host })).status
    expect([await ask("/api/sites"), await ask("/health")]).toEqual([api, health])
  })
})
