import { channelRule, isChannel } from "../channel.ts"
import { type Binding, GuestError, type Invocation } from "../host.ts"

/** The largest message of server code, as JSON, in bytes. */
const largestMessage = 64 * 1024
/** Messages that one request may send. */
const mostMessages = 1000

const refusal = (code: string, message: string): GuestError => new GuestError(message, { name: "TypeError", code })

/** How many messages each run has sent. */
const sent = new WeakMap<Invocation, number>()

const count = (run: Invocation): void => {
  const already = sent.get(run) ?? 0
  if (already >= mostMessages)
    throw new GuestError(`One request may send at most ${mostMessages} messages to WebSockets.`, { code: "LIVE_LIMIT" })
  sent.set(run, already + 1)
}

const checkedChannel = (channel: string): string => {
  if (isChannel(channel)) return channel
  throw refusal("LIVE_CHANNEL_INVALID", `A ${channelRule}.`)
}

/** WebSockets of the site. Nothing is sent before the unit of work has been committed. An empty channel stands for all clients. */
export const realtimeBinding: Binding = (invocation) => ({
  "live.broadcast": {
    kind: "sync",
    takes: "sns",
    /** `toAll` is 1 or 0; `data` is JSON. */
    run: (channel: string, toAll: number, data: string): undefined => {
      const run = invocation()
      const to = toAll === 1 ? undefined : checkedChannel(channel)
      const bytes = Buffer.byteLength(data)
      if (bytes > largestMessage)
        throw refusal("LIVE_TOO_LARGE", `The message has ${bytes} bytes as JSON; at most ${largestMessage} can be sent to WebSockets.`)
      count(run)
      run.live({ kind: "broadcast", channel: to, data })
      return undefined
    },
  },
  "live.kick": {
    kind: "sync",
    takes: "s",
    run: (client: string): undefined => {
      const run = invocation()
      if (client.length > 64) throw refusal("LIVE_CLIENT_INVALID", "A client's id is what the server has sent it when it subscribed.")
      count(run)
      run.live({ kind: "kick", client })
      return undefined
    },
  },
  "live.count": {
    kind: "sync",
    takes: "s",
    run: (channel: string): number => {
      const clients: unknown = invocation().subscribers(channel === "" ? "" : checkedChannel(channel))
      return typeof clients === "number" ? clients : 0
    },
  },
})
