import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { connect } from "node:net"
import type { Page } from "playwright-core"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Reloading, withReload } from "../../../src/cli/dev/reload.ts"
import { closePage, describeInBrowser, newPage } from "../../support/chromium.ts"
import { ask } from "../../support/server.ts"

const tag = `<script src="/__fazt_dev.js?1" async></script>`
const withoutVersion = (page: string): string => page.replace(/(__fazt_dev\.js\?)\d+/, "$11")

let answer: (req: IncomingMessage, res: ServerResponse) => void
let reloading: Reloading
let server: Server
let port: number

beforeEach(async () => {
  reloading = withReload((req, res) => answer(req, res), "notes", "localhost")
  server = createServer(reloading.listener)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  port = (server.address() as { readonly port: number }).port
})

afterEach(async () => {
  reloading.listener.stop!()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const html = { "content-type": "text/html; charset=utf-8" }

describe("a page on its way out", () => {
  it.each<[string, typeof answer, string]>([
    [
      "with its length",
      (_, res) => res.writeHead(200, { ...html, "content-length": 17 }).end("<body>a</body>\n\n\n"),
      `<body>a${tag}</body>\n\n\n`,
    ],
    [
      "in parts",
      (_, res) => {
        res.writeHead(200, html)
        res.write("<body>ä")
        res.write(Buffer.from("</BODY>"))
        res.end()
      },
      `<body>ä${tag}</BODY>`,
    ],
    ["without an end of its body", (_, res) => res.writeHead(200, html).end("<p>a"), `<p>a${tag}`],
    ["with more than one", (_, res) => res.writeHead(200, html).end("</body> <!-- --></body>"), `</body> <!-- -->${tag}</body>`],
    ["with set headers", (_, res) => void res.setHeader("content-type", "text/html").end("a"), `a${tag}`],
    [
      "with a list of headers",
      (_, res) => res.writeHead(200, ["content-type", "text/html", "set-cookie", "a=1", "set-cookie", "b=2"]).end("a"),
      `a${tag}`,
    ],
    ["that is an error", (_, res) => res.writeHead(404, "Not here", html).end("a"), `a${tag}`],
  ])("gets the script: %s", async (_, how, expected) => {
    answer = how
    const { text, headers } = await ask(port, "/")
    expect(withoutVersion(text)).toBe(expected)
    expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)))
  })

  it.each<[string, typeof answer, string]>([
    ["another type", (_, res) => res.writeHead(200, { "content-type": "text/plain", "content-length": 1 }).end("a"), "a"],
    ["no type", (_, res) => res.end("a"), "a"],
    ["another encoding", (_, res) => res.writeHead(200, { "content-type": "text/html; charset=utf-16" }).end("a"), "a"],
    ["compressed", (_, res) => res.writeHead(200, { ...html, "content-encoding": "br" }).end("a"), "a"],
    ["a part", (_, res) => res.writeHead(206, html).end("a"), "a"],
    ["nothing", (_, res) => res.writeHead(304, html).end(), ""],
    [
      "too large",
      (_, res) => {
        res.writeHead(200, html)
        res.write("a".repeat(3e6))
        res.write("b".repeat(3e6))
        res.end("c")
      },
      `${"a".repeat(3e6)}${"b".repeat(3e6)}c`,
    ],
  ])("stays as it is: %s", async (_, how, expected) => {
    answer = how
    expect((await ask(port, "/")).text === expected).toBe(true)
  })

  it("keeps every header, and the status", async () => {
    answer = (_, res) =>
      res.writeHead(201, "Made", ["Content-Type", "text/html", "Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-A", "1"]).end("a")
    const { status, headers } = await ask(port, "/")
    expect([status, headers["set-cookie"], headers["x-a"]]).toEqual([201, ["a=1", "b=2"], "1"])
  })

  it("is asked for without compression", async () => {
    answer = (req, res) => res.end(req.headers["accept-encoding"])
    expect((await ask(port, "/", { headers: { "accept-encoding": "br" } })).text).toBe("identity")
  })

  it("streams what is no page as it comes", async () => {
    let end = (): void => {}
    answer = (_, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" })
      res.flushHeaders()
      res.write("data: 1\n\n")
      end = () => res.end()
    }
    const first = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: notes.localhost\r\n\r\n"))
      let text = ""
      socket.on("data", (part) => {
        text += part
        if (text.includes("data: 1")) resolve(text)
      })
    })
    expect(first).toContain("text/event-stream")
    end()
  })
})

describe("a host", () => {
  it.each([
    ["notes.localhost:1", "http://notes.localhost:1", "notes.localhost:1", "http://notes.localhost:1"],
    ["abc--notes.localhost:1", undefined, "abc--notes.localhost:1", undefined],
    ["localhost:1", "http://localhost:1", "notes.localhost:1", "http://notes.localhost:1"],
    ["192.168.1.5:1", "http://192.168.1.5:1", "notes.localhost:1", "http://notes.localhost:1"],
    ["[::1]:1", undefined, "notes.localhost:1", undefined],
    ["localhost:1", "http://evil.example", "notes.localhost:1", "http://evil.example"],
  ])("%s (origin %s) leads to %s (origin %s)", async (host, origin, ledTo, from) => {
    answer = (req, res) => res.end(JSON.stringify([req.headers.host, req.headers.origin, req.rawHeaders.includes(ledTo)]))
    const { json } = await ask(port, "/", { host, headers: origin === undefined ? {} : { origin } })
    expect(json).toEqual([ledTo, from ?? null, true])
  })
})

describe("the script", () => {
  it("is served, and hears of changes and refusals", async () => {
    expect((await ask(port, "/__fazt_dev.js")).text).toContain("new EventSource")
    const heard = new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("GET /__fazt_dev HTTP/1.1\r\nhost: localhost\r\n\r\n"))
      let text = ""
      let isTold = false
      socket.on("data", (part) => {
        text += part
        if (!isTold && /data: \d+/.test(text)) {
          isTold = true
          reloading.refuse("a.js:1:1: no\nno")
          reloading.reload()
        }
        if ((text.match(/data: \d+/g) ?? []).length === 2) resolve(text)
      })
    })
    const [first, second] = [...(await heard).matchAll(/data: (\d+)/g)].map(([, version]) => version)
    expect(first).not.toBe(second)
    expect(await heard).toContain(`event: refused\ndata: "a.js:1:1: no\\nno"\n\n`)
  })
})

describeInBrowser("a page", () => {
  let page: Page
  let loads: number
  beforeEach(async () => {
    loads = 0
    page = await newPage()
  })
  afterEach(() => closePage(page))
  /** Answers loads of the page; a browser asks for an icon too. */
  const answerPage = (how: typeof answer): void => {
    answer = (req, res) => {
      if (req.url !== "/") return void res.writeHead(204).end()
      loads++
      how(req, res)
    }
  }
  const open = (): Promise<unknown> => page.goto(`http://notes.localhost:${port}/`)

  it("is loaded again when its site changes", async () => {
    answerPage((_, res) => res.writeHead(200, html).end(`<h1>${loads}</h1>`))
    await open()
    await page.getByText("1").waitFor()
    reloading.reload()
    await page.getByText("2").waitFor()
  })

  it("is loaded again when its site changed before its script had come", async () => {
    answerPage((_, res) => {
      if (loads === 1) reloading.reload()
      res.writeHead(loads === 1 ? 404 : 200, html).end(`<h1>${loads}</h1>`)
    })
    await open()
    await page.getByText("2").waitFor()
  })

  it("is never taken from what the browser has kept, which would name an old version", async () => {
    answerPage((req, res) => {
      res.setHeader("etag", `"a"`)
      res.setHeader("last-modified", new Date(0).toUTCString())
      if (req.headers["if-none-match"] === undefined)
        res.writeHead(200, { ...html, "cache-control": "max-age=3600" }).end(`<h1>${loads}</h1>`)
      else res.writeHead(304).end()
    })
    await open()
    await page.getByText("1").waitFor()
    reloading.reload()
    await page.getByText("2").waitFor()
  })

  it("that a service worker keeps is loaded once for each change, not for ever", async () => {
    answer = (req, res) => {
      if (req.url === "/worker.js") {
        const worker = `onfetch = (event) => { if (event.request.mode === "navigate") event.respondWith(caches.match("/")) }
          oninstall = (event) => event.waitUntil(caches.open("kept").then((cache) => cache.add("/")))
          onactivate = (event) => event.waitUntil(clients.claim())`
        return void res.writeHead(200, { "content-type": "text/javascript" }).end(worker)
      }
      res.writeHead(200, html).end("<script>sessionStorage.shown = 1 + Number(sessionStorage.shown ?? 0)</script><h1>kept</h1>")
    }
    await open()
    await page.evaluate(`navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready)`)
    const shown = () => page.evaluate("sessionStorage.shown").catch(() => undefined)
    reloading.reload()
    await expect.poll(shown, { timeout: 20_000 }).toBe("2")
    reloading.reload()
    await expect.poll(shown, { timeout: 20_000 }).toBe("3")
    // Every load asks for news first thing; as many as this would have shown themselves.
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    expect(await shown()).toBe("3")
  })
})
