import type { BrowserContextOptions, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ domain: "example.com" })
})
afterAll(() => server.stop())

describe("the files of /api/docs", () => {
  it.each([
    ["/api/docs", "text/html; charset=utf-8"],
    ["/api/docs/", "text/html; charset=utf-8"],
    ["/api/docs/docs.js", "text/javascript; charset=utf-8"],
    ["/api/docs/docs.css", "text/css; charset=utf-8"],
  ])("%s is there for everybody, with a tag", async (path, type) => {
    const answer = await server.ask(path, { host: "admin.example.com" })
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, type])
    expect(answer.headers["cache-control"]).toBe("no-cache")
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'")
    const again = await server.ask(path, { host: "admin.example.com", headers: { "if-none-match": answer.headers.etag! } })
    expect([again.status, again.text]).toEqual([304, ""])
  })

  it("have nothing in them that the policy for content forbids, and nothing from elsewhere", async () => {
    const { text } = await server.ask("/api/docs")
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/)
    expect(text.replaceAll("http://www.w3.org/2000/svg", "").replaceAll("xmlns='http", "")).not.toMatch(/https?:\/\//)
  })

  it.each([
    ["/api/docs/nothing.js", 404],
    ["/api/docs/../../package.json", 404],
    ["/api/docs/%2e%2e/index.html", 404],
  ])("%s is not there", async (path, status) => {
    expect((await server.ask(path)).status).toBe(status)
  })
})

describeInBrowser("the page /api/docs in a browser", () => {
  let page: Page
  let problems: Array<string>

  const open = async (hash = "", options: BrowserContextOptions = {}) => {
    page = await newPage(options)
    // What the policy for content forbids is told on the console.
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()))
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("requestfailed", (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`))
    page.on("response", (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`))
    await page.goto(`http://localhost:${server.port}/api/docs${hash}`)
    await page.locator("main .group").last().waitFor()
  }
  beforeEach(() => {
    problems = []
  })
  afterEach(async () => {
    await closePage(page)
    expect(problems).toEqual([])
  })

  const visible = (selector: string): Promise<number> => page.locator(`${selector}:visible`).count()

  it("lists every endpoint of the document, in groups", async () => {
    await open()
    const { paths, tags } = (await server.ask("/api/openapi.json")).json
    const operations = Object.values<object>(paths).flatMap((methods) => Object.keys(methods))
    expect(await visible("main details.endpoint")).toBe(operations.length)
    expect(await visible("nav li a")).toBe(operations.length)
    expect(await page.locator("main .group > h2").allTextContents()).toEqual(tags.map(({ name }: { name: string }) => name))
    expect(await page.title()).toBe("Fazt API")
  })

  it("shows everything about an endpoint once it is opened", async () => {
    await open()
    await page.click("#kv\\.set > summary")
    const text = await page.locator("#kv\\.set .body").innerText()
    for (const part of [
      "data.write",
      "owner, admin, deployer",
      "kv, admin",
      "Parameters",
      "in the query",
      "ttl_ms",
      "Answer 200",
      "Failures 400 401",
      "curl -X PUT",
      '-H "Authorization: Bearer $KEY"',
    ]) {
      expect(text).toContain(part)
    }
    expect(new URL(page.url()).hash).toBe("#kv.set")
    await page.click("#kv\\.set .failures > summary")
    expect(await page.locator("#kv\\.set .failures").innerText()).toContain("VALIDATION_FAILED")
  })

  it("can show every endpoint without a mistake", async () => {
    await open()
    await page.evaluate(`for (const details of document.querySelectorAll("details.endpoint")) details.open = true`)
    const shown = `[...document.querySelectorAll("details.endpoint .body")].filter((body) => [...body.querySelectorAll("pre")].at(-1).textContent.startsWith("curl")).length`
    await expect.poll(() => page.evaluate(shown)).toBe(await page.locator("details.endpoint").count())
    expect(await page.locator("main").textContent()).not.toMatch(/undefined|\[object|NaN/)
  })

  it("finds endpoints by words, and says how many", async () => {
    await open()
    await page.fill("#search", "webauthn")
    await page.fill("#search", "delete  session")
    const found = await visible("main details.endpoint")
    expect(found).toBeGreaterThan(1)
    expect(await page.locator("#found").innerText()).toMatch(new RegExp(`^${found} of \\d+ endpoints$`))
    expect(await visible("#account\\.endSession")).toBe(1)
    expect(await visible("#kv\\.set")).toBe(0)
    expect(await visible("nav li a")).toBe(found)
    await page.fill("#search", "<img src=x onerror=alert(1)>")
    expect(await page.locator("#found").innerText()).toBe("Nothing has “<img src=x onerror=alert(1)>” in it.")
    expect(await visible("main details.endpoint")).toBe(0)
  })

  it("can be used with the keyboard alone", async () => {
    await open()
    await page.keyboard.press("/")
    expect(await page.evaluate("document.activeElement.id")).toBe("search")
    await page.keyboard.type("verify")
    await page.keyboard.press("Enter")
    expect(await page.evaluate("document.activeElement.parentElement.id")).toBe("audit.verify")
    expect(await page.locator("#audit\\.verify").getAttribute("open")).toBe("")
    await page.keyboard.press("Enter")
    expect(await page.locator("#audit\\.verify").getAttribute("open")).toBeNull()
    await page.focus("#search")
    await page.keyboard.press("Escape")
    expect([await page.inputValue("#search"), await visible("#kv\\.set")]).toEqual(["", 1])
    // A slash that is typed somewhere is a slash.
    await page.focus("#search")
    await page.keyboard.type("a/b")
    expect(await page.inputValue("#search")).toBe("a/b")
  })

  it("opens the endpoint that its address names", async () => {
    await open("#system.health")
    expect(await page.locator("#system\\.health").getAttribute("open")).toBe("")
    expect(await page.locator("#system\\.health .body").innerText()).toContain("uptime_seconds")
    // Below the bar, and not far below it.
    const top = async () => (await page.locator("#system\\.health").boundingBox())!.y
    expect(await top()).toBeGreaterThan(50)
    expect(await top()).toBeLessThan(100)
    await page.click('nav a[href="#config.set"]')
    await expect.poll(() => page.locator("#config\\.set").getAttribute("open")).toBe("")
    expect(await page.locator('nav a[href="#config.set"]').getAttribute("aria-current")).toBe("true")
  })

  it("is light or dark as the system is, or as its reader wants", async () => {
    await open("", { colorScheme: "dark" })
    const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")
    const dark = await background()
    expect(await page.locator("#theme").innerText()).toBe("Light")
    await page.click("#theme")
    const light = await background()
    expect(light).not.toBe(dark)
    await page.reload()
    await page.locator("main .group").last().waitFor()
    expect([await background(), await page.locator("#theme").innerText()]).toEqual([light, "Dark"])
  })

  it("fits on a phone", async () => {
    await open("#audit.list", { viewport: { width: 360, height: 740 } })
    await page.evaluate(`for (const details of document.querySelectorAll("details.endpoint")) details.open = true`)
    await expect.poll(() => page.locator("details.endpoint .body").count()).toBe(await page.locator("details.endpoint").count())
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360)
    expect(await visible("nav")).toBe(0)
    await page.click("#menu")
    expect([await visible("nav"), await page.locator("#menu").getAttribute("aria-expanded")]).toEqual([1, "true"])
    await page.click('nav a[href="#config.set"]')
    expect(await visible("nav")).toBe(0)
  })
})
