import { type IncomingMessage, request, type ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import { networkInterfaces } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, describe, expect, it } from "vitest"
import { noProxies, trustedProxies } from "../../src/http/clientOf.ts"
import { listenOnPort, listenOnSocket, type Patience } from "../../src/http/Edge.ts"
import { addressRate } from "../../src/http/limits/addressRate.ts"
import type { ClientLimits } from "../../src/http/limits/clientLimits.ts"
import { connectionGate } from "../../src/http/limits/connections.ts"
import { slowBodies } from "../../src/http/limits/slowBodies.ts"
import { temporaryFolder } from "../support/cartridge.ts"
import { ask } from "../support/server.ts"

const usual = {
  trusted: noProxies,
  connections: 1000,
  addressConnections: 100,
  addressRequestsPerSecond: 0,
  slowBodySeconds: 1,
  slowBodyBytesPerSecond: 1000,
}
const quick: Patience = { headersMs: 800, idleMs: 60_000, sweepMs: 50 }

type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** Answers with the length of the body. */
const measure: Handler = (req, res) => {
  let size = 0
  req.on("data", (part: Buffer) => {
    size += part.length
  })
  req.on("end", () => res.end(String(size)))
}

const cleanUp: Array<() => Promise<unknown>> = []
afterAll(() => Promise.all(cleanUp.map((clean) => clean())))

/** A listener that is guarded by these limits, on a port and on a local socket. */
const started = async (
  limits: Partial<Omit<ClientLimits, "apiPerMinute">>,
  handler: Handler = measure,
  patience: Partial<Patience> = {},
) => {
  const now = { ...usual, ...limits }
  const guard = {
    trusted: () => now.trusted,
    connections: connectionGate(() => now),
    bodies: slowBodies(() => now),
    requests: addressRate(() => now),
  }
  const scope = await Effect.runPromise(Scope.make())
  const listener = Object.assign((req: IncomingMessage, res: ServerResponse) => handler(req, res), { guard })
  const socketPath = `${temporaryFolder()}/local.sock`
  const port = await Effect.runPromise(Scope.extend(listenOnPort(listener, 0, { ...quick, ...patience }), scope))
  await Effect.runPromise(Scope.extend(listenOnSocket(listener, socketPath), scope))
  const sockets: Array<Socket> = []
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    return Effect.runPromise(Scope.close(scope, Exit.void))
  })

  const open = (head = "", at: { port: number; host: string } | { path: string } = { port, host: "127.0.0.1" }): Promise<Client> =>
    new Promise((resolve) => {
      const socket = connect(at)
      sockets.push(socket)
      const client = { socket, received: "", isOpen: true, openFor: 0 }
      const begun = performance.now()
      socket.on("data", (part) => {
        client.received += part.toString("latin1")
      })
      socket.on("error", () => {})
      socket.on("close", () => {
        client.isOpen = false
        client.openFor = performance.now() - begun
      })
      socket.on("connect", () => head !== "" && socket.write(head))
      // One that is not let in is closed at once.
      setTimeout(resolve, 50, client)
    })

  return { port, guard, now, socketPath, open }
}

interface Client {
  readonly socket: Socket
  readonly received: string
  readonly isOpen: boolean
  /** Milliseconds until it was closed. */
  readonly openFor: number
}

/** Whether another client is served as it should be. */
const isServed = async (port: number): Promise<boolean> => {
  const begun = performance.now()
  const { text } = await ask(port, "/", { method: "POST", body: "hello" })
  return text === "5" && performance.now() - begun < 2000
}

/** Waits until it is so, or fails. Tests that run side by side have no `expect.poll`. */
const until = async (isSo: () => boolean, ms: number): Promise<void> => {
  for (const begun = performance.now(); !isSo(); await sleep(20)) if (performance.now() - begun > ms) throw new Error(`Not after ${ms} ms.`)
}

const post = (length: number, path = "/"): string => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`

describe("connections", () => {
  it("are closed at once where there are too many, and let in again when others have gone", async () => {
    const { port, open, guard } = await started({ connections: 5 })
    const clients = await Promise.all(Array.from({ length: 8 }, () => open()))
    await sleep(50)
    expect(clients.filter(({ isOpen }) => isOpen).length).toBe(5)
    expect(guard.connections.stats()).toEqual({ open: 5, refused: { server: 3, address: 0 } })
    await expect(ask(port, "/")).rejects.toThrow(/ECONNRESET|hang up/)
    clients.find(({ isOpen }) => isOpen)!.socket.destroy()
    await sleep(50)
    expect(await isServed(port)).toBe(true)
  })

  it("over the local socket are not counted", async () => {
    const { socketPath, open } = await started({ connections: 1 })
    await open()
    const local = await Promise.all(Array.from({ length: 5 }, () => open("", { path: socketPath })))
    await sleep(50)
    expect(local.every(({ isOpen }) => isOpen)).toBe(true)
  })

  it("keep to a limit that is changed", async () => {
    const { open, now } = await started({ connections: 2 })
    await Promise.all([open(), open()])
    now.connections = 3
    const third = await open()
    const fourth = await open()
    await sleep(50)
    expect([third.isOpen, fourth.isOpen]).toEqual([true, false])
  })

  const [address] = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal, family }) => !internal && family === "IPv4"),
  )
  it.skipIf(address === undefined)("from one address are limited, while others are let in", async () => {
    const { port, open, guard, now } = await started({ addressConnections: 3, addressRequestsPerSecond: 5 })
    const at = { port, host: address!.address }
    const clients = await Promise.all(Array.from({ length: 6 }, () => open("", at)))
    await sleep(50)
    expect(clients.filter(({ isOpen }) => isOpen).length).toBe(3)
    expect(guard.connections.stats().refused).toEqual({ server: 0, address: 3 })
    expect(await isServed(port)).toBe(true)
    now.trusted = trustedProxies(address!.address)
    expect((await open("", at)).isOpen).toBe(true)
  })
})

describe.concurrent("a client that is slow", () => {
  it("with its headers is cut, while others are served", async () => {
    const { port, open } = await started({})
    const slow = await open("GET / HTTP/1.1\r\nHost: localhost\r\n")
    const silent = await open()
    const feeding = setInterval(() => slow.socket.write("X-A: b\r\n"), 100)
    while (slow.isOpen || silent.isOpen) {
      expect(await isServed(port)).toBe(true)
      await sleep(100)
    }
    clearInterval(feeding)
    expect(Math.max(slow.openFor, silent.openFor)).toBeLessThan(5000)
  })

  it("with its body is cut, and told why", async () => {
    const { port, open, guard } = await started({})
    const slow = await open(post(1_000_000))
    const feeding = setInterval(() => slow.socket.write("x".repeat(20)), 100)
    while (slow.isOpen) {
      expect(await isServed(port)).toBe(true)
      await sleep(100)
    }
    clearInterval(feeding)
    expect(slow.received).toBe("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    expect(slow.openFor).toBeGreaterThan(900)
    expect(slow.openFor).toBeLessThan(5000)
    expect(guard.bodies.cut()).toBe(1)
  })

  it("with a body that began quickly is cut as well", async () => {
    const { open } = await started({})
    const slow = await open(post(10_000_000))
    await sleep(200)
    slow.socket.write(Buffer.alloc(1_000_000))
    const feeding = setInterval(() => slow.socket.write("x"), 100)
    await sleep(1500)
    expect(slow.isOpen).toBe(true)
    await until(() => !slow.isOpen, 3000)
    clearInterval(feeding)
  })

  it("with a chunked body is cut", async () => {
    const { open } = await started({})
    const slow = await open("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    const feeding = setInterval(() => slow.socket.write("1\r\nx\r\n"), 100)
    await until(() => !slow.isOpen, 3000)
    clearInterval(feeding)
    expect(slow.received).toMatch(/^HTTP\/1\.1 408 /)
  })

  for (const [what, handler] of [
    ["that was answered before it came", (_, res) => res.writeHead(405).end("no")],
    ["of a GET request", (_, res) => res.end("page")],
    ["that is being answered", (req, res) => req.resume() && res.write("begun")],
  ] satisfies ReadonlyArray<readonly [string, Handler]>)
    it(`with a body ${what} is cut too`, async () => {
      const { open } = await started({}, handler)
      const slow = await open(what.includes("GET") ? post(100_000).replace("POST", "GET") : post(100_000))
      const feeding = setInterval(() => slow.socket.write("x"), 100)
      await until(() => !slow.isOpen, 3000)
      clearInterval(feeding)
      expect(slow.openFor).toBeGreaterThan(900)
      expect(slow.received).toMatch(/^HTTP\/1\.1 (200|405) /)
    })

  it("to a request that expects what there is not, is cut at once", async () => {
    const { open } = await started({})
    const client = await open(post(100_000).replace("\r\n\r\n", "\r\nExpect: magic\r\n\r\n"))
    await until(() => !client.isOpen, 1000)
    expect(client.received).toMatch(/^HTTP\/1\.1 417 /)
  })

  it("with reading is cut when nothing has moved for a while", async () => {
    const { port, open } = await started({}, (_, res) => res.end(Buffer.alloc(50_000_000)), { idleMs: 1000 })
    const slow = await open("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    slow.socket.pause()
    await sleep(500)
    expect((await ask(port, "/")).body.length).toBe(50_000_000)
    await sleep(2000)
    slow.socket.resume()
    await until(() => !slow.isOpen, 2000)
    expect(slow.received.length).toBeLessThan(50_000_000)
  })
})

it("is looked for only while the listener listens", async () => {
  const { port, guard } = await started({})
  let sweeps = 0
  const counting = { ...guard, bodies: { ...guard.bodies, sweep: () => void sweeps++ } }
  const listener = Object.assign(() => {}, { guard: counting })
  const scope = await Effect.runPromise(Scope.make())
  const taken = await Effect.runPromiseExit(Scope.extend(listenOnPort(listener, port, quick), scope))
  await sleep(200)
  expect([Exit.isFailure(taken), sweeps]).toEqual([true, 0])
  await Effect.runPromise(Scope.extend(listenOnPort(listener, 0, quick), scope))
  await sleep(200)
  expect(sweeps).toBeGreaterThan(0)
  await Effect.runPromise(Scope.close(scope, Exit.void))
  const then = sweeps
  await sleep(200)
  expect(sweeps).toBe(then)
})

describe.concurrent("a client that is quick enough", () => {
  it("is not cut, however long its body takes", async () => {
    const { open } = await started({})
    const client = await open(post(30 * 1000))
    for (let i = 0; i < 30; i++) {
      client.socket.write("x".repeat(1000))
      await sleep(100)
    }
    await until(() => /30000$/.test(client.received), 2000)
  })

  it("is not cut where the server is what is slow", async () => {
    // Reads a little now and then, as one does who waits for a disk or for others.
    const { port } = await started({}, async (req, res) => {
      let size = 0
      for (let pause = 0; pause < 6; pause++) {
        await sleep(500)
        size += (req.read() as Buffer | null)?.length ?? 0
      }
      for await (const part of req) size += part.length
      res.end(String(size))
    })
    expect((await ask(port, "/", { method: "POST", body: Buffer.alloc(2_000_000) })).text).toBe("2000000")
  })

  it("is not cut while it waits for a slow answer, or between requests", async () => {
    const { open } = await started({}, (req, res) => void req.resume().on("end", () => setTimeout(() => res.end("late"), 2500)))
    const client = await open(`${post(5)}hello`)
    await until(() => /late$/.test(client.received), 4000)
    await sleep(1500)
    expect(client.isOpen).toBe(true)
  })

  it("is not cut on a connection where it has been slow before", async () => {
    const { open } = await started({ slowBodySeconds: 3 })
    const client = await open()
    for (let turn = 0; turn < 5; turn++) {
      client.socket.write(post(8))
      await sleep(900)
      client.socket.write("quickly.")
    }
    await until(() => client.received.match(/HTTP\/1\.1 200/g)?.length === 5, 2000)
  })

  it("is not cut where any pace will do, nor on the local socket", async () => {
    const { open, socketPath, now } = await started({})
    const local = await open(post(10), { path: socketPath })
    now.slowBodyBytesPerSecond = 0
    const client = await open(post(10))
    await sleep(2500)
    expect([local.isOpen, client.isOpen]).toEqual([true, true])
  })
})

describe("requests from one address", () => {
  const flood = async (port: number, count: number, forwarded?: string): Promise<number> => {
    const answers = Array.from(
      { length: count },
      () =>
        new Promise<number>((resolve, reject) => {
          const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded }
          request({ port, host: "127.0.0.1", headers, agent: false }, (res) => resolve(res.resume().statusCode!))
            .on("error", reject)
            .end()
        }),
    )
    return (await Promise.all(answers)).filter((status) => status === 200).length
  }

  it("are limited behind a trusted proxy by what it says, and from this machine not at all", async () => {
    const listener: Handler = (req, res) => res.writeHead(guards[0]!.requests.refuses(req) ? 429 : 200).end()
    const guards: Array<Awaited<ReturnType<typeof started>>["guard"]> = []
    const { port, guard, now } = await started({ trusted: trustedProxies("loopback"), addressRequestsPerSecond: 10 }, listener)
    guards.push(guard)
    expect(await flood(port, 40)).toBe(40)
    const allowed = await flood(port, 40, "6.6.6.6, 198.51.100.7")
    expect(allowed).toBeGreaterThanOrEqual(20)
    expect(allowed).toBeLessThan(35)
    expect(guard.requests.refused()).toBe(40 - allowed)
    expect(await flood(port, 10, "198.51.100.8")).toBe(10)
    now.trusted = noProxies
    expect(await flood(port, 40, "198.51.100.7")).toBe(40)
  })
})
