import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { type Failure, refusal, statusOf } from "../api/envelope.ts"
import { refusalText } from "../api/refuseRequest.ts"
import { textFrame } from "../liveMessages.ts"
import type { Outlet, OutletOptions } from "./outlet.ts"

/** Clients have nothing to say here: what they send is thrown away. */
const maxMessageBytes = 1024
/** Messages of a client between two beats. */
const mostMessages = 100
/** How long a client that is told to go has for it. */
const closeMs = 5000

/** Close codes (RFC 6455, 7.4). */
const goingAway = 1001
const againstPolicy = 1008
const internalError = 1011

/** Takes WebSockets. `refused`: what ws finds wrong with a request is answered by that. */
export const socketServer = (refused: (socket: Duplex, failure: Failure) => void) => {
  // `closeTimeout` is newer than the types of ws.
  const options: WebSocket.ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    closeTimeout: closeMs,
  }
  const server = new WebSocketServer(options)
  server.on("wsClientError", ({ message }, socket) =>
    refused(socket, refusal("BAD_REQUEST", `This is no good WebSocket handshake: ${message}.`)),
  )
  return {
    accept: (req: IncomingMessage, socket: Duplex, head: Buffer, opened: (ws: WebSocket) => void): void =>
      server.handleUpgrade(req, socket, head, opened),
  }
}

/**
 * Events over a WebSocket, each a message of its own. They are written to the connection beside `ws`, which writes its own frames whole as well:
 * so a page is made into frames once for everybody who gets it.
 */
export const socketOutlet = (ws: WebSocket, req: IncomingMessage, { onRoom, onClosed, stallMs }: OutletOptions): Outlet => {
  const { socket } = req
  let messages = 0
  /** When the ping was sent that is not answered yet. */
  let pingedAt: number | undefined
  const isOpen = (): boolean => ws.readyState === WebSocket.OPEN
  const write = (frames: Buffer): boolean => isOpen() && socket.write(frames)
  const tell = (message: object): void => void write(textFrame(JSON.stringify(message)))
  const heard = (): void => {
    if (++messages > mostMessages) ws.close(againstPolicy, "this WebSocket is for listening only")
  }

  // Bytes that the client takes and sends count as signs of life.
  socket.setTimeout(stallMs, () => ws.terminate())
  socket.on("drain", onRoom)
  ws.on("message", heard)
  ws.on("ping", heard)
  ws.on("pong", () => {
    pingedAt = undefined
  })
  // What is wrong with a frame is told to the client by its close code.
  ws.on("error", () => {})
  ws.on("close", onClosed)

  return {
    page: (page) => write(page.frames()),
    caughtUp: (seq) => tell({ type: "caught_up", seq }),
    beat: (seq) => {
      messages = 0
      // To whom something is still on the way needs no beat, and without one a client that takes nothing is found out.
      if (!isOpen() || socket.writableLength > 0) return
      const now = performance.now()
      if (pingedAt !== undefined && now - pingedAt >= stallMs) return ws.terminate()
      tell({ type: "ping", seq })
      if (pingedAt !== undefined) return
      pingedAt = now
      ws.ping()
    },
    end: (reason) => {
      if (!isOpen()) return
      if (reason === "stopping") return ws.close(goingAway, "the server is about to stop")
      write(textFrame(`{"type":"end",${refusalText(reason).slice(1)}`))
      ws.close(statusOf(reason) < 500 ? againstPolicy : internalError, reason.code)
    },
  }
}
