import { request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { WebSocket } from "ws"
import { blobCache } from "../../src/http/blobCache.ts"
import { dispatcher } from "../../src/http/dispatch.ts"
import { listenOnPort } from "../../src/http/Edge.ts"
import { type LiveLimits, type LiveOptions, makeLive } from "../../src/http/live.ts"
import type { SiteSnapshot } from "../../src/http/site.ts"

export const liveLimits: LiveLimits = {
  messageBytes: 65_536,
  messagesPerSecond: 20,
  channels: 50,
  siteSockets: 1000,
  sockets: 10_000,
  addressSockets: 100,
  backlogBytes: 1_048_576,
}

const snapshotOf = (site: string, preview = false): SiteSnapshot =>
  ({
    site,
    deploy: "abcdefghij",
    preview,
    manifest: "",
    spa: false,
    server: undefined,
    serverFiles: new Set(),
    files: new Map(),
    redirects: undefined,
    headers: undefined,
    cors: undefined,
    varyOn: [],
    plans: new Map(),
  }) as SiteSnapshot

/** A whole edge with WebSockets: the sites `blog` and `shop` have server code, `static` has none, and there are no others. */
export const startLive = async (limits: Partial<LiveLimits> = {}, options: Partial<LiveOptions> = {}) => {
  const live = makeLive({ limits: () => ({ ...liveLimits, ...limits }), ...options })
  const listener = dispatcher({
    domain: "example.test",
    snapshots: {
      live: (name: string) => (["blog", "shop", "static", "root"].includes(name) ? snapshotOf(name) : undefined),
      deploy: (name: string) => (name === "blog" ? snapshotOf(name, true) : undefined),
      changed: () => {},
    },
    cache: blobCache({ chunk: () => undefined, variants: () => [], variant: () => undefined }, 1000),
    functions: (_, res) => res.writeHead(404).end(),
    api: (_, res) => res.end("api"),
    pages: (_, res) => res.writeHead(404).end(),
    isHealthy: () => true,
    sockets: { live, hasServer: ({ site }) => site !== "static" },
  })
  const scope = await Effect.runPromise(Scope.make())
  const port = await Effect.runPromise(Scope.extend(listenOnPort(listener, 0), scope))
  const clients: Array<TestSocket> = []

  return {
    live,
    port,
    /** Opens a WebSocket on a site, or fails with the status of the answer. */
    open: async (host = "blog.example.test", { path = "/_ws", headers = {} }: { path?: string; headers?: Record<string, string> } = {}) => {
      const client = await openSocket(port, host, path, headers)
      clients.push(client)
      return client
    },
    /** The status and text with which a WebSocket is refused. */
    refusal: (host: string, path = "/_ws", headers: Record<string, string> = {}): Promise<string> =>
      openSocket(port, host, path, headers).then(
        ({ ws }) => {
          ws.terminate()
          return "opened"
        },
        ({ message }) => message,
      ),
    stop: async (): Promise<void> => {
      for (const { ws } of clients) ws.terminate()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    },
    /** Begins to stop, as the server does when it is told to. */
    drain: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

export type LiveServer = Awaited<ReturnType<typeof startLive>>

export interface TestSocket {
  readonly ws: WebSocket
  /** What has come, oldest first, without the time. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape.
  readonly messages: Array<any>
  readonly send: (message: object | string) => void
  /** Waits until there are so many messages, and gives them. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape.
  readonly received: (count: number) => Promise<Array<any>>
  /** Subscribes and waits until it is confirmed, which is then forgotten. */
  readonly subscribe: (channel: string) => Promise<string>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** Opens a WebSocket, or fails with the status of the answer. */
export const openSocket = (port: number, host: string, path: string, headers: Record<string, string>): Promise<TestSocket> =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { host, ...headers }, perMessageDeflate: true })
    // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of any shape.
    const messages: Array<any> = []
    ws.on("message", (data) => {
      const { timestamp, ...message } = JSON.parse(String(data))
      if (typeof timestamp !== "number") throw new Error(`No time in ${data}`)
      messages.push(message)
    })
    ws.on("error", () => {})
    ws.on("unexpected-response", (_, res) => {
      let text = ""
      res.on("data", (part) => {
        text += part
      })
      res.on("end", () => reject(new Error(`${res.statusCode}: ${text.trim()}`)))
    })
    const closed = new Promise<{ readonly code: number; readonly reason: string }>((done) =>
      ws.on("close", (code, reason) => done({ code, reason: String(reason) })),
    )
    const send = (message: object | string): void => ws.send(typeof message === "string" ? message : JSON.stringify(message))
    const received = async (count: number) => {
      for (let tries = 0; messages.length < count; tries++) {
        if (tries > 500) throw new Error(`Only ${messages.length} of ${count} messages have come.`)
        await sleep(10)
      }
      return messages
    }
    const subscribe = async (channel: string): Promise<string> => {
      const before = messages.length
      send({ type: "subscribe", channel })
      await received(before + 1)
      return messages.splice(before, 1)[0].client
    }
    ws.on("open", () => resolve({ ws, messages, send, received, subscribe, closed }))
  })

/** An ordinary request with any headers. */
export const ordinary = (port: number, path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const req = request({ port, path, headers, agent: false }, (res) => {
      res.resume()
      resolve(res.statusCode!)
    })
    req.on("upgrade", (_, socket) => {
      socket.destroy()
      resolve(101)
    })
    req.on("error", reject)
    req.end()
  })
