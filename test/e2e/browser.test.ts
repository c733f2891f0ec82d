import { rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { fazt, startProgram } from "../support/program.ts"

const examples = fileURLToPath(new URL("../../examples", import.meta.url))

describeInBrowser("sites in a browser", () => {
  let folder: string
  let page: Page
  let server: Awaited<ReturnType<typeof startProgram>>
  const problems: Array<string> = []

  const url = (site: string, path = "/"): string => `http://${site}.localhost:${server.port}${path}`

  beforeAll(async () => {
    folder = temporaryFolder()
    server = await startProgram(folder, ["--examples", examples])
    page = await newPage()
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("requestfailed", (request) => {
      // Going to the next page cancels what the last one was still loading, such as its icon.
      const reason = request.failure()?.errorText
      if (reason !== "net::ERR_ABORTED") problems.push(`${request.url()}: ${reason}`)
    })
  }, 60_000)

  afterAll(async () => {
    await closePage(page)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it("shows the front page and every example without an error or a missing file", async () => {
    const missing: Array<string> = []
    page.on("response", (response) => {
      if (response.status() >= 400) missing.push(response.url())
    })
    for (const site of ["hello", "docs", "spa"]) {
      await page.goto(url(site), { waitUntil: "networkidle" })
      expect(await page.locator("h1").count(), site).toBeGreaterThan(0)
    }
    for (const [host, title] of [
      ["root.localhost", "Welcome to Fazt"],
      ["localhost", "Fazt"],
    ]) {
      await page.goto(`http://${host}:${server.port}/`, { waitUntil: "networkidle" })
      expect(await page.title()).toBe(title)
    }
    expect([missing.filter((address) => !address.endsWith("/favicon.ico")), problems]).toEqual([[], []])
  })

  it("opens a deep link of a single-page app, and again after a reload", async () => {
    await page.goto(url("spa", "/notes/1"))
    const heading = await page.locator("h1, h2").allTextContents()
    await page.reload()
    expect(await page.locator("h1, h2").allTextContents()).toEqual(heading)
    expect(new URL(page.url()).pathname).toBe("/notes/1")
  })

  it("follows the redirects and keeps styles on a nested page", async () => {
    await page.goto(url("docs", "/old/deploying"))
    expect(new URL(page.url()).pathname).toBe("/guide/deploying")
    const sheets = await page.evaluate<Array<number>>("[...document.styleSheets].map((sheet) => sheet.cssRules.length)")
    expect(sheets.length).toBeGreaterThan(0)
    expect(sheets.every((rules) => rules > 0)).toBe(true)
  })

  it("shows the nearest 404 page with status 404, and the one for unknown sites", async () => {
    const nested = await page.goto(url("docs", "/guide/no-such-page"))
    expect(nested!.status()).toBe(404)
    const unknown = await page.goto(url("no-such-site", "/deep/path"))
    expect(unknown!.status()).toBe(404)
    expect(await page.title()).toBe("404 - Lost in Space")
  })

  it("shows a new deploy after a plain reload, and the old one after a rollback", async () => {
    const deploy = async (example: string) =>
      expect((await fazt(folder, ["deploy", join(examples, example), "--name", "swap"])).stderr).toBe("")
    await deploy("hello")
    await page.goto(url("swap"))
    const hello = await page.title()
    await deploy("docs")
    await page.reload()
    const docs = await page.title()
    expect(docs).not.toBe(hello)
    expect((await fazt(folder, ["rollback", "swap"])).code).toBe(0)
    await page.reload()
    expect(await page.title()).toBe(hello)
  })

  it("gets compressed files and reads them", async () => {
    await expect
      .poll(
        async () => {
          const response = await page.goto(url("docs", "/guide"))
          return response!.headers()["content-encoding"]
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe("br")
    expect(await page.locator("h1").textContent()).toMatch(/\w/)
    expect(problems).toEqual([])
  })
})
