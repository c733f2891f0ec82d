import type { IncomingMessage } from "node:http"
import { BlockList, isIPv4, isIPv6, type Socket, SocketAddress } from "node:net"
import type { TLSSocket } from "node:tls"
import { isLocal } from "./api/local.ts"

/** Who sent a request, as far as the network knows. */
export interface Client {
  /** An IPv4 or IPv6 address in its canonical form (RFC 5952), `local` for the local socket, `unknown` once the connection is gone. */
  readonly address: string
  readonly scheme: "http" | "https"
  /** Whether a trusted proxy has passed it on, with the name and the port that it was asked by. */
  readonly proxied: boolean
}

/** The proxies that are believed when they say for whom they ask. */
export interface TrustedProxies {
  /** Whether a canonical address is one of theirs. */
  readonly has: (address: string) => boolean
}

/** The setting `server.trusted_proxies`: addresses and CIDR ranges with commas between them; `loopback` is this machine. */
export const trustedProxies = (setting: string): TrustedProxies => {
  const entries = setting
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .flatMap((entry) => (entry === "loopback" ? ["127.0.0.0/8", "::1"] : [entry]))
  if (entries.length === 0) return noProxies
  const list = new BlockList()
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/")
    const family = isIPv4(address) ? "ipv4" : "ipv6"
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return { has: remembered((address) => list.check(address, address.includes(":") ? "ipv6" : "ipv4")) }
}

/** Answers by address that are remembered: visitors of a proxy send many requests, and asking the system costs microseconds. */
const mostRemembered = 10_000

const remembered = <A>(ask: (address: string) => A): ((address: string) => A) => {
  const known = new Map<string, A>()
  return (address) => {
    const before = known.get(address)
    if (before !== undefined) return before
    if (known.size >= mostRemembered) known.clear()
    const answer = ask(address)
    known.set(address, answer)
    return answer
  }
}

export const noProxies: TrustedProxies = { has: () => false }

/**
 * The client of a request: whoever has connected, or if that is a trusted proxy, whoever the proxies say they ask for. Of
 * `X-Forwarded-For` only the right end can be believed, where trusted proxies have written: the client is the last address there that is
 * none of them. Everybody can write anything to the left of it.
 */
export const clientOf = (req: IncomingMessage, trusted: TrustedProxies): Client => {
  const peer = peerOf(req.socket)
  const scheme = (req.socket as TLSSocket).encrypted === true ? "https" : "http"
  if (!isTrusted(peer, trusted)) return { address: peer.address, scheme, proxied: false }
  return {
    address: forwardedFor(req.headers["x-forwarded-for"], peer.address, trusted),
    scheme: forwardedProto(req.headers["x-forwarded-proto"]) ?? scheme,
    proxied: true,
  }
}

/** What the limits of a request's client are counted by, as `addressKey` says; nothing for this machine, which has none. */
export const limitKeyOf = (req: IncomingMessage, trusted: TrustedProxies): string | undefined => {
  const peer = peerOf(req.socket)
  return isTrusted(peer, trusted) ? limitKey(forwardedFor(req.headers["x-forwarded-for"], peer.address, trusted)) : peer.limitKey
}

/** What the limits of a connection are counted by; nothing for this machine and for proxies, over whose connections many clients come. */
export const connectionKey = (socket: Socket, trusted: TrustedProxies): string | undefined => {
  const peer = peerOf(socket)
  return isTrusted(peer, trusted) ? undefined : peer.limitKey
}

/** An IPv4 address, or the network of an IPv6 address: whoever has one address of 64 bits has them all. */
export const addressKey = (address: string): string => {
  if (!address.includes(":")) return address
  const [head = "", tail = ""] = address.split("::")
  const groups = head === "" ? [] : head.split(":")
  // Canonical: at most one run of zeros is left out, and it fills up what is missing.
  const missing = 8 - groups.length - (tail === "" ? 0 : tail.split(":").length)
  if (address.includes("::")) groups.push(...Array<string>(missing).fill("0"), ...(tail === "" ? [] : tail.split(":")))
  return `${groups.slice(0, 4).join(":")}::/64`
}

/** What the limits of an address are counted by; nothing for this machine. */
export const limitKey = (address: string): string | undefined => (isThisMachine(address) ? undefined : addressKey(address))

const isThisMachine = (address: string): boolean => address.startsWith("127.") || address === "::1" || address === "local"

/** RFC 5952, with IPv4 addresses that are written as IPv6 taken for what they are, and without a zone. Nothing for what is no address. */
export const canonicalAddress = (text: string): string | undefined => {
  if (isIPv4(text)) return text
  return isIPv6(text) ? canonicalV6(text) : undefined
}

const canonicalV6 = remembered((text) => {
  const { address } = new SocketAddress({ address: text.split("%", 1)[0]!, family: "ipv6" })
  const mapped = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : ""
  return isIPv4(mapped) ? mapped : address
})

/**
 * Whether a request comes straight from a program on this machine, which may then see what others need a key for: no proxy has passed
 * it on, and no page of another host has sent it by a name that leads here.
 */
export const isDirectLoopback = (req: IncomingMessage): boolean => {
  const { address } = peerOf(req.socket)
  if (!address.startsWith("127.") && address !== "::1") return false
  for (const name in req.headers) if (name.startsWith("x-forwarded-") || forwarding.has(name)) return false
  return localHost.test(req.headers.host ?? "")
}

const forwarding: ReadonlySet<string> = new Set(["forwarded", "via", "x-real-ip"])
const localHost = /^(([a-z0-9-]+\.)*localhost\.?|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i

/** The other end of a connection. */
interface Peer {
  readonly address: string
  readonly limitKey: string | undefined
  /** For which list of proxies `isTrusted` holds. */
  trustedBy: TrustedProxies | undefined
  isTrusted: boolean
}

const peers = new WeakMap<Socket, Peer>()

/** Worked out once for each connection. */
const peerOf = (socket: Socket): Peer => {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const address = isLocal({ socket }) ? "local" : (canonicalAddress(socket.remoteAddress ?? "") ?? "unknown")
  const peer = { address, limitKey: limitKey(address), trustedBy: undefined, isTrusted: false }
  peers.set(socket, peer)
  return peer
}

const isTrusted = (peer: Peer, trusted: TrustedProxies): boolean => {
  if (peer.trustedBy !== trusted) {
    peer.trustedBy = trusted
    peer.isTrusted = peer.address !== "local" && peer.address !== "unknown" && trusted.has(peer.address)
  }
  return peer.isTrusted
}

/** Addresses in `X-Forwarded-For` that are looked at. */
const mostHops = 32

/** Node joins the fields of this name with commas, in their order. */
const forwardedFor = (header: string | string[] | undefined, peer: string, trusted: TrustedProxies): string => {
  const list = String(header ?? "")
  let found = peer
  let end = list.length
  for (let hop = 0; hop < mostHops; hop++) {
    const start = list.lastIndexOf(",", end - 1) + 1
    const address = addressIn(list.slice(start, end).trim())
    if (address === undefined) return found
    found = address
    if (start === 0 || !trusted.has(address)) return found
    end = start - 1
  }
  return found
}

/** An address as proxies write it: some put the port behind it, and then brackets around one of IPv6. */
const addressIn = (text: string): string | undefined => {
  const [, v6, v4] = /^(?:\[([0-9a-f]*:[0-9a-f:.]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/i.exec(text) ?? []
  return canonicalAddress(v6 ?? v4 ?? text)
}

/** Of several proxies the last one knows how it was asked. */
const forwardedProto = (header: string | string[] | undefined): "http" | "https" | undefined => {
  const list = String(header ?? "")
  const last = list
    .slice(list.lastIndexOf(",") + 1)
    .trim()
    .toLowerCase()
  return last === "http" || last === "https" ? last : undefined
}
