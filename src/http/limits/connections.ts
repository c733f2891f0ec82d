import type { Socket } from "node:net"
import { connectionKey, type TrustedProxies } from "../clientOf.ts"

/** How many connections may be open. */
export interface ConnectionLimits {
  readonly trusted: TrustedProxies
  /** In all; 0 for no limit. */
  readonly connections: number
  /** From one address; 0 for no limit. */
  readonly addressConnections: number
}

/** Counts the connections of all listeners that it stands before. */
export const connectionGate = (limits: () => ConnectionLimits) => {
  const addresses = new Map<string, number>()
  const refused = { server: 0, address: 0 }
  let open = 0

  /** Counts a new connection, until it is closed; or says that it is one too many. */
  const admits = (socket: Socket): boolean => {
    const { connections, addressConnections, trusted } = limits()
    if (connections > 0 && open >= connections) {
      refused.server++
      return false
    }
    const key = connectionKey(socket, trusted)
    const ofAddress = key === undefined ? 0 : (addresses.get(key) ?? 0)
    if (addressConnections > 0 && ofAddress >= addressConnections) {
      refused.address++
      return false
    }
    open++
    if (key !== undefined) addresses.set(key, ofAddress + 1)
    socket.once("close", () => {
      open--
      if (key !== undefined) leave(key)
    })
    return true
  }

  const leave = (key: string): void => {
    const others = addresses.get(key)! - 1
    if (others === 0) addresses.delete(key)
    else addresses.set(key, others)
  }

  return {
    admits,
    /** Open connections, and those refused since the start: because the server had too many, or their address. */
    stats: () => ({ open, refused: { ...refused } }),
  }
}

export type ConnectionGate = ReturnType<typeof connectionGate>
