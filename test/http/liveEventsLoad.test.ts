import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import type { ActivityFilter } from "../../src/projections/activity.ts"
import { Queries } from "../../src/projections/Queries.ts"
import { audited, type EventStreams, eventSocket, openStream, silentClient, startEventStreams } from "../support/eventStreams.ts"

let server: EventStreams
const started = async (...args: Parameters<typeof startEventStreams>): Promise<string> => {
  server = await startEventStreams(...args)
  return server.key(["audit"])
}
afterEach(() => server.stop())

/** Random numbers below `n`, the same in each run. */
const random = (seed: number) => {
  let state = seed
  return (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

const filters: ReadonlyArray<readonly [query: string, filter: Pick<ActivityFilter, "site" | "stream" | "type" | "actor">]> = [
  ["", {}],
  ["&stream=logs/shop", { stream: "logs/shop" }],
  ["&site=blog", { site: "blog" }],
  ["&type=ConfigSet&type=v1.KeyUsed", { type: ["ConfigSet", "v1.KeyUsed"] }],
  ["&actor=fn:shop", { actor: "fn:shop" }],
]

describe.each([1, 2])("while thousands of events are written (seed %i)", (seed) => {
  it("clients that come and go get each event once, in order, whatever they want and however they connect", async () => {
    const token = await started({ threads: true })
    const dice = random(seed)
    let isWriting = true
    const writing = (async () => {
      for (let i = 0; i < 250; i++) {
        const batch = Array.from({ length: 1 + dice(40) }, (_, n) => `${i}.${n}`)
        const kind = dice(4)
        const write = kind > 1 ? server.set(...batch) : server.log(kind === 1 ? "shop" : "blog", ...batch)
        if (dice(4) > 0) await write
        if (dice(6) === 0) await sleep(dice(20))
      }
      // What was not waited for is written before this is.
      await server.set("the last")
      isWriting = false
    })()

    const follow = async (n: number): Promise<ReadonlyArray<number>> => {
      const [query] = filters[n % filters.length]!
      const seen: Array<number> = []
      let after = 0
      for (let isLast = false; !isLast; ) {
        isLast = !isWriting
        const head = await server.head()
        const stream =
          dice(2) === 0
            ? await openStream(server.port, `?after=${after}${query}`, { token })
            : await eventSocket(server.port, `?after=${after}${query}`, { token })
        const caughtUp = () => {
          const told =
            "events" in stream
              ? stream.events.find(({ event }) => event === "caught_up")?.data
              : stream.messages.find(({ type }) => type === "caught_up")
          return told?.seq >= head
        }
        if (isLast || dice(3) === 0) await stream.until(caughtUp)
        await sleep(dice(60))
        if ("close" in stream) stream.close()
        else stream.ws.terminate()
        seen.push(...stream.seqs())
        after = seen.at(-1) ?? 0
      }
      return seen
    }

    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => follow(n)))
    await writing
    for (const [n, seen] of all.entries()) {
      const [query, filter] = filters[n % filters.length]!
      const rows = await audited(server, { ...filter, after: 0, limit: 100_000 })
      expect(seen, query).toEqual(rows.map(({ seq }) => seq))
    }
    expect(all[0]!.length).toBeGreaterThan(2000)
  })
})

const largeHistory = async (): Promise<void> => {
  for (let i = 0; i < 80; i++) await server.set("x".repeat(256 * 1024))
}

/** How many pages are read from now on. */
const countReads = async (): Promise<() => number> => {
  const queries = await server.run(Queries)
  const { auditPage } = queries
  let reads = 0
  Object.assign(queries, {
    auditPage: (...args: Parameters<typeof auditPage>) => {
      reads++
      return auditPage(...args)
    },
  })
  return () => reads
}

const handshake =
  "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

describe("a client that does not read", () => {
  it.each([
    ["as Server-Sent Events", ""],
    ["over a WebSocket", handshake],
  ])("%s is read no more for than it takes, and dropped after a while", async (_, headers) => {
    const token = await started({ stallMs: 700, beatMs: 100 })
    await largeHistory()
    const reads = await countReads()
    const head = `GET /api/events/live?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${headers}\r\n`
    const client = await silentClient(server.port, head)
    await expect.poll(() => server.live.open()).toBe(1)
    await expect.poll(reads).toBeGreaterThan(0)
    await sleep(400)
    const before = reads()
    // The system keeps some megabytes for the connection by itself; all of it would be 20.
    expect(before).toBeLessThan(50)
    await server.set("more", "and more")
    await sleep(150)
    expect(reads()).toBe(before)
    await expect.poll(() => server.live.open(), { timeout: 3000 }).toBe(0)
    client.destroy()
  })

  it("is not dropped while it reads, however slowly", async () => {
    const token = await started({ stallMs: 300, beatMs: 50 })
    await largeHistory()
    const stream = await openStream(server.port, "?after=0", { token })
    for (let i = 0; i < 20; i++) {
      stream.socket.pause()
      await sleep(100)
      stream.socket.resume()
      await sleep(2)
    }
    expect(stream.isClosed()).toBe(false)
    await stream.until(() => stream.events.some(({ event }) => event === "caught_up"))
    const head = await server.head()
    expect(stream.seqs()).toEqual(Array.from({ length: head }, (_, i) => i + 1))
    stream.close()
  })

  it("does not hold up those who do", async () => {
    const token = await started({ stallMs: 10_000 })
    await largeHistory()
    const head = `GET /api/events/live?after=0 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
    const silent = await Promise.all(Array.from({ length: 8 }, () => silentClient(server.port, head)))
    const stream = await openStream(server.port, "?after=0", { token })
    await stream.until(() => stream.events.some(({ event }) => event === "caught_up"))
    await server.set("news")
    await stream.until(() => stream.events.at(-1)?.data.data?.value === "news")
    for (const client of silent) client.destroy()
    stream.close()
  })
})

it("a client that is gone without a word is dropped, since it answers no ping", async () => {
  const token = await started({ stallMs: 300, beatMs: 50 })
  const socket = await eventSocket(server.port, "", { token })
  // Reads on, but answers nothing.
  socket.ws.pong = () => {}
  ;(socket.ws as unknown as { _autoPong: boolean })._autoPong = false
  expect(await socket.closed).toMatchObject({ code: 1006 })
})

it("streams end when the server stops, and say nothing that would keep a browser from coming back", async () => {
  const token = await started()
  const [stream, socket] = await Promise.all([openStream(server.port, "", { token }), eventSocket(server.port, "", { token })])
  const began = performance.now()
  const stopping = server.stop()
  expect(await socket.closed).toEqual({ code: 1001, reason: "the server is about to stop" })
  await stream.until(stream.isClosed)
  expect(performance.now() - began).toBeLessThan(1000)
  expect(stream.events.filter(({ event }) => event === "end")).toEqual([])
  await stopping
  expect(performance.now() - began).toBeLessThan(5000)
  server = await startEventStreams()
})
