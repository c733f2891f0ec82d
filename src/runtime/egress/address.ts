import { BlockList, isIPv4, isIPv6 } from "node:net"
import { networkInterfaces } from "node:os"

/** What of IPv4 does not lead to the public internet (IANA's registry of special addresses), and where clouds keep their secrets. */
const specialV4 = [
  "0.0.0.0/8", // this network
  "10.0.0.0/8", // private
  "100.64.0.0/10", // behind a provider's NAT; also some clouds' metadata
  "127.0.0.0/8", // this machine
  "168.63.129.16/32", // Azure's agent: a public address that means the machine's host
  "169.254.0.0/16", // link-local; most clouds' metadata
  "172.16.0.0/12", // private
  "192.0.0.0/24", // protocol assignments
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // relays of 6to4, given up
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
]

/**
 * Of IPv6 only global unicast (2000::/3) can be public. That alone leaves out `::`, `::1`, IPv4-mapped and IPv4-compatible
 * addresses, 64:ff9b:1::/48, 100::/64, unique local, link-local, site-local and multicast ones. These are the exceptions within it.
 */
const specialV6 = [
  "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4, given up: each of them stands for an IPv4 address
  "3ffe::/16", // 6bone, given up
  "3fff::/20", // documentation
]

const listOf = (subnets: ReadonlyArray<string>, family: "ipv4" | "ipv6"): BlockList => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = "", bits] = subnet.split("/")
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

const refusedV4 = listOf(specialV4, "ipv4")
const refusedV6 = listOf(specialV6, "ipv6")
const globalV6 = listOf(["2000::/3"], "ipv6")
const nat64 = listOf(["64:ff9b::/96"], "ipv6")

/** Whether an address leads to the public internet. What is not an address is not public. */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !refusedV4.check(address, "ipv4")
  if (!isIPv6(address) || address.includes("%")) return false
  if (nat64.check(address, "ipv6")) return isPublicAddress(lastFourBytes(address))
  return globalV6.check(address, "ipv6") && !refusedV6.check(address, "ipv6")
}

/** The IPv4 address in the last 32 bits of an IPv6 address. */
const lastFourBytes = (address: string): string => {
  // The URL parser writes every IPv6 address in one canonical way, in which the last bits are hexadecimal.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(":")
  const [high, low] = [groups.at(-2) ?? "", groups.at(-1) ?? ""].map((group) => (group === "" ? 0 : Number.parseInt(group, 16)))
  return [high! >> 8, high! & 255, low! >> 8, low! & 255].join(".")
}

/** Whether an address is one of this machine's own; asked anew each time, since interfaces come and go. */
export const isOwnAddress = (address: string): boolean => {
  const family = isIPv4(address) ? "ipv4" : "ipv6"
  const own = new BlockList()
  for (const { address: mine, family: its } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
    if (!mine.includes("%")) own.addAddress(mine, its === "IPv4" ? "ipv4" : "ipv6")
  return own.check(address, family)
}
