import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CartridgeWriter } from "../../src/commands/CartridgeWriter.ts"
import { Queries } from "../../src/projections/Queries.ts"
import {
  audited,
  type EventStreams,
  eventSocket,
  openEventSocket,
  openStream,
  startEventStreams,
  type TestStream,
} from "../support/eventStreams.ts"

let server: EventStreams
let token: string
beforeAll(async () => {
  server = await startEventStreams({ beatMs: 60 })
  token = await server.key(["audit"])
  await server.set("1", "2", "3")
  await server.log("shop", "one", "two")
  await server.log("blog", "three")
  // The first use of a key is an event too.
  const first = await open()
  await first.until(() => first.events.some(({ data }) => data.type === "v1.KeyUsed"))
  first.close()
})
afterAll(() => server.stop())

const open = (query = "", headers: Record<string, string> = {}): Promise<TestStream> => openStream(server.port, query, { token, headers })
const from = (first: number, last: number): ReadonlyArray<number> => Array.from({ length: last - first + 1 }, (_, i) => first + i)

describe("a stream of events", () => {
  it("has all of history, then says that it has caught up, then goes on with what is committed", async () => {
    const stream = await open("?after=0")
    await stream.until(() => stream.events.some(({ event }) => event === "caught_up"))
    const head = await server.head()
    expect(stream.seqs()).toEqual(from(1, head))
    expect(stream.events.at(-1)).toEqual({ id: String(head), event: "caught_up", data: { seq: head } })
    await server.set("4")
    await server.set("5", "6")
    await stream.until(() => stream.seqs().length === head + 3)
    expect(stream.seqs()).toEqual(from(1, head + 3))
    expect(stream.events.filter(({ event }) => event === "caught_up")).toHaveLength(1)
    expect(stream.text()).toMatch(/^retry: 2000\n\n/)
    stream.close()
  })

  it("tells browsers and proxies not to keep it", async () => {
    const stream = await open()
    expect([stream.status, stream.headers["content-type"], stream.headers["cache-control"], stream.headers["x-accel-buffering"]]).toEqual([
      200,
      "text/event-stream",
      "no-store",
      "no",
    ])
    stream.close()
  })

  it("shows each event as the audit does, with its seq as id", async () => {
    const stream = await open("?after=0")
    const rows = await audited(server, { after: 0, limit: 5 })
    await stream.until(() => stream.seqs().length >= 5)
    expect(stream.events.slice(0, 5)).toEqual(rows.map((row) => ({ id: String(row.seq), event: "message", data: row })))
    stream.close()
  })

  it.each(["?after=2", "?after=02"])("goes on behind the event that %s names", async (query) => {
    const stream = await open(query)
    await stream.until(() => stream.seqs().length > 3)
    expect(stream.seqs().slice(0, 3)).toEqual([3, 4, 5])
    stream.close()
  })

  it("begins with what is yet to come where nothing else is asked for, and has caught up at once", async () => {
    const head = await server.head()
    const stream = await open()
    await stream.until(() => stream.events.length === 1)
    expect(stream.events).toEqual([{ id: String(head), event: "caught_up", data: { seq: head } }])
    await server.set("7")
    await stream.until(() => stream.seqs().length === 1)
    expect(stream.seqs()).toEqual([head + 1])
    stream.close()
  })

  it("goes on where a browser says that its connection broke, whatever its address says", async () => {
    const stream = await open("?after=1", { "last-event-id": "4" })
    await stream.until(() => stream.seqs().length > 0)
    expect(stream.seqs()[0]).toBe(5)
    stream.close()
  })

  it("begins with what is yet to come for whoever has seen more than there is: they have seen another log", async () => {
    const head = await server.head()
    const stream = await open("?after=999999999")
    await stream.until(() => stream.events.length === 1)
    await server.set("8")
    await stream.until(() => stream.seqs().length === 1)
    expect(stream.seqs()).toEqual([head + 1])
    stream.close()
  })

  it("shows that it is alive, and up to where it has been", async () => {
    const stream = await open("?stream=never")
    await server.set("9")
    const head = await server.head()
    await stream.until(() => stream.text().includes(`: beat\nid: ${head}\n\n: beat\nid: ${head}\n\n`))
    expect(stream.seqs()).toEqual([])
    stream.close()
  })

  it("shows an erased event without its payload, to those who come later", async () => {
    await server.log("erasable", "a secret")
    const seq = await server.head()
    const erase = { kind: "erase", seq, id: "erase", reason: "it is one", actor: "owner", cause: "test" } as const
    const before = await open(`?after=${seq - 1}`)
    await before.until(() => before.seqs().length === 1)
    await server.run(Effect.flatMap(CartridgeWriter, (writer) => writer.request(erase)))
    const after = await open(`?after=${seq - 1}`)
    for (const stream of [before, after]) await stream.until(() => stream.seqs().length === 2)
    expect([before, after].map(({ events }) => events.find(({ data }) => data.seq === seq)!.data.data === null)).toEqual([false, true])
    for (const stream of [before, after]) {
      expect(stream.events.filter(({ event }) => event === "message").at(-1)!.data).toMatchObject({
        type: "v1.PayloadErased",
        data: { seq },
      })
      stream.close()
    }
  })
})

describe("a stream has only what is asked for", () => {
  interface Entry {
    readonly site: string | null
    readonly stream: string
    readonly type: string
    readonly actor: string
  }
  const filters: ReadonlyArray<readonly [query: string, matches: (entry: Entry) => boolean]> = [
    ["site=shop", ({ site }) => site === "shop"],
    ["stream=logs/shop", ({ stream }) => stream === "logs/shop"],
    ["type=v1.LogsWritten", ({ type }) => type === "v1.LogsWritten"],
    ["type=LogsWritten&type=v1.KeyCreated", ({ type }) => type === "v1.LogsWritten" || type === "v1.KeyCreated"],
    ["actor=fn:blog", ({ actor }) => actor === "fn:blog"],
    ["type=LogsWritten&actor=fn:shop&site=shop", ({ actor }) => actor === "fn:shop"],
    ["type=LogsWritten&site=nowhere", () => false],
  ]
  it.each(filters)("by %s, in history and when it comes", async (query, matches) => {
    const streams = await Promise.all([open(`?after=0&${query}`), eventSocket(server.port, `?after=0&${query}`, { token })])
    const start = await server.head()
    await server.log("shop", "four")
    await server.set("10")
    await server.log("blog", "five")
    await server.key(["read"])
    await server.log("shop", "six")
    const all = await audited(server, { after: 0, limit: 10_000 })
    const expected = all.filter(matches).map(({ seq }) => seq)
    for (const stream of streams) await stream.until(() => stream.seqs().length === expected.length)
    await sleep(70)
    for (const stream of streams) expect(stream.seqs()).toEqual(expected)
    expect(expected.some((seq) => seq > start)).toBe(!query.includes("nowhere"))
    streams[0].close()
    streams[1].ws.terminate()
  })
})

describe("a WebSocket of events", () => {
  it("has the same events, a message each, and pings", async () => {
    const [stream, socket] = await Promise.all([open("?after=0"), eventSocket(server.port, "?after=0", { token })])
    await socket.until(() => socket.messages.some(({ type }) => type === "caught_up"))
    await server.set("11")
    const head = await server.head()
    await socket.until(() => socket.seqs().at(-1) === head && socket.messages.some(({ type }) => type === "ping"))
    await stream.until(() => stream.seqs().at(-1) === head)
    const events = socket.messages.filter(({ type }) => type === "event").map(({ event }) => event)
    expect(events).toEqual(stream.events.filter(({ event }) => event === "message").map(({ data }) => data))
    expect(socket.messages.find(({ type }) => type === "caught_up")).toEqual({ type: "caught_up", seq: head - 1 })
    expect(socket.messages.find(({ type }) => type === "ping")).toEqual({ type: "ping", seq: expect.any(Number) })
    stream.close()
    socket.ws.terminate()
  })

  it("takes no notice of what the client says, unless it is too large or too much", async () => {
    const [quiet, large, many] = await Promise.all([0, 1, 2].map(() => eventSocket(server.port, "", { token })))
    quiet!.ws.send('{"type":"subscribe"}')
    quiet!.ws.send(Buffer.from([1, 2, 3]))
    large!.ws.send("x".repeat(2000))
    for (let i = 0; i < 150; i++) many!.ws.send("x")
    expect(await large!.closed).toMatchObject({ code: 1009 })
    expect(await many!.closed).toMatchObject({ code: 1008 })
    await server.set("12")
    await quiet!.until(() => quiet!.seqs().length === 1)
    quiet!.ws.terminate()
  })

  it("is pinged in the way of the protocol too", async () => {
    const socket = await eventSocket(server.port, "", { token })
    await new Promise((resolve) => socket.ws.once("ping", resolve))
    socket.ws.terminate()
  })
})

describe("streams in number", () => {
  it("leave nothing behind when they are closed, whoever closes them", async () => {
    await expect.poll(() => server.live.open()).toBe(0)
    const streams = await Promise.all([open(), open("?after=0"), open("?site=shop")])
    const sockets = await Promise.all([0, 1, 2].map(() => eventSocket(server.port, "?after=0", { token })))
    expect(server.live.open()).toBe(6)
    for (const stream of streams) stream.close()
    sockets[0]!.ws.terminate()
    sockets[1]!.ws.close()
    sockets[2]!.ws.close(1001)
    await expect.poll(() => server.live.open()).toBe(0)
    await server.set("13")
  })

  it("are refused where there are too many", async () => {
    await server.append("config", [{ type: "v1.ConfigSet", data: { key: "live.event_streams", value: "2" } }])
    const [stream, socket] = await Promise.all([open(), eventSocket(server.port, "", { token })])
    const refused = await open()
    await refused.until(refused.isClosed)
    expect([refused.status, refused.headers["retry-after"], JSON.parse(refused.text()).error.code]).toEqual([
      503,
      "5",
      "SERVICE_UNAVAILABLE",
    ])
    const refusedSocket = await openEventSocket(server.port, "", { token })
    expect(refusedSocket).toMatchObject({ status: 503, headers: { "retry-after": "5" } })
    stream.close()
    socket.ws.terminate()
    await expect.poll(() => server.live.open()).toBe(0)
    const again = await open()
    expect(again.status).toBe(200)
    again.close()
    await expect.poll(() => server.live.open()).toBe(0)
    await server.append("config", [{ type: "v1.ConfigUnset", data: { key: "live.event_streams" } }])
  })

  it("miss nothing that is committed while a page is read for them", async () => {
    const queries = await server.run(Queries)
    const original = queries.auditPage
    let letGo = (): void => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    let reads = 0
    // The first page is read, and given only when more has been committed.
    Object.assign(queries, {
      auditPage: (...args: Parameters<typeof original>) =>
        reads++ === 0 ? Effect.tap(original(...args), () => Effect.promise(() => held)) : original(...args),
    })
    try {
      const stream = await open("?type=ConfigSet")
      await server.set("15")
      await expect.poll(() => reads).toBe(1)
      await server.set("16")
      await sleep(20)
      expect(stream.seqs()).toEqual([])
      letGo()
      const head = await server.head()
      await stream.until(() => stream.seqs().length === 2)
      expect(stream.seqs()).toEqual([head - 1, head])
      stream.close()
    } finally {
      Object.assign(queries, { auditPage: original })
    }
  })

  it("read a page together where they want the same, and none where nothing concerns them", async () => {
    await expect.poll(() => server.live.open()).toBe(0)
    const queries = await server.run(Queries)
    const original = queries.auditPage
    let reads = 0
    Object.assign(queries, {
      auditPage: (...args: Parameters<typeof original>) => {
        reads++
        return original(...args)
      },
    })
    try {
      const streams = await Promise.all(Array.from({ length: 20 }, (_, i) => open(i < 15 ? "" : "?stream=logs/shop")))
      await server.set("14")
      for (const stream of streams.slice(0, 15)) await stream.until(() => stream.seqs().length === 1)
      expect(reads).toBe(1)
      await server.log("shop", "seven")
      for (const [i, stream] of streams.entries()) await stream.until(() => stream.seqs().length === (i < 15 ? 2 : 1))
      expect(reads).toBe(3)
      for (const stream of streams) stream.close()
    } finally {
      Object.assign(queries, { auditPage: original })
    }
  })
})
