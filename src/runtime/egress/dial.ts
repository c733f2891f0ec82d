import { Resolver } from "node:dns/promises"
import { isIPv6, type LookupFunction, connect as netConnect, type Socket } from "node:net"
import { connect as tlsConnect } from "node:tls"
import type { buildConnector } from "undici"
import { isOwnAddress, isPublicAddress } from "./address.ts"
import { netError, quoted } from "./errors.ts"
import { addressIn } from "./target.ts"

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<ReadonlyArray<string>>

/** Whether a socket may be opened to this address and port. */
export type MayDial = (address: string, port: number) => boolean

const connectMs = 10_000
/** How long one of several addresses is tried alone. */
const attemptMs = 600
/** More addresses of one name than these are not tried. */
const mostTried = 4

const saysThereIsNone: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME"])

/** Asks the DNS servers of the machine and nobody else: not `/etc/hosts`, no search domains. IPv4 first. */
export const dnsResolve = (): Resolve => {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  return async (name) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = [...(v4.status === "fulfilled" ? v4.value : []), ...(v6.status === "fulfilled" ? v6.value : [])]
    const failed = [v4, v6].some((answer) => answer.status === "rejected" && !saysThereIsNone.has(answer.reason?.code))
    if (found.length === 0 && failed) throw netError("NET_ERROR", `The name ${quoted(name)} could not be resolved: no DNS server answered.`)
    return found
  }
}

/** Public, and not this machine by one of its own public addresses. */
export const mayDialPublic: MayDial = (address) => isPublicAddress(address) && !isOwnAddress(address)

/**
 * The addresses that a host stands for, each of them checked. One that may not be dialled is enough to refuse the host: a public
 * name has no reason to lead to a private address as well.
 */
const checkedAddresses = async (host: string, port: number, resolve: Resolve, mayDial: MayDial): Promise<ReadonlyArray<string>> => {
  const literal = addressIn(host)
  const addresses = literal === undefined ? await resolve(host) : [literal]
  if (addresses.length === 0) throw netError("NET_ERROR", `The name ${quoted(host)} has no address. Is it spelled right?`)
  if (!addresses.every((address) => mayDial(address, port)))
    throw netError(
      "NET_BLOCKED",
      literal === undefined
        ? `${quoted(host)} leads to an address that is not on the public internet, or is this server's own. Only public servers can be called.`
        : `${quoted(host)} is not a public address, or is this server's own. Only public servers can be called.`,
    )
  return addresses.slice(0, mostTried)
}

/** A lookup that knows nothing but what was checked. */
const pinned = (addresses: ReadonlyArray<string>): LookupFunction => {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_, options, callback) => (options.all === true ? callback(null, all) : callback(null, all[0]!.address, all[0]!.family))
}

/**
 * Opens sockets for undici. A name is resolved once for each socket; what comes back is checked, and the socket can go nowhere
 * else. `onSocket` hears of each one that was opened.
 */
export const dialer =
  (resolve: Resolve, mayDial: MayDial, onSocket: (socket: Socket) => void): buildConnector.connector =>
  ({ hostname, protocol, port: portText }, callback) => {
    const secure = protocol === "https:"
    const port = portText === "" ? (secure ? 443 : 80) : Number(portText)
    const open = (addresses: ReadonlyArray<string>): void => {
      const to = {
        host: hostname,
        port,
        lookup: pinned(addresses),
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: attemptMs,
        keepAlive: true,
        noDelay: true,
      }
      const socket = secure
        ? tlsConnect({
            ...to,
            ...(addressIn(hostname) === undefined ? { servername: hostname } : {}),
            ALPNProtocols: ["http/1.1"],
            minVersion: "TLSv1.2",
            rejectUnauthorized: true,
          })
        : netConnect(to)
      onSocket(socket)
      let answered = false
      const answer = (...result: Parameters<typeof callback>): void => {
        if (answered) return
        answered = true
        clearTimeout(timer)
        callback(...result)
      }
      const fail = (error: Error): void => {
        socket.destroy()
        answer(error, null)
      }
      const timer = setTimeout(
        () => fail(netError("NET_TIMEOUT", `${hostname}:${port} did not take the connection in ${connectMs / 1000} s.`)),
        connectMs,
      )
      socket.once("error", fail)
      socket.once("close", () => fail(netError("NET_ERROR", `${hostname}:${port} broke off the connection.`)))
      socket.once(secure ? "secureConnect" : "connect", () => {
        // Whatever led here, nothing is sent to an address that may not be dialled.
        if (socket.remoteAddress === undefined || !mayDial(socket.remoteAddress, port))
          return fail(netError("NET_BLOCKED", `${quoted(hostname)} is not a public address.`))
        answer(null, socket)
      })
    }
    checkedAddresses(hostname, port, resolve, mayDial)
      .then(open)
      .catch((error) => callback(error instanceof Error ? error : new Error(String(error)), null))
  }
