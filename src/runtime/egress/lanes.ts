import type { Socket } from "node:net"
import { Agent, type buildConnector, type Dispatcher } from "undici"
import { largestAnswerHeaders } from "./headers.ts"

/** How many calls of one site are under way at once; the next ones wait. Also how many sockets it may have before none is kept. */
const atOnce = 16

interface Lane {
  readonly agent: Agent
  readonly sockets: Set<Socket>
  readonly waiting: Set<() => void>
  running: number
}

/** A place among a site's calls. `keep`: whether the socket may stay open after the call. */
export interface Place {
  readonly agent: Dispatcher
  readonly keep: boolean
  readonly leave: () => void
}

/**
 * Every site has sockets of its own, pooled by undici under scheme, host and port: a socket is only ever used again by the same
 * site for the same origin, and leads where it was checked to lead.
 */
export const siteLanes = (connectorWith: (onSocket: (socket: Socket) => void) => buildConnector.connector) => {
  const lanes = new Map<string, Lane>()

  const open = (site: string): Lane => {
    const sockets = new Set<Socket>()
    const connect = connectorWith((socket) => {
      sockets.add(socket)
      socket.once("close", () => {
        sockets.delete(socket)
        forgetIfIdle(site, lane)
      })
    })
    const agent = new Agent({
      connect,
      allowH2: false,
      connections: atOnce,
      pipelining: 1,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 10_000,
      maxHeaderSize: largestAnswerHeaders,
      // Each call has one deadline, which its signal keeps.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const lane: Lane = { agent, sockets, waiting: new Set(), running: 0 }
    lanes.set(site, lane)
    return lane
  }

  const forgetIfIdle = (site: string, lane: Lane): void => {
    if (lane.running === 0 && lane.sockets.size === 0 && lanes.get(site) === lane) lanes.delete(site)
  }

  const enter = async (lane: Lane, signal: AbortSignal): Promise<void> => {
    if (lane.running < atOnce) return void lane.running++
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", giveUp)
        resolve()
      }
      const giveUp = (): void => {
        lane.waiting.delete(go)
        reject(signal.reason)
      }
      lane.waiting.add(go)
      signal.addEventListener("abort", giveUp, { once: true })
    })
  }

  /** Hands the place on to the one who waits longest. */
  const leave = (site: string, lane: Lane): void => {
    const [next] = lane.waiting
    if (next !== undefined) {
      lane.waiting.delete(next)
      return next()
    }
    lane.running--
    forgetIfIdle(site, lane)
  }

  return {
    /** Waits for a place, at most until `signal` is aborted. Each place has to be left. */
    place: async (site: string, signal: AbortSignal): Promise<Place> => {
      const lane = lanes.get(site) ?? open(site)
      await enter(lane, signal)
      return { agent: lane.agent, keep: lane.sockets.size < atOnce, leave: () => leave(site, lane) }
    },
    close: async (): Promise<void> => {
      await Promise.all([...lanes.values()].map(({ agent }) => agent.destroy()))
      for (const { sockets } of lanes.values()) for (const socket of sockets) socket.destroy()
      lanes.clear()
    },
    /** Open sockets, by site. */
    sockets: (): Readonly<Record<string, number>> => Object.fromEntries([...lanes].map(([site, { sockets }]) => [site, sockets.size])),
  }
}
