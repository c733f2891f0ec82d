import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { type LiveServer, startLive } from "../support/live.ts"

let server: LiveServer
const started = async (...args: Parameters<typeof startLive>): Promise<LiveServer> => {
  server = await startLive(...args)
  return server
}
afterEach(() => server?.stop())

describe("a client is closed", () => {
  it("when its message is too large", async () => {
    const { open } = await started({ messageBytes: 1000 })
    const client = await open()
    client.send({ type: "ping", padding: "x".repeat(900) })
    await client.received(1)
    client.send({ type: "ping", padding: "x".repeat(1000) })
    expect((await client.closed).code).toBe(1009)
  })

  it("when the parts of its message are too large together", async () => {
    const { open } = await started({ messageBytes: 1000 })
    const { ws, closed } = await open()
    for (let i = 0; i < 4; i++) ws.send("x".repeat(400), { fin: false })
    expect((await closed).code).toBe(1009)
  })

  it("when it says too much", async () => {
    const { open } = await started()
    const client = await open()
    for (let i = 0; i < 40; i++) client.send({ type: "ping" })
    await client.received(40)
    for (let i = 0; i < 10; i++) client.send({ type: "ping" })
    expect(await client.closed).toEqual({ code: 1008, reason: "more than 20 messages a second" })
  })

  it("when it pings too much", async () => {
    const { open } = await started()
    const { ws, closed } = await open()
    for (let i = 0; i < 60; i++) ws.ping()
    expect((await closed).code).toBe(1008)
  })

  it("but may go on after a while", async () => {
    const { open } = await started({ messagesPerSecond: 50 })
    const client = await open()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 45; i++) client.send({ type: "ping" })
      await client.received(45 * (round + 1))
      await sleep(1000)
    }
    expect(client.ws.readyState).toBe(1)
  })

  it("when its text is not UTF-8", async () => {
    const { open } = await started()
    const { ws, closed } = await open()
    ws.send(Buffer.from([0xff, 0xfe]), { binary: false })
    expect((await closed).code).toBe(1007)
  })

  it("when its frames are not masked", async () => {
    const { open } = await started()
    const { ws, closed } = await open()
    ws.send('{"type":"ping"}', { mask: false })
    expect((await closed).code).toBe(1002)
  })

  it("when its frame makes no sense", async () => {
    const { open } = await started()
    const { ws, closed } = await open()
    // biome-ignore lint/suspicious/noExplicitAny: the socket under a client is not in its types.
    ;(ws as any)._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    expect((await closed).code).toBe(1002)
  })
})

it("a client has at most so many channels", async () => {
  const { live, open } = await started({ channels: 2 })
  const client = await open()
  await client.subscribe("a")
  await client.subscribe("b")
  client.send({ type: "subscribe", channel: "c" })
  expect(await client.received(1)).toEqual([{ type: "error", channel: "c", error: expect.stringContaining("at most 2 channels") }])
  client.send({ type: "unsubscribe", channel: "a" })
  await client.received(2)
  await client.subscribe("c")
  expect({ ...live.channels("blog") }).toEqual({ "": 1, b: 1, c: 1 })
})

describe("a client that reads too slowly is dropped, and the others are not held up", () => {
  for (const [what, size, messages, limits] of [
    ["bytes", 50_000, 600, {}],
    ["messages", 20_000, 1000, { backlogBytes: 1_000_000_000 }],
  ] as const)
    it(`for too many ${what} that wait`, async () => {
      const { live, open } = await started(limits, { closeMs: 500 })
      const [slow, good] = [await open(), await open()]
      slow.ws.pause()
      const data = JSON.stringify("x".repeat(size))
      for (let i = 0; i < messages; i++) {
        live.broadcast("blog", undefined, data)
        if (i % 10 === 9) await sleep(1)
        if (live.stats().dropped > 0) break
      }
      expect([live.stats().dropped, live.count("blog", "")]).toEqual([1, 1])
      const before = good.messages.length
      live.broadcast("blog", undefined, '"last"')
      await good.received(before + 1)
      expect(good.ws.readyState).toBe(1)
      await sleep(1500)
      expect(live.stats().sockets).toBe(1)
    })

  it("and is told why, if it reads on", async () => {
    const { live, open } = await started({ backlogBytes: 200_000 })
    const slow = await open()
    slow.ws.pause()
    const data = JSON.stringify("x".repeat(100_000))
    while (live.stats().dropped === 0) {
      live.broadcast("blog", undefined, data)
      await sleep(1)
    }
    slow.ws.resume()
    expect(await slow.closed).toEqual({ code: 1013, reason: "you read too slowly" })
  })
})

describe("no more sockets are opened", () => {
  it("than a site may have", async () => {
    const { open, refusal } = await started({ siteSockets: 2 })
    const [first] = [await open(), await open()]
    expect(await refusal("blog.example.test")).toMatch(/^503: .* on this site/)
    await open("shop.example.test")
    first.ws.close()
    await first.closed
    await sleep(50)
    await open()
  })

  it("than the server may have", async () => {
    const { open, refusal } = await started({ sockets: 2 })
    await open()
    await open("shop.example.test")
    expect(await refusal("blog.example.test")).toMatch(/^503: .* on this server/)
  })

  it("than one address may have", async () => {
    let address = "192.0.2.7"
    const { open, refusal } = await started({ addressSockets: 2 }, { addressOf: () => address })
    const first = await open()
    await open("shop.example.test")
    expect(await refusal("blog.example.test")).toMatch(/^429: .* from your address/)
    address = "192.0.2.8"
    await open()
    address = "192.0.2.7"
    first.ws.terminate()
    await sleep(50)
    await open()
    address = "127.0.0.1"
    for (let i = 0; i < 4; i++) await open()
  })
})
