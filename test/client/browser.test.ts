import { existsSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { owner, startServer, type TestServer } from "../support/server.ts"

const folder = fileURLToPath(new URL("../../packages/client/src/", import.meta.url))

describeInBrowser("the client in a browser", () => {
  let server: TestServer
  let files: Server
  let page: Page
  const problems: Array<string> = []

  beforeAll(async () => {
    server = await startServer()
    // Any server for static files will do: the modules are used as they are.
    files = createServer(({ url = "/" }, res) => {
      if (url === "/") return void res.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>elsewhere</title>")
      const file = `${folder}${url.slice(1)}`
      if (!existsSync(file)) return void res.writeHead(404).end()
      res.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(file))
    })
    await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve))
    page = await newPage()
    page.on("pageerror", (error) => problems.push(error.message))
    await page.goto(`http://localhost:${server.port}/`)
    // The host's policy lets a page load no script from elsewhere; what the test evaluates is the same code in one piece.
    const { outputFiles } = await build({
      entryPoints: [`${folder}client.js`],
      bundle: true,
      minify: true,
      format: "iife",
      globalName: "fazt",
      write: false,
    })
    await page.evaluate(`globalThis.fazt = (() => { ${outputFiles[0]!.text}; return fazt })()`)
  }, 60_000)

  afterAll(async () => {
    await closePage(page)
    files.closeAllConnections()
    files.close()
    await server.stop()
  })

  /** What an expression gives in the page, in which `client` asks the page's own host; what it fails with, as `error`. */
  const inPage = (code: string): Promise<unknown> =>
    page.evaluate(
      `(async () => { const client = fazt.createClient(); try { return await (async () => { ${code} })() } catch ({ name, status, code, message }) { return { error: { name, status, code, message } } } })()`,
    )

  it("is refused before anybody has logged in, and works with the cookie afterwards", async () => {
    expect(await inPage("return client.sites.list()")).toMatchObject({ error: { name: "FaztError", status: 401, code: "UNAUTHORIZED" } })
    const wrong = `return client.session.login({ username: "${owner.username}", password: "not this one" })`
    expect(await inPage(wrong)).toMatchObject({ error: { status: 401, code: "INVALID_CREDENTIALS" } })
    const login = `return (await client.session.login({ username: "${owner.username}", password: "${owner.password}" })).user`
    expect(await inPage(login)).toMatchObject({ username: owner.username, role: "owner" })
    expect(await inPage("return (await client.sites.list()).data.map(({ site }) => site)")).toEqual(["404", "root"])
    expect(
      await inPage("const names = []; for await (const { site } of client.sites.list({ limit: 1 })) names.push(site); return names"),
    ).toEqual(["404", "root"])
  })

  it("deploys files that somebody chose", async () => {
    const code = `
      const chosen = [new File(["<h1>From a browser</h1>"], "index.html", { type: "text/html" }), new File([new Uint8Array(300000)], "zeros")]
      const deployed = await client.deploy("chosen", Object.fromEntries(chosen.map((file) => [file.name, file])))
      return [deployed.file_count, deployed.uploaded]`
    expect(await inPage(code)).toEqual([2, 2])
    expect((await server.ask("/", { host: "chosen.localhost" })).text).toBe("<h1>From a browser</h1>")
  })

  it("follows events", async () => {
    const code = `
      const make = () => client.sites.create({ site: "followed" })
      for await (const { type, site } of client.events({ type: "v1.SiteCreated" }, { onCaughtUp: make })) return [type, site]`
    expect(await inPage(code)).toEqual(["v1.SiteCreated", "followed"])
  })

  it("ends a call when it is told to, with the reason of the browser", async () => {
    const code = "return client.audit.list({ after: 1e9, wait: 30 }, { signal: AbortSignal.timeout(100) })"
    expect(await inPage(code)).toMatchObject({ error: { name: "TimeoutError" } })
  })

  it("logs out", async () => {
    expect(await inPage("await client.session.logout(); return client.sites.list()")).toMatchObject({ error: { status: 401 } })
  })

  it("is loaded by a page as it is, without being built; of another host it gets nothing to see", async () => {
    const elsewhere = await page.context().newPage()
    await elsewhere.goto(`http://127.0.0.1:${(files.address() as AddressInfo).port}/`)
    const code = `(async () => {
      const { createClient, FaztError } = await import("/client.js")
      const error = await createClient({ baseUrl: "http://localhost:${server.port}" }).sites.list().catch((error) => error)
      return [error instanceof FaztError, error.code]
    })()`
    expect(await elsewhere.evaluate(code)).toEqual([true, "UNREACHABLE"])
    expect(problems).toEqual([])
  })
})
