import { hostFunction } from "./host.ts"

const broadcast = hostFunction<[channel: string, toAll: number, json: string], undefined>("live.broadcast")
const kick = hostFunction<[client: string], undefined>("live.kick")
const count = hostFunction<[channel: string], number>("live.count")

const { stringify } = JSON

const failure = (code: string, message: string): Error => Object.assign(new TypeError(message), { code })

const jsonOf = (data: unknown): string => {
  let json: string | undefined
  try {
    json = stringify(data)
  } catch (error) {
    throw failure("LIVE_DATA_INVALID", `This cannot be sent: ${error instanceof Error ? error.message : "it is not JSON"}.`)
  }
  if (json === undefined) throw failure("LIVE_DATA_INVALID", "This cannot be sent: it is undefined or a function. Use null for nothing.")
  return json
}

const textOf = (value: unknown, code: string, what: string): string => {
  if (typeof value === "number") return String(value)
  if (typeof value !== "string" || value === "") throw failure(code, `${what} has to be a string with something in it.`)
  // Neither would come through to the host as it is.
  if (value.includes("\0") || !value.isWellFormed()) throw failure(code, `${what} has a character in it that is not allowed.`)
  return value
}

const channelOf = (channel: unknown): string => textOf(channel, "LIVE_CHANNEL_INVALID", "A channel")

/** `fazt.realtime`: the WebSockets that are open on the site. What is sent leaves once what the request wrote has been saved. */
export const makeRealtime = () => ({
  broadcast: (channel: unknown, data: unknown): void => {
    broadcast(channelOf(channel), 0, jsonOf(data))
  },
  broadcastAll: (data: unknown): void => {
    broadcast("", 1, jsonOf(data))
  },
  /** How many clients have subscribed to a channel. */
  subscribers: (channel: unknown): number => count(channelOf(channel)),
  /** How many clients a channel has, or without one the site. */
  count: (channel?: unknown): number => count(channel === undefined || channel === null || channel === "" ? "" : channelOf(channel)),
  /** Closes a client's socket; without effect if there is no such client. */
  kick: (client: unknown): void => {
    kick(textOf(client, "LIVE_CLIENT_INVALID", "A client's id"))
  },
})

/** The global `socket` of Fazt 0.8. */
export const makeSocket = () => ({
  broadcast: (message: unknown): void => {
    broadcast("", 1, jsonOf(message))
  },
  clients: (): number => count(""),
})
