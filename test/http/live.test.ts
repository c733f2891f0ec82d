import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { type LiveServer, ordinary, startLive } from "../support/live.ts"

let server: LiveServer
const started = async (...args: Parameters<typeof startLive>): Promise<LiveServer> => {
  server = await startLive(...args)
  return server
}
afterEach(() => server.stop())

describe("a client", () => {
  it("gets what is sent to its channels, in order, until it unsubscribes", async () => {
    const { live, open } = await started()
    const client = await open()
    client.send({ type: "subscribe", channel: "news" })
    client.send({ type: "subscribe", channel: "chat" })
    await client.received(2)
    for (let i = 0; i < 5; i++) live.broadcast("blog", i % 2 === 0 ? "news" : "chat", String(i))
    live.broadcast("blog", "other", "99")
    await client.received(7)
    client.send({ type: "unsubscribe", channel: "news" })
    await client.received(8)
    live.broadcast("blog", "news", "5")
    live.broadcast("blog", "chat", '{"a":["ž",null]}')
    const [first, second, ...rest] = await client.received(9)
    expect(first).toEqual({ type: "subscribed", channel: "news", client: expect.stringMatching(/^[\w-]{16}$/) })
    expect(second).toEqual({ ...first, channel: "chat" })
    expect(rest).toEqual([
      { type: "message", channel: "news", data: 0 },
      { type: "message", channel: "chat", data: 1 },
      { type: "message", channel: "news", data: 2 },
      { type: "message", channel: "chat", data: 3 },
      { type: "message", channel: "news", data: 4 },
      { type: "unsubscribed", channel: "news" },
      { type: "message", channel: "chat", data: { a: ["ž", null] } },
    ])
  })

  it("that has subscribed to nothing gets what is for all", async () => {
    const { live, open } = await started()
    const [silent, member] = [await open(), await open("blog.example.test", { path: "/ws" })]
    await member.subscribe("news")
    live.broadcast("blog", "news", "1")
    live.broadcast("blog", undefined, '"hello"')
    expect(await silent.received(1)).toEqual([{ type: "message", data: "hello" }])
    expect(await member.received(2)).toEqual([
      { type: "message", channel: "news", data: 1 },
      { type: "message", data: "hello" },
    ])
  })

  it("hears nothing of another site", async () => {
    const { live, open } = await started()
    const [blog, shop] = [await open("blog.example.test"), await open("shop.example.test")]
    await blog.subscribe("news")
    await shop.subscribe("news")
    live.broadcast("shop", "news", "1")
    live.broadcast("shop", undefined, "2")
    expect(await shop.received(2)).toHaveLength(2)
    expect(blog.messages).toEqual([])
    expect(live.kick("shop", await blog.subscribe("a"))).toBe(false)
  })

  it("is confirmed twice if it subscribes twice, and gets each message once", async () => {
    const { live, open } = await started()
    const client = await open()
    await client.subscribe("news")
    await client.subscribe("news")
    live.broadcast("blog", "news", "1")
    live.broadcast("blog", "news", "2")
    expect((await client.received(2)).map(({ data }) => data)).toEqual([1, 2])
    expect(live.count("blog", "news")).toBe(1)
  })

  it("may ping and pong", async () => {
    const { open } = await started()
    const client = await open()
    client.send({ type: "pong" })
    client.send({ type: "ping" })
    expect(await client.received(1)).toEqual([{ type: "pong" }])
  })

  it("gets frames of every size whole", async () => {
    const { live, open } = await started()
    const client = await open()
    const sizes = [0, 1, 60, 66, 67, 68, 69, 125, 126, 65_000, 65_470, 65_535, 65_536, 70_000, 200_000]
    for (const size of sizes) live.broadcast("blog", undefined, JSON.stringify("x".repeat(size)))
    expect((await client.received(sizes.length)).map(({ data }) => data.length)).toEqual(sizes)
  })
})

describe("what a client may not say", () => {
  for (const [message, error] of [
    ["not JSON", /JSON objects/],
    ["[]", /JSON objects/],
    ["null", /JSON objects/],
    ['"subscribe"', /JSON objects/],
    ["{}", /type of a message is/],
    ['{"type":"toString","channel":"a"}', /type of a message is/],
    ['{"type":["subscribe"],"channel":"a"}', /type of a message is/],
    ['{"type":"subscribe"}', /channel is a string/],
    ['{"type":"subscribe","channel":""}', /channel is a string/],
    ['{"type":"subscribe","channel":7}', /channel is a string/],
    ['{"type":"subscribe","channel":{"length":5}}', /channel is a string/],
    [JSON.stringify({ type: "subscribe", channel: "a".repeat(129) }), /channel is a string/],
    [JSON.stringify({ type: "subscribe", channel: "a\nb" }), /channel is a string/],
    ['{"type":"message","channel":"a","data":1}', /cannot publish here\. Send an HTTP request/],
    ['{"type":"publish","channel":"a"}', /cannot publish/],
    ['{"type":"broadcast"}', /cannot publish/],
  ] as const)
    it(message.slice(0, 60), async () => {
      const { open } = await started()
      const client = await open()
      client.send(message)
      expect(await client.received(1)).toEqual([expect.objectContaining({ type: "error", error: expect.stringMatching(error) })])
    })

  it("bytes that are no text", async () => {
    const { open } = await started()
    const client = await open()
    client.ws.send(Buffer.from('{"type":"ping"}'))
    expect(await client.received(1)).toEqual([{ type: "error", error: "Send text: messages are JSON." }])
  })

  for (const channel of ["__proto__", "constructor", "a".repeat(128), "čaj ☕", '"quoted"'])
    it(`but any other channel is one: ${channel.slice(0, 20)}`, async () => {
      const { live, open } = await started()
      const client = await open()
      await client.subscribe(channel)
      live.broadcast("blog", channel, "1")
      expect(await client.received(1)).toEqual([{ type: "message", channel, data: 1 }])
      expect(Object.entries(live.channels("blog"))).toEqual([
        ["", 1],
        [channel, 1],
      ])
    })
})

describe("a WebSocket is opened", () => {
  for (const [host, path, origin, result] of [
    ["blog.example.test", "/_ws", undefined, "opened"],
    ["blog.example.test", "/ws", undefined, "opened"],
    ["blog.example.test", "/_ws?token=1", undefined, "opened"],
    ["BLOG.example.test.:80", "/_ws", undefined, "opened"],
    ["blog.localhost", "/_ws", undefined, "opened"],
    ["abcdefghij--blog.example.test", "/_ws", undefined, "opened"],
    ["example.test", "/_ws", undefined, "opened"],
    ["root.localhost", "/_ws", undefined, "opened"],
    ["localhost", "/_ws", undefined, "404"],
    ["admin.localhost", "/_ws", undefined, "404"],
    ["admin.example.test", "/ws", undefined, "404"],
    ["abcdefghij--shop.example.test", "/_ws", undefined, "404"],
    ["gone.example.test", "/_ws", undefined, "404"],
    ["static.example.test", "/_ws", undefined, "404"],
    ["a.blog.example.test", "/_ws", undefined, "404"],
    ["other.example", "/_ws", undefined, "404"],
    ["blog.example.test", "/_ws", "http://blog.example.test", "opened"],
    ["blog.example.test", "/_ws", "https://blog.example.test", "opened"],
    ["blog.example.test:80", "/_ws", "http://blog.example.test", "opened"],
    ["blog.example.test:4698", "/_ws", "http://blog.example.test:4698", "opened"],
    ["blog.example.test", "/_ws", "http://BLOG.example.test", "opened"],
    ["abcdefghij--blog.example.test", "/_ws", "http://abcdefghij--blog.example.test", "opened"],
    ["blog.example.test", "/_ws", "http://evil.example", "403"],
    ["blog.example.test", "/_ws", "http://shop.example.test", "403"],
    ["blog.example.test", "/_ws", "http://example.test", "403"],
    ["blog.example.test", "/_ws", "http://blog.example.test.evil.example", "403"],
    ["blog.example.test", "/_ws", "http://evilblog.example.test", "403"],
    ["blog.example.test", "/_ws", "http://blog.example.test@evil.example", "403"],
    ["blog.example.test", "/_ws", "http://blog.example.test:8080", "403"],
    ["blog.example.test:4698", "/_ws", "http://blog.example.test", "403"],
    ["blog.example.test", "/_ws", "null", "403"],
    ["blog.example.test", "/_ws", "", "403"],
    ["blog.example.test", "/_ws", "file://", "403"],
    ["blog.example.test", "/_ws", "blog.example.test", "403"],
  ] as const)
    it(`${host}${path}${origin === undefined ? "" : ` from ${JSON.stringify(origin)}`}: ${result}`, async () => {
      const { refusal } = await started()
      expect(await refusal(host, path, origin === undefined ? {} : { origin })).toMatch(new RegExp(`^${result}`))
    })

  for (const [path, headers, status] of [
    ["/elsewhere", { upgrade: "websocket", connection: "Upgrade" }, 404],
    ["/_ws/x", { upgrade: "websocket", connection: "Upgrade" }, 404],
    ["/_ws", { upgrade: "h2c", connection: "Upgrade" }, 404],
    ["/_ws", {}, 404],
    ["/_ws", { upgrade: "websocket", connection: "Upgrade" }, 400],
    ["/_ws", { upgrade: "websocket", connection: "Upgrade", "sec-websocket-key": "x", "sec-websocket-version": "13" }, 400],
    [
      "/_ws",
      {
        upgrade: "WebSocket",
        connection: "keep-alive, Upgrade",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
      },
      101,
    ],
  ] as ReadonlyArray<readonly [string, Record<string, string>, number]>)
    it(`by nothing but a proper request: ${path} ${JSON.stringify(headers)} gets ${status}`, async () => {
      const { port } = await started()
      expect(await ordinary(port, path, { host: "blog.example.test", ...headers })).toBe(status)
    })

  it("not with two hosts", async () => {
    const { port } = await started()
    const socket = connect(port, "127.0.0.1")
    socket.write(
      "GET /_ws HTTP/1.1\r\nHost: blog.example.test\r\nHost: shop.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    )
    const answer: Buffer = await new Promise((resolve) => socket.once("data", resolve))
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
  })

  it("without compression, though the client would like it", async () => {
    const { open } = await started()
    expect((await open()).ws.extensions).toBe("")
  })
})

describe("the server", () => {
  it("knows who is there", async () => {
    const changed: Array<string> = []
    const { live, open } = await started({}, { onChange: (site) => changed.push(site) })
    const [a, b] = [await open(), await open()]
    const id = await a.subscribe("news")
    await b.subscribe("news")
    await b.subscribe("chat")
    expect([live.count("blog", ""), live.count("blog", "news"), live.count("blog", "none"), live.count("shop", "")]).toEqual([2, 2, 0, 0])
    expect({ ...live.channels("blog") }).toEqual({ "": 2, news: 2, chat: 1 })
    expect(live.clients("blog", "news")).toContain(id)
    expect(changed).toEqual(["blog", "blog", "blog", "blog", "blog"])
    b.ws.close()
    await b.closed
    await sleep(50)
    expect({ ...live.channels("blog") }).toEqual({ "": 1, news: 1 })
    a.ws.terminate()
    await sleep(50)
    expect([{ ...live.channels("blog") }, live.stats()]).toEqual([{}, { sockets: 0, sites: 0, dropped: 0 }])
  })

  it("closes a client that server code wants gone", async () => {
    const { live, open } = await started()
    const client = await open()
    const id = await client.subscribe("news")
    expect([live.kick("blog", "nobody"), live.kick("blog", id), live.kick("blog", id)]).toEqual([false, true, false])
    expect(await client.closed).toEqual({ code: 4000, reason: "closed by the site" })
  })

  it("closes the sockets of a site that is gone, and no others", async () => {
    const { live, open } = await started()
    const [blog, shop] = [await open("blog.example.test"), await open("shop.example.test")]
    live.drop("blog")
    expect((await blog.closed).code).toBe(1001)
    await shop.subscribe("still")
  })

  it("says goodbye when it stops, and takes nobody new", async () => {
    const { open, drain } = await started()
    const clients = [await open(), await open("shop.example.test")]
    const began = performance.now()
    const drained = drain()
    for (const { closed } of clients) expect(await closed).toEqual({ code: 1001, reason: "the server is about to stop" })
    await drained
    expect(performance.now() - began).toBeLessThan(3000)
  })

  it("lets go of clients that no longer answer, and keeps those that do", async () => {
    const { live, open } = await started({}, { pingMs: 100, pongMs: 100 })
    const [dead, alive] = [await open(), await open()]
    dead.ws.pause()
    await sleep(700)
    expect([live.count("blog", ""), alive.ws.readyState]).toEqual([1, 1])
  })

  it("sends one message to 500 clients", async () => {
    const { live, open } = await started()
    const clients = await Promise.all(Array.from({ length: 500 }, () => open()))
    await Promise.all(clients.map((client) => client.subscribe("news")))
    const data = "x".repeat(1000)
    for (let i = 0; i < 10; i++) live.broadcast("blog", "news", JSON.stringify(`${i}${data}`))
    await Promise.all(clients.map((client) => client.received(10)))
    for (const { messages } of clients) expect(messages.map((message) => message.data[0]).join("")).toBe("0123456789")
    expect(live.stats()).toEqual({ sockets: 500, sites: 1, dropped: 0 })
  })
})
