import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import type { TlsOptions } from "node:tls"
import { mayDialPublic } from "../../../src/runtime/egress/dial.ts"
import { type Egress, egress, type Incoming, type Outgoing, type Policy } from "../../../src/runtime/egress/egress.ts"

/** What a server saw of a request. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

export interface TestHost {
  readonly port: number
  readonly seen: Array<Seen>
  /** How many connections were made to it. */
  connections: number
  readonly stop: () => Promise<void>
}

const stoppable = (server: Server) => {
  const sockets = new Set<Socket>()
  const host = { connections: 0 }
  server.on("connection", (socket: Socket) => {
    host.connections++
    sockets.add(socket)
    socket.on("error", () => {})
    socket.once("close", () => sockets.delete(socket))
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { host, stop }
}

const listening = (server: Server, address: string): Promise<number> =>
  new Promise((resolve) => server.listen(0, address, () => resolve((server.address() as AddressInfo).port)))

const recorded = (answer: (req: IncomingMessage, res: ServerResponse, body: string) => void, seen: Array<Seen>): RequestListener => {
  return (req, res) => {
    const parts: Array<Buffer> = []
    req.on("error", () => {})
    req.on("data", (part: Buffer) => parts.push(part))
    req.on("end", () => {
      const body = Buffer.concat(parts).toString()
      seen.push({ method: req.method!, url: req.url!, headers: req.headers as Record<string, string>, body })
      answer(req, res, body)
    })
  }
}

type Answer = (req: IncomingMessage, res: ServerResponse, body: string) => void

/** A real HTTP server on the loopback; with `tls`, an HTTPS one. */
export const startHost = async (
  answer: Answer,
  { address = "127.0.0.1", tls }: { address?: string; tls?: TlsOptions } = {},
): Promise<TestHost> => {
  const seen: Array<Seen> = []
  const listener = recorded(answer, seen)
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  const { host, stop } = stoppable(server)
  return Object.assign(host, { port: await listening(server, address), seen, stop })
}

/** A server that speaks no HTTP but what `onSocket` writes. */
export const startRaw = async (onSocket: (socket: Socket) => void): Promise<TestHost> => {
  const server = createTcpServer(onSocket)
  const { host, stop } = stoppable(server)
  return Object.assign(host, { port: await listening(server, "127.0.0.1"), seen: [], stop })
}

export interface TestNet extends Egress {
  /** A call to `http://<name>.example:<port>/`, which leads to the loopback. */
  readonly call: (outgoing: Partial<Outgoing> & { readonly url: string }, policy?: Partial<Policy>) => Promise<Incoming>
}

/**
 * A way out for which the loopback's chosen ports are public, and names lead where `names` says, else to 127.0.0.1.
 */
export const testNet = (
  ports: () => ReadonlyArray<number>,
  names: (name: string) => ReadonlyArray<string> | undefined = () => undefined,
): TestNet => {
  const net = egress({
    resolve: async (name) => names(name) ?? ["127.0.0.1"],
    mayDial: (address, port) => (/^(127\.|::1$)/.test(address) && ports().includes(port)) || mayDialPublic(address, port),
  })
  return {
    ...net,
    call: (outgoing, policy = {}) =>
      net.send(
        { method: "GET", headers: [], body: undefined, redirect: "follow", ...outgoing },
        {
          site: "blog",
          allowedHosts: [],
          maxBytes: 1_000_000,
          ms: 5000,
          signal: new AbortController().signal,
          beforeEach: () => {},
          ...policy,
        },
      ),
  }
}

export const textOf = ({ body }: Incoming): string => Buffer.from(body).toString()

/** How a call failed: its code and message. */
export const failure = async (
  call: Promise<unknown>,
): Promise<{ readonly name: string; readonly code: string; readonly message: string }> =>
  call.then(
    () => ({ name: "", code: "nothing failed", message: "" }),
    ({ name, code, message }) => ({ name, code, message }),
  )
