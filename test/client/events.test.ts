import { createServer as createHttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { connect, createServer, type Server, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { type AuditEntry, type Client, createClient } from "../../packages/client/src/client.js"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let client: Client
/** Between client and server, so that connections can be broken. */
let wire: Server
const connections = new Set<Socket>()

const cut = (): void => {
  for (const socket of connections) socket.destroy()
}

beforeAll(async () => {
  server = await startServer()
  wire = createServer((socket) => {
    const onward = connect(server.port, "127.0.0.1")
    connections.add(socket)
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on("error", () => {})
      from.on("close", () => to.destroy())
      from.pipe(to)
    }
    socket.on("close", () => connections.delete(socket))
  })
  await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve))
  client = createClient({ baseUrl: `http://localhost:${server.port}`, key: await server.key("admin") })
})
afterAll(async () => {
  cut()
  wire.close()
  await server.stop()
})

const overTheWire = async (): Promise<Client> =>
  createClient({
    baseUrl: `http://localhost:${(wire.address() as AddressInfo).port}`,
    key: await server.key("admin"),
  })

const head = async (): Promise<number> => (await client.server.status()).head.seq

let made = 0
const makeSite = async (): Promise<string> => (await client.sites.create({ site: `site-${made++}` })).site

describe("following events", () => {
  it("gives what is there and then what comes, without a gap", async () => {
    const last = await head()
    const found: Array<AuditEntry> = []
    const caughtUp: Array<number> = []
    for await (const event of client.events({ after: 0 }, { onCaughtUp: (seq) => caughtUp.push(seq) })) {
      found.push(event)
      if (event.seq === last) setTimeout(makeSite, 50)
      if (event.seq > last && event.type === "v1.SiteCreated") break
    }
    expect(found.map(({ seq }) => seq)).toEqual(found.map((_, i) => i + 1))
    expect([found[0]?.type, caughtUp.length]).toEqual(["v1.OwnerEnrolled", 1])
    expect(caughtUp[0]).toBeGreaterThanOrEqual(last)
  })

  it("gives only what is asked for, and only news where no place is named", async () => {
    const found: Array<string | null> = []
    const wanted = client.events({ type: ["v1.SiteCreated", "v1.SiteDeleted"], site: "wanted" }, { onCaughtUp: () => void change() })
    const change = async () => {
      await makeSite()
      await client.sites.create({ site: "wanted" })
      await client.sites.delete({ site: "wanted" })
    }
    for await (const { site, type } of wanted) {
      found.push(`${site} ${type}`)
      if (found.length === 2) break
    }
    expect(found).toEqual(["wanted v1.SiteCreated", "wanted v1.SiteDeleted"])
  })

  it("goes on behind the last event when the connection breaks", async () => {
    const following = await overTheWire()
    const after = await head()
    const found: Array<number> = []
    const caughtUp: Array<number> = []
    await makeSite()
    for await (const { seq } of following.events({ after }, { onCaughtUp: (seq) => caughtUp.push(seq) })) {
      found.push(seq)
      cut()
      if (found.length === 3) break
      await makeSite()
    }
    expect(found.map((seq) => seq - found[0]!)).toEqual([0, 1, 2])
    expect(caughtUp).toEqual(caughtUp.toSorted((a, b) => a - b))
  })

  it("keeps its place while nothing comes that it wants", async () => {
    const following = await overTheWire()
    let times = 0
    const onCaughtUp = async () => {
      if (times++ > 0) return
      // It happens while nobody listens.
      cut()
      await client.sites.create({ site: "in-between" })
    }
    for await (const { type } of following.events({ site: "in-between" }, { onCaughtUp })) {
      expect(type).toBe("v1.SiteCreated")
      break
    }
    expect(times).toBeGreaterThan(0)
  })

  it("lets go of the connection when it is no longer followed", async () => {
    let open = 0
    const http = createHttpServer((_, res) => {
      open++
      res.on("close", () => open--)
      res.write('id: 1\ndata: {"seq":1}\n\nid: 1\nevent: caught_up\ndata: {"seq":1}\n\n')
    })
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
    const following = createClient({ baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}` })
    for await (const { seq } of following.events()) if (seq === 1) break
    await expect.poll(() => open).toBe(0)

    const stop = new AbortController()
    const reason = new Error("enough")
    const followed = following.events({}, { signal: stop.signal, onCaughtUp: () => stop.abort(reason) })
    expect((await followed.next()).value).toEqual({ seq: 1 })
    await expect(followed.next()).rejects.toBe(reason)
    await expect.poll(() => open).toBe(0)
    await expect(following.events({}, { signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason)
    http.closeAllConnections()
    http.close()
  })

  it("can be given up while it waits for a server", async () => {
    const following = await overTheWire()
    const stop = new AbortController()
    const reason = new Error("enough")
    const followed = following.events({ type: "v9.Never" }, { signal: stop.signal, onCaughtUp: cut })
    setTimeout(() => stop.abort(reason), 300)
    await expect(followed.next()).rejects.toBe(reason)
  })

  it("fails where it is refused, at first and later", async () => {
    const reader = createClient({ baseUrl: `http://localhost:${server.port}`, key: await server.key("read") })
    await expect(reader.events().next()).rejects.toMatchObject({ status: 403, code: "FORBIDDEN" })
    await expect(createClient({ baseUrl: "http://127.0.0.1:1" }).events().next()).rejects.toMatchObject({ code: "UNREACHABLE" })

    const { id, token } = await client.keys.create({ name: "for a while", scopes: ["audit"] })
    const following = createClient({ baseUrl: `http://localhost:${server.port}`, key: token })
    const followed = following.events({ type: "v9.Never" }, { onCaughtUp: () => void client.keys.revoke({ id }) })
    await expect(followed.next()).rejects.toMatchObject({ status: 401, code: "INVALID_API_KEY" })
  })

  it("waits for a server that is busy, but has answered before", async () => {
    let asked = 0
    const http = createHttpServer(({ url }, res) => {
      asked++
      if (asked === 2)
        return void res.writeHead(503, { "retry-after": "1" }).end('{"error":{"code":"SERVICE_UNAVAILABLE","message":"Busy."}}')
      if (asked === 1) return void res.end("id: 7\n\n")
      res.end(`id: 8\ndata: ${JSON.stringify({ seq: 8, url })}\n\n`)
    })
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
    const start = performance.now()
    const busy = createClient({ baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}` })
    for await (const event of busy.events({ site: "a" })) {
      expect(event).toEqual({ seq: 8, url: "/api/events/live?site=a&after=7" })
      break
    }
    http.closeAllConnections()
    http.close()
    expect([asked, performance.now() - start > 1000]).toEqual([3, true])
  })

  it("asks again when it has heard nothing for longer than a server is silent", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      const asked: Array<string> = []
      const stop = new AbortController()
      const silent = createClient({
        baseUrl: "http://localhost",
        fetch: async (url, { signal }) => {
          asked.push(url)
          // The third does not answer at all.
          if (asked.length === 3) return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
          const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
            if (asked.length === 2) controller.enqueue(new TextEncoder().encode('id: 2\ndata: {"seq":2}\n\n'))
            signal?.addEventListener("abort", () => controller.error(signal.reason))
          }
          return new Response(new ReadableStream({ start }))
        },
      })
      const followed = silent.events({ after: 1 }, { signal: stop.signal })
      const next = followed.next()
      await vi.advanceTimersByTimeAsync(44_000)
      expect(asked.length).toBe(1)
      await vi.advanceTimersByTimeAsync(3000)
      expect(asked.length).toBe(2)
      expect((await next).value).toEqual({ seq: 2 })
      const another = followed.next()
      await vi.advanceTimersByTimeAsync(44_000)
      expect(asked.length).toBe(2)
      await vi.advanceTimersByTimeAsync(53_000)
      expect(asked.length).toBe(4)
      stop.abort(new Error("enough"))
      await expect(another).rejects.toThrow("enough")
    } finally {
      vi.useRealTimers()
    }
  })

  it("leaves what goes wrong in the program that follows to it", async () => {
    const mine = new Error("of the program")
    const throwing = client.events(
      {},
      {
        onCaughtUp: () => {
          throw mine
        },
      },
    )
    await expect(throwing.next()).rejects.toBe(mine)
  })
})
