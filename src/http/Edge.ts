import { existsSync, rmSync } from "node:fs"
import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { Server, type Socket } from "node:net"
import type { Duplex } from "node:stream"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { trustConnections } from "./api/local.ts"
import { announceDraining } from "./draining.ts"
import { wantsSocket } from "./liveUpgrade.ts"

/** What answers a listener's requests. `upgrade` takes those that want a WebSocket; `stop` is called when the listener begins to stop. */
export type EdgeListener = RequestListener & {
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly stop?: () => void
}

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

const newServer = (listener: EdgeListener): HttpServer => {
  // Other requests with an Upgrade header are answered as if they had none.
  const shouldUpgradeCallback = listener.upgrade === undefined ? () => false : wantsSocket
  const server = createServer({ maxHeaderSize: 32 * 1024, keepAliveTimeout: 65_000, noDelay: true, shouldUpgradeCallback }, listener)
  if (listener.upgrade !== undefined) server.on("upgrade", listener.upgrade)
  server.headersTimeout = 20_000
  // An upload may take as long as it needs while bytes keep coming; a connection on which nothing happens is cut.
  server.requestTimeout = 0
  server.setTimeout(120_000)
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

/** A listener's connections and running requests, so that it can be drained. */
const tracked = (server: HttpServer, listener: EdgeListener) => {
  const sockets = new Set<Socket>()
  const open = new Set<ServerResponse>()
  const announce = announceDraining(server)
  let stopping = false
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.prependListener("request", (_, res: ServerResponse) => {
    open.add(res)
    if (stopping) res.setHeader("connection", "close")
    res.once("close", () => open.delete(res))
  })
  return {
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
export const listenOnPort = (listener: EdgeListener, port: number): Effect.Effect<number, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const server = newServer(listener)
    const connections = tracked(server, listener)
    yield* listening(server, `port ${port}`, () => server.listen({ port }))
    yield* Effect.addFinalizer(() => connections.drain)
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  })

/** Listens on a unix socket that only this user can open; whoever comes through it is the owner. */
export const listenOnSocket = (listener: EdgeListener, path: string): Effect.Effect<void, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const server = newServer(listener)
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
