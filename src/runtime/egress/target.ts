import { isIP } from "node:net"
import { domainToASCII } from "node:url"
import { badRequest, netError, quoted } from "./errors.ts"

const longestUrl = 16 * 1024

/** Ports on which no web server listens, but others that could be made to misread a request (the Fetch standard's bad ports). */
const badPorts: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
  119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
  989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** Names that mean something in a machine or a local network only, and their subdomains. */
const localNames = ["localhost", "local", "internal", "home.arpa", "onion"]

const dnsName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$/

/**
 * The address that a call goes to, in the one canonical form that is checked, dialled and shown: parsed as browsers parse it, so
 * that `http://0x7f.1/`, full-width digits, backslashes and line breaks are seen for what they are. Throws if it may not be called
 * by its looks; what its name leads to is checked when it is dialled.
 */
export const targetOf = (text: string, base: URL | undefined, allowedHosts: ReadonlyArray<string>): URL => {
  if (text.length > longestUrl) throw netError("NET_SIZE", `The URL has ${text.length} characters; at most ${longestUrl} are accepted.`)
  const url = URL.parse(text, base)
  if (url === null) throw badRequest(`${quoted(text)} is not a valid URL. Give a whole one, such as https://example.com/path.`)
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw netError("NET_BLOCKED", `${url.protocol} URLs cannot be called, only http: and https: ones.`)
  if (url.username !== "" || url.password !== "")
    throw netError("NET_BLOCKED", "The URL holds a user name or password. Send them in an Authorization header instead.")
  if (url.hostname.endsWith(".")) url.hostname = url.hostname.slice(0, -1)
  const host = url.hostname
  if (addressIn(host) === undefined && !isPublicName(host))
    throw netError("NET_BLOCKED", `${quoted(host)} is not the name of a public host.`)
  if (badPorts.has(portOf(url)))
    throw netError("NET_BLOCKED", `Port ${portOf(url)} belongs to another protocol than HTTP and cannot be called.`)
  if (!isAllowed(host, allowedHosts))
    throw netError(
      "NET_BLOCKED",
      `${quoted(host)} is not among the hosts that this site may call. The owner of the server can add it to them.`,
    )
  return url
}

/** The IP address that a URL's host is, if it is one. */
export const addressIn = (host: string): string | undefined => {
  const address = host.startsWith("[") ? host.slice(1, -1) : host
  return isIP(address) === 0 ? undefined : address
}

const portOf = (url: URL): number => (url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port))

const isPublicName = (host: string): boolean => dnsName.test(host) && !localNames.some((name) => host === name || host.endsWith(`.${name}`))

/** Whether a list of hosts has this one; an empty list has every host. */
const isAllowed = (host: string, allowedHosts: ReadonlyArray<string>): boolean =>
  allowedHosts.length === 0 ||
  allowedHosts.some((entry) => {
    if (!entry.startsWith("*.")) return host === canonical(entry)
    const parent = canonical(entry.slice(2))
    return parent !== "" && host.endsWith(`.${parent}`)
  })

const canonical = (name: string): string => {
  const trimmed = name.trim().replace(/\.$/, "")
  return trimmed.includes(":") ? trimmed.toLowerCase() : domainToASCII(trimmed)
}
