import { existsSync, rmSync } from "node:fs"
import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { Server, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { trustConnections } from "./api/local.ts"
import { announceDraining } from "./draining.ts"
import type { ConnectionGate } from "./limits/connections.ts"
import type { EdgeGuard } from "./limits/Limits.ts"
import type { SlowBodies } from "./limits/slowBodies.ts"
import { wantsSocket } from "./liveUpgrade.ts"

/** What answers a listener's requests. */
export type EdgeListener = RequestListener & {
  /** Takes the requests for a WebSocket for which `wantsUpgrade` holds. Others are answered as if they had not asked for it. */
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Those for the WebSockets of sites, unless it is given. */
  readonly wantsUpgrade?: (req: IncomingMessage) => boolean
  /** Called when the listener begins to stop. */
  readonly stop?: () => void
  /** How many connections there may be, and how slow their clients. */
  readonly guard?: EdgeGuard
  /** Called for each connection that is let in. */
  readonly connected?: (socket: Socket) => void
}

/** How long a listener waits for its clients. */
export interface Patience {
  /** For the headers of a request. */
  readonly headersMs: number
  /** For anything at all, on a connection where a request or its answer is on the way. */
  readonly idleMs: number
  /** Between two looks at the bodies that are on the way. */
  readonly sweepMs: number
}

const usualPatience: Patience = { headersMs: 20_000, idleMs: 120_000, sweepMs: 1000 }

/** The server cannot listen where it was told to. */
export class ListenFailed extends Data.TaggedError("ListenFailed")<{ readonly where: string; readonly reason: string }> {
  override get message(): string {
    return `Cannot listen on ${this.where}: ${this.reason}`
  }
}

/** Idle connections that a stopping server waits for, in case a request is on its way over one. */
const graceMs = 1500
/** Requests that are still running then are cut off. */
const drainMs = 10_000

const newServer = (listener: EdgeListener, { headersMs, idleMs }: Patience): HttpServer => {
  const shouldUpgradeCallback = listener.upgrade === undefined ? () => false : (listener.wantsUpgrade ?? wantsSocket)
  // Node looks for late headers only so often.
  const connectionsCheckingInterval = headersMs / 4
  const options = { maxHeaderSize: 32 * 1024, keepAliveTimeout: 65_000, noDelay: true, shouldUpgradeCallback, connectionsCheckingInterval }
  const server = createServer(options, listener)
  if (listener.upgrade !== undefined) server.on("upgrade", listener.upgrade)
  // What Node would do by itself, but that it would go on to read a body for as long as the client likes.
  server.on("checkExpectation", (_, res: ServerResponse) => res.writeHead(417, { connection: "close" }).end())
  server.headersTimeout = headersMs
  // An upload may take as long as it needs while bytes keep coming; a connection on which nothing happens is cut.
  server.requestTimeout = 0
  server.setTimeout(idleMs)
  return server
}

const reasonOf = (error: NodeJS.ErrnoException, where: string): string => {
  if (error.code === "EADDRINUSE") return `something else listens there already. Choose another port with --port.`
  if (error.code === "EACCES") return `this user may not open ${where}. Ports below 1024 need the capability CAP_NET_BIND_SERVICE.`
  return error.message
}

const listening = (server: HttpServer, where: string, listen: () => void): Effect.Effect<void, ListenFailed> =>
  Effect.async((resume) => {
    server.once("error", (error) => resume(Effect.fail(new ListenFailed({ where, reason: reasonOf(error, where) }))))
    server.once("listening", () => resume(Effect.void))
    listen()
  })

/**
 * Stops without losing a request: accepts nothing new, lets running requests finish, tells clients to go elsewhere for the next.
 * `http.Server.close` would cut connections that were accepted but have not sent their request yet.
 */
const drain = (server: HttpServer, sockets: ReadonlySet<Socket>, open: ReadonlySet<ServerResponse>): Effect.Effect<void> =>
  Effect.async((resume) => {
    Server.prototype.close.call(server)
    const started = process.hrtime.bigint()
    const elapsed = (): number => Number((process.hrtime.bigint() - started) / 1_000_000n)
    const finish = (): void => {
      const late = elapsed() >= drainMs
      if (sockets.size === 0 || late || (open.size === 0 && elapsed() >= graceMs)) {
        for (const socket of sockets) socket.destroy()
        resume(Effect.void)
      } else setTimeout(finish, 20)
    }
    finish()
  })

/** Ends a request whose body comes too slowly, with an answer where there is none yet. */
const cutOff = ({ req: { socket }, headersSent }: ServerResponse): void => {
  if (headersSent) socket.destroy()
  else socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", () => socket.destroy())
}

/** Closes connections that are one too many before anything is made for them. Nobody who listens for connections hears of these. */
const guardConnections = (server: HttpServer, { admits }: ConnectionGate): void => {
  const listeners = server.listeners("connection") as ReadonlyArray<(socket: Socket) => void>
  server.removeAllListeners("connection")
  server.on("connection", (socket: Socket) => {
    if (admits(socket)) for (const listener of listeners) listener.call(server, socket)
    // Not with a farewell, after which the system would keep the connection for a minute.
    else socket.resetAndDestroy()
  })
}

/** Those answered before their body had come. Whoever asks for them forgets those that are over. */
const answeredEarly = (server: HttpServer): Set<ServerResponse> => {
  const unread = new Set<ServerResponse>()
  server.prependListener("request", (req: IncomingMessage, res: ServerResponse) => {
    res.once("close", () => {
      if (!req.complete && !req.socket.destroyed) unread.add(res)
    })
  })
  return unread
}

/** A listener's connections and running requests, so that it can be drained. */
const tracked = (server: HttpServer, listener: EdgeListener) => {
  const sockets = new Set<Socket>()
  const open = new Set<ServerResponse>()
  const announce = announceDraining(server)
  let stopping = false
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    listener.connected?.(socket)
  })
  server.prependListener("request", (_, res: ServerResponse) => {
    open.add(res)
    if (stopping) res.setHeader("connection", "close")
    res.once("close", () => open.delete(res))
  })
  return {
    /** Cuts the connections of those whose bodies come too slowly, now and then. */
    watchBodies: (bodies: SlowBodies, everyMs: number): Effect.Effect<void, never, Scope.Scope> =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            const unread = answeredEarly(server)
            return setInterval(() => {
              for (const res of unread) if (res.req.complete || res.req.socket.destroyed) unread.delete(res)
              bodies.sweep(open, cutOff)
              bodies.sweep(unread, cutOff)
            }, everyMs)
          }),
          (timer) => Effect.sync(() => clearInterval(timer)),
        ),
      ),
    drain: Effect.suspend(() => {
      stopping = true
      for (const res of open) if (!res.headersSent) res.setHeader("connection", "close")
      announce()
      listener.stop?.()
      return drain(server, sockets, open)
    }),
  }
}

/** Listens on a port, on every address of the machine (IPv6 and IPv4). Gives the port, which is a free one if 0 was asked for. */
export const listenOnPort = (
  listener: EdgeListener,
  port: number,
  patience: Patience = usualPatience,
): Effect.Effect<number, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const server = newServer(listener, patience)
    const connections = tracked(server, listener)
    if (listener.guard !== undefined) guardConnections(server, listener.guard.connections)
    yield* listening(server, `port ${port}`, () => server.listen({ port }))
    if (listener.guard !== undefined) yield* connections.watchBodies(listener.guard.bodies, patience.sweepMs)
    yield* Effect.addFinalizer(() => connections.drain)
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  })

/** Listens on a unix socket that only this user can open; whoever comes through it is the owner, and nothing is counted. */
export const listenOnSocket = (listener: EdgeListener, path: string): Effect.Effect<void, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const server = newServer(listener, usualPatience)
    const connections = tracked(server, listener)
    trustConnections(server)
    // Whoever holds the cartridge's lock owns the name; what is there was left by a process that died.
    if (existsSync(path)) rmSync(path)
    yield* listening(server, path, () => {
      const before = process.umask(0o177)
      try {
        server.listen(path)
      } finally {
        process.umask(before)
      }
    })
    yield* Effect.addFinalizer(() =>
      Effect.zipRight(
        Effect.sync(() => rmSync(path, { force: true })),
        connections.drain,
      ),
    )
  })
