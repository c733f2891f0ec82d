import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { temporaryFolder } from "../support/cartridge.ts"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { startDev } from "../support/dev.ts"
import { fazt, startProgram } from "../support/program.ts"

const examples = fileURLToPath(new URL("../../examples", import.meta.url))

describeInBrowser("the examples with server code in a browser", () => {
  let folder: string
  const pages: Array<Page> = []
  let server: Awaited<ReturnType<typeof startProgram>>
  const problems: Array<string> = []
  const url = (site: string, path = "/"): string => `http://${site}.localhost:${server.port}${path}`
  const open = async (address: string): Promise<Page> => {
    const page = await newPage({ viewport: { width: 360, height: 740 } })
    pages.push(page)
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()))
    await page.goto(address)
    return page
  }

  beforeAll(async () => {
    folder = temporaryFolder()
    server = await startProgram(folder, ["--examples", examples])
    // The processor is shared with a browser that starts.
    await fazt(folder, ["config", "set", "functions.cpu_ms", "2000"])
  }, 60_000)

  afterAll(async () => {
    for (const page of pages) await closePage(page)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it("lets a visitor sign the guestbook, and shows it to the next", async () => {
    const page = await open(url("guestbook"))
    await page.getByText("Nobody has signed yet.").waitFor()
    await page.getByLabel("Name").fill("Ann")
    await page.getByLabel("Message").fill("<i>Hello</i>")
    await page.getByRole("button", { name: "Sign" }).click()
    await page.getByText("Thank you.").waitFor()
    const next = await open(url("guestbook"))
    await next.getByText("<i>Hello</i>").waitFor()
    expect(await next.locator("i").count()).toBe(0)
  })

  it("plays snake to the end, and keeps the score", async () => {
    const page = await open(url("snake"))
    // The first food stands in the snake's way.
    await page.evaluate(() => {
      const places = [15 / 24, 12 / 24]
      const random = Math.random
      Math.random = () => places.shift() ?? random()
    })
    await page.getByRole("button", { name: "Play" }).click()
    await page.getByText("The end").waitFor({ timeout: 20_000 })
    await page.getByLabel("Your name").fill("Ann")
    await page.getByRole("button", { name: "Save the score" }).click()
    await page.getByText("Saved: place 1.").waitFor()
    expect(await page.locator("li.mine").innerText()).toContain("Ann")
  })

  it("carries what is said in one window to another", async () => {
    const [one, other] = [await open(url("chat")), await open(url("chat"))]
    await one.getByText("here", { exact: false }).waitFor()
    await other.getByText("here", { exact: false }).waitFor()
    await one.getByLabel("Your name").fill("Ann")
    await one.getByLabel("Your message").fill("Is anybody there?")
    await one.getByRole("button", { name: "Send" }).click()
    await other.getByText("Is anybody there?").waitFor()
    expect(await one.locator("li").count()).toBe(1)
  })

  it("shortens a link", async () => {
    const page = await open(url("links"))
    await page.getByLabel("Address").fill(url("guestbook"))
    await page.getByLabel("Short name").fill("book")
    await page.getByRole("button", { name: "Shorten" }).click()
    await page.getByRole("status").waitFor()
    await page.getByRole("link", { name: "/book", exact: true }).click()
    await page.getByRole("heading", { name: "Guestbook" }).waitFor()
  })

  it("has no errors, and nothing that is wider than a phone", async () => {
    for (const site of ["guestbook", "snake", "chat", "links"]) {
      const page = await open(url(site))
      await page.waitForLoadState("networkidle")
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), site).toBe(true)
    }
    expect(problems).toEqual([])
  })

  it("reloads a page that `fazt dev` serves when its file changes", async () => {
    const site = join(folder, "site")
    mkdirSync(site)
    writeFileSync(join(site, "index.html"), "<h1>one</h1>")
    const dev = await startDev(site)
    try {
      const page = await open(dev.url)
      await page.getByRole("heading", { name: "one" }).waitFor()
      writeFileSync(join(site, "index.html"), "<h1>two</h1>")
      await page.getByRole("heading", { name: "two" }).waitFor()
    } finally {
      await dev.stop()
    }
  }, 60_000)
})
