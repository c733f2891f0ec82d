import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { clientOf, limitKey, noProxies } from "./clientOf.ts"
import { askedIn, type LiveMessage, liveText, messageText, textFrame } from "./liveMessages.ts"
import { liveRooms, type Member } from "./liveRooms.ts"
import { isOwnOrigin, refuseUpgrade } from "./liveUpgrade.ts"

/** Asked anew each time, so that a changed setting holds at once. */
export interface LiveLimits {
  readonly messageBytes: number
  /** 0 for no limit. */
  readonly messagesPerSecond: number
  readonly channels: number
  readonly siteSockets: number
  readonly sockets: number
  /** From one address; 0 for no limit. */
  readonly addressSockets: number
  readonly backlogBytes: number
}

export interface LiveOptions {
  readonly limits: () => LiveLimits
  /** The address of the client, as `clientOf` gives it. The one that the connection comes from, unless said otherwise. */
  readonly addressOf?: (req: IncomingMessage) => string
  /** Called when the sockets or channels of a site have changed. */
  readonly onChange?: (site: string) => void
  readonly pingMs?: number
  readonly pongMs?: number
  /** How long a client that is told to go has for it. */
  readonly closeMs?: number
}

interface Client extends Member {
  readonly ws: WebSocket
  readonly socket: Duplex
  /** Messages that wait to be written. */
  waiting: number
  readonly written: () => void
  /** Messages that it may send now; filled up with time. */
  tokens: number
  filledAt: number
  pingedAt: number
  awaitsPong: boolean
}

/** So many messages may wait for a client, however small they are. */
const mostWaiting = 256

/** Codes of WebSocket that a client is closed with (RFC 6455, 7.4). */
const goingAway = 1001
const againstPolicy = 1008
const tryLater = 1013
/** The site's own code has closed the socket. */
const kicked = 4000

/**
 * The open WebSockets of all sites. Clients subscribe to channels and listen; only server code sends.
 *
 * A message is put into one frame, and that frame is written to each socket beside `ws`, which writes its own frames whole as well.
 */
export const makeLive = ({
  limits,
  addressOf = (req) => clientOf(req, noProxies).address,
  onChange = () => {},
  pingMs = 30_000,
  pongMs = 10_000,
  closeMs = 5000,
}: LiveOptions) => {
  // `closeTimeout` is newer than the types of ws.
  const options: WebSocket.ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: closeMs,
  }
  const server = new WebSocketServer(options)
  const rooms = liveRooms<Client>()
  const addresses = new Map<string, number>()
  let open = 0
  let stopping = false
  let dropped = 0

  const write = (client: Client, frame: Buffer): void => {
    if (client.ws.readyState !== WebSocket.OPEN) return
    if (client.waiting >= mostWaiting || client.socket.writableLength + frame.length > limits().backlogBytes) {
      dropped++
      return leave(client, tryLater, "you read too slowly")
    }
    client.waiting++
    client.socket.write(frame, client.written)
  }

  const tell = (client: Client, message: LiveMessage): void => write(client, textFrame(liveText(message, Date.now())))

  /** Whether the client may send one more message; if not, it is closed. */
  const mayAsk = (client: Client): boolean => {
    const perSecond = limits().messagesPerSecond
    if (perSecond === 0) return true
    const now = performance.now()
    client.tokens = Math.min(2 * perSecond, client.tokens + ((now - client.filledAt) / 1000) * perSecond)
    client.filledAt = now
    if (client.tokens >= 1) {
      client.tokens--
      return true
    }
    leave(client, againstPolicy, `more than ${perSecond} messages a second`)
    return false
  }

  const subscribe = (client: Client, channel: string): void => {
    if (!client.channels.has(channel)) {
      const { channels: most } = limits()
      if (client.channels.size >= most)
        return tell(client, {
          type: "error",
          channel,
          error: `A client may subscribe to at most ${most} channels. Unsubscribe from one first.`,
        })
      rooms.subscribe(client, channel)
      onChange(client.site)
    }
    tell(client, { type: "subscribed", channel, client: client.id })
  }

  const answer = (client: Client, text: string): void => {
    const asked = askedIn(text)
    if (asked.kind === "subscribe") subscribe(client, asked.channel)
    else if (asked.kind === "unsubscribe") {
      if (rooms.unsubscribe(client, asked.channel)) onChange(client.site)
      tell(client, { type: "unsubscribed", channel: asked.channel })
    } else if (asked.kind === "ping") tell(client, { type: "pong" })
    else if (asked.kind === "refused") tell(client, { type: "error", channel: asked.channel, error: asked.reason })
  }

  /** From here on the client gets nothing, and its site knows nothing of it. */
  const remove = (client: Client): void => {
    if (rooms.remove(client)) onChange(client.site)
  }

  const leave = (client: Client, code: number, reason: string): void => {
    remove(client)
    client.ws.close(code, reason)
  }

  const enter = (ws: WebSocket, socket: Duplex, site: string, address: string | undefined): void => {
    const now = performance.now()
    const client: Client = {
      id: randomBytes(12).toString("base64url"),
      site,
      ws,
      socket,
      channels: new Set(),
      waiting: 0,
      written: () => void client.waiting--,
      tokens: 2 * limits().messagesPerSecond,
      filledAt: now,
      pingedAt: now,
      awaitsPong: false,
    }
    rooms.add(client)
    ws.on("message", (data, isBinary) => {
      if (ws.readyState !== WebSocket.OPEN || !mayAsk(client)) return
      if (isBinary) return tell(client, { type: "error", error: "Send text: messages are JSON." })
      answer(client, String(data))
    })
    ws.on("ping", () => mayAsk(client))
    ws.on("pong", () => {
      client.awaitsPong = false
    })
    // What is wrong with a frame is told to the client by its close code.
    ws.on("error", () => {})
    ws.on("close", () => {
      count(address, -1)
      remove(client)
    })
    onChange(site)
  }

  /** A socket counts until it is closed, also while it is told to go. */
  const count = (address: string | undefined, by: 1 | -1): void => {
    open += by
    if (address === undefined) return
    const sockets = (addresses.get(address) ?? 0) + by
    if (sockets === 0) addresses.delete(address)
    else addresses.set(address, sockets)
  }

  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer, site: string): void => {
    const { messageBytes, sockets, siteSockets, addressSockets } = limits()
    const address = limitKey(addressOf(req))
    if (stopping) return refuseUpgrade(socket, 503, "the server is about to stop")
    if (!isOwnOrigin(req)) return refuseUpgrade(socket, 403, "pages of other sites may not open this WebSocket")
    if (open >= sockets) return refuseUpgrade(socket, 503, "too many WebSockets are open on this server")
    if (rooms.count(site, "") >= siteSockets) return refuseUpgrade(socket, 503, "too many WebSockets are open on this site")
    if (addressSockets > 0 && address !== undefined && (addresses.get(address) ?? 0) >= addressSockets)
      return refuseUpgrade(socket, 429, "too many WebSockets are open from your address")
    server.options.maxPayload = messageBytes
    server.handleUpgrade(req, socket, head, (ws) => {
      count(address, 1)
      enter(ws, socket, site, address)
    })
  }

  /** Pings each client now and then, and lets go of those that no longer answer. */
  const beat = setInterval(
    () => {
      const now = performance.now()
      for (const site of rooms.sites())
        for (const client of rooms.members(site, ""))
          if (client.awaitsPong) {
            if (now - client.pingedAt >= pongMs) client.ws.terminate()
          } else if (now - client.pingedAt >= pingMs) {
            client.pingedAt = now
            client.awaitsPong = true
            client.ws.ping()
          }
    },
    Math.max(10, Math.min(1000, pingMs / 2, pongMs / 2)),
  )
  beat.unref()

  return {
    /** Takes a request for a WebSocket on a site, or answers why not. That the site exists is for the caller to know. */
    upgrade,
    /** To the subscribers of a channel, or with `undefined` to all clients of the site. `data` is JSON. */
    broadcast: (site: string, channel: string | undefined, data: string): void => {
      const receivers = rooms.members(site, channel ?? "")
      if (receivers.length === 0) return
      const frame = textFrame(messageText(channel, data, Date.now()))
      for (const client of receivers) write(client, frame)
    },
    /** Closes a client's socket; false if there is no such client on the site. */
    kick: (site: string, id: string): boolean => {
      const client = rooms.find(site, id)
      if (client !== undefined) leave(client, kicked, "closed by the site")
      return client !== undefined
    },
    /** How many clients a channel has, or with `""` the site. */
    count: rooms.count,
    channels: rooms.channels,
    /** The ids of a channel's clients, or with `""` of the site's. */
    clients: (site: string, channel: string): ReadonlyArray<string> => rooms.members(site, channel).map(({ id }) => id),
    /** Closes all sockets of a site that is no more, or has no server code any longer. */
    drop: (site: string): void => {
      for (const client of rooms.members(site, "")) leave(client, goingAway, "the site is gone")
    },
    /** Closes everything and takes nothing new: the server is about to stop. */
    close: (): void => {
      stopping = true
      clearInterval(beat)
      for (const site of rooms.sites())
        for (const client of rooms.members(site, "")) leave(client, goingAway, "the server is about to stop")
    },
    /** Open sockets, sites that have some, and clients that were dropped because they read too slowly. */
    stats: () => ({ sockets: open, sites: rooms.sites().length, dropped }),
  }
}

export type Live = ReturnType<typeof makeLive>
