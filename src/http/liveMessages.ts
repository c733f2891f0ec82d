import { channelRule, isChannel } from "../runtime/channel.ts"

/** What a client may ask for, or why it may not. */
export type Asked =
  | { readonly kind: "subscribe" | "unsubscribe"; readonly channel: string }
  | { readonly kind: "ping" | "pong" }
  | { readonly kind: "refused"; readonly channel: string | undefined; readonly reason: string }

/** What the server sends. Left out are the fields that a type does not have. */
export interface LiveMessage {
  readonly type: "subscribed" | "unsubscribed" | "message" | "pong" | "error"
  readonly channel?: string | undefined
  /** The client's own id, with which server code can close its socket. */
  readonly client?: string | undefined
  readonly error?: string | undefined
}

const publishing: ReadonlySet<unknown> = new Set(["message", "publish", "broadcast", "send", "emit"])

/** Reads a client's message. */
export const askedIn = (text: string): Asked => {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    message = undefined
  }
  if (typeof message !== "object" || message === null || Array.isArray(message))
    return refused('Messages are JSON objects such as {"type":"subscribe","channel":"news"}.')
  const { type, channel } = message as { readonly type?: unknown; readonly channel?: unknown }
  if (type === "ping" || type === "pong") return { kind: type }
  const named = isChannel(channel) ? channel : undefined
  if (publishing.has(type))
    return refused("Clients cannot publish here. Send an HTTP request to a function of this site, which can broadcast.", named)
  if (type !== "subscribe" && type !== "unsubscribe")
    return refused("The type of a message is subscribe, unsubscribe, ping or pong.", named)
  if (named === undefined) return refused(`The ${channelRule}.`)
  return { kind: type, channel: named }
}

const refused = (reason: string, channel?: string): Asked => ({ kind: "refused", channel, reason })

/** A message of the server as it is sent. `now`: epoch milliseconds. */
export const liveText = (message: LiveMessage, now: number): string => JSON.stringify({ ...message, timestamp: now })

/** A message of server code. `data` is JSON already. */
export const messageText = (channel: string | undefined, data: string, now: number): string =>
  `{"type":"message",${channel === undefined ? "" : `"channel":${JSON.stringify(channel)},`}"data":${data},"timestamp":${now}}`

/** A text as one whole WebSocket frame from a server (RFC 6455, 5.2), which is the same for everyone that it is sent to. */
export const textFrame = (text: string): Buffer => {
  const size = Buffer.byteLength(text)
  const head = size < 126 ? 2 : size < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + size)
  frame[0] = 0x81
  if (size < 126) frame[1] = size
  else if (size < 65_536) {
    frame[1] = 126
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(size), 2)
  }
  frame.write(text, head)
  return frame
}
