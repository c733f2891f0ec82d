import { connect, createServer, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { localSocket } from "../../src/config.ts"
import { type Api, apiOf } from "../support/api.ts"
import { closePage, describeInBrowser, newPage } from "../support/chromium.ts"
import { eventSocket, openEventSocket, openStream, type StreamRequest } from "../support/eventStreams.ts"
import { owner, startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
let token: string
beforeAll(async () => {
  server = await startServer({ mode: "threads" })
  token = await server.key("admin")
  api = apiOf(server, token)
})
afterAll(() => server.stop())

const open = (query = "", request: StreamRequest = { token }) => openStream(server.port, query, request)

const logIn = async (): Promise<string> => {
  const body = JSON.stringify({ username: owner.username, password: owner.password })
  const { headers } = await server.ask("/api/login", { method: "POST", headers: { "content-type": "application/json" }, body })
  return headers["set-cookie"]!.find((cookie) => cookie.startsWith("fazt_session="))!.split(";")[0]!
}

describe("the whole server", () => {
  it("streams its events to keys, sessions and the local socket, at the admin's hosts", async () => {
    const cookie = await logIn()
    const streams = await Promise.all([
      open(),
      open("", { headers: { cookie } }),
      open("", { socketPath: localSocket(server.db) }),
      open("", { token, headers: { host: "admin.localhost" } }),
    ])
    const sockets = await Promise.all([
      eventSocket(server.port, "", { token }),
      eventSocket(server.port, "", { headers: { cookie, origin: "http://localhost" } }),
      eventSocket(server.port, "", { token, headers: { host: "admin.localhost" } }),
    ])
    await api.post("/sites", { site: "made" })
    const { json } = await api.get("/audit?type=SiteCreated&site=made")
    for (const stream of streams) {
      await stream.until(() => stream.events.some(({ data }) => data.type === "v1.SiteCreated" && data.site === "made"))
      expect(stream.events.find(({ data }) => data.site === "made")!.data).toEqual(json.data[0])
      stream.close()
    }
    for (const socket of sockets) {
      await socket.until(() => socket.messages.some(({ event }) => event?.site === "made"))
      expect(socket.messages.find(({ event }) => event?.site === "made").event).toEqual(json.data[0])
      socket.ws.terminate()
    }
  })

  it("sends them with the headers of the admin's hosts, and tells the rate", async () => {
    const stream = await open()
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
      ratelimit: expect.stringContaining('"read"'),
    })
    stream.close()
    const refused = await openEventSocket(server.port, "?after=x", { token })
    expect(refused).toMatchObject({
      status: 400,
      headers: { "content-type": "application/json", "x-content-type-options": "nosniff", ratelimit: expect.stringContaining('"read"') },
    })
  })

  it("has them nowhere else", async () => {
    expect((await open("", { token, headers: { host: "made.localhost" } })).status).toBe(404)
    expect(await openEventSocket(server.port, "", { token, headers: { host: "made.localhost" } })).toMatchObject({ status: 404 })
    for (const path of ["/api/events", "/api/events/live/", "/api/events/live/x"])
      expect((await server.ask(path, { token })).status, path).toBe(404)
    const post = await server.ask("/api/events/live", { token, method: "POST" })
    expect([post.status, post.headers.allow, post.json.error.code]).toEqual([405, "GET", "METHOD_NOT_ALLOWED"])
  })

  it("ends the streams of a session at its logout, and no others", async () => {
    const cookie = await logIn()
    const [theirs, others] = [await open("", { headers: { cookie } }), await open()]
    const headers = { cookie, "content-type": "application/json" }
    expect((await server.ask("/api/logout", { method: "POST", headers, body: "{}" })).status).toBe(200)
    await theirs.until(theirs.isClosed)
    expect(theirs.events.at(-1)).toMatchObject({ event: "end", data: { status: 401, error: { code: "SESSION_EXPIRED" } } })
    expect(others.isClosed()).toBe(false)
    others.close()
  })

  it("survives clients that break off in the middle of a handshake", async () => {
    const head = `GET /api/events/live HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${token}\r\n`
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, "127.0.0.1")
      socket.on("error", () => {})
      socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`, () =>
        socket.resetAndDestroy(),
      )
    }
    const stream = await open()
    await stream.until(() => stream.events.length > 0)
    stream.close()
  })
})

/** A way to the server that can be broken. */
const breakable = async () => {
  const open = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(server.port, "127.0.0.1")
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from)
      from.pipe(to)
      from.on("error", () => {})
      from.on("close", () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, resolve))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
    open.clear()
  }
  return {
    port: (proxy.address() as { readonly port: number }).port,
    cut,
    close: (): void => {
      proxy.close()
      cut()
    },
  }
}

describeInBrowser("a browser", () => {
  it("gets events by EventSource and WebSocket, and goes on by itself where its connection broke", async () => {
    const way = await breakable()
    const page = await newPage()
    const context = page.context()
    try {
      const [name, value] = (await logIn()).split("=") as [string, string]
      await context.addCookies([{ name, value, url: `http://localhost:${way.port}`, httpOnly: true, sameSite: "Strict" }])
      await page.goto(`http://localhost:${way.port}/health`)
      await page.evaluate(`
        globalThis.seen = []
        globalThis.caughtUp = 0
        globalThis.source = new EventSource("/api/events/live?after=0&type=ConfigSet")
        source.onmessage = ({ data, lastEventId }) => seen.push([JSON.parse(data).data.value, Number(lastEventId) === JSON.parse(data).seq])
        source.addEventListener("caught_up", () => caughtUp++)
        globalThis.heard = []
        globalThis.socket = new WebSocket("/api/events/live?after=0&type=ConfigSet")
        socket.onmessage = ({ data }) => heard.push(JSON.parse(data))
      `)
      await api.set("limits.zip_ratio", 301)
      await expect.poll(() => page.evaluate("[seen.length, caughtUp]")).toEqual([1, 1])
      way.cut()
      await api.set("limits.zip_ratio", 302)
      await api.set("limits.zip_ratio", 303)
      await expect.poll(() => page.evaluate("seen.length"), { timeout: 15_000 }).toBe(3)
      expect(await page.evaluate("seen")).toEqual([
        ["301", true],
        ["302", true],
        ["303", true],
      ])
      const heard: ReadonlyArray<{ readonly type: string; readonly event?: { readonly data: { readonly value: string } } }> =
        await page.evaluate("heard")
      expect(heard.find(({ type }) => type === "event")?.event?.data.value).toBe("301")

      // A page of a site cannot, though it is on the same machine.
      const elsewhere = await context.newPage()
      await elsewhere.goto(`http://root.localhost:${way.port}/`)
      const outcome = await elsewhere.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket("ws://localhost:${way.port}/api/events/live")
        socket.onopen = () => resolve("opened")
        socket.onerror = () => resolve("refused")
      })`)
      expect(outcome).toBe("refused")
    } finally {
      await closePage(page)
      way.close()
    }
  }, 60_000)
})
