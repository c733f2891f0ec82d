import { hostFunction } from "../host.ts"
import { linkSearchParams, resetSearchParams, URLSearchParams } from "./searchParams.ts"

const parseOnHost = hostFunction<[input: string, base: string], string | undefined>("url.parse")
const setOnHost = hostFunction<[href: string, part: string, value: string], string>("url.set")

/** The last URL that is known to be as a parser would write it: to parse it again asks nobody. */
let known: string | undefined

/** The URL as the standard writes it, or `undefined` if it is not one. */
export const parseUrl = (input: string, base?: string): string | undefined => {
  if (base === undefined && input === known) return input
  if (base === "") return undefined
  if (input.length > 65_536) throw new TypeError("A URL can have 65,536 characters at most.")
  const href = parseOnHost(crossing(input), base === undefined ? "" : crossing(base))
  if (href !== undefined) known = href
  return href
}

/** U+0000 cannot cross to the host. At the ends it means nothing, and elsewhere it means what `%00` means. */
const crossing = (text: string): string =>
  text.includes("\0")
    ? text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replaceAll("\0", "%00")
    : text.isWellFormed()
      ? text
      : text.toWellFormed()

export class URL {
  #href: string
  #cuts: Cuts | undefined
  #params: URLSearchParams | undefined

  constructor(url: unknown, base?: unknown) {
    const href = parseUrl(String(url), base === undefined ? undefined : String(base))
    if (href === undefined) throw invalid(url, base)
    this.#href = href
  }

  static canParse(url: unknown, base?: unknown): boolean {
    return parseUrl(String(url), base === undefined ? undefined : String(base)) !== undefined
  }

  static parse(url: unknown, base?: unknown): URL | null {
    return URL.canParse(url, base) ? new URL(url, base) : null
  }

  get href(): string {
    return this.#href
  }
  set href(value: unknown) {
    const href = parseUrl(String(value))
    if (href === undefined) throw invalid(value)
    this.#become(href)
  }

  get origin(): string {
    const protocol = this.protocol
    if (/^(https?|wss?|ftp):$/.test(protocol)) return `${protocol}//${this.host}`
    if (protocol === "blob:") {
      const inner = URL.parse(this.pathname)
      if (inner?.protocol.startsWith("http")) return inner.origin
    }
    return "null"
  }

  get protocol(): string {
    return this.#href.slice(0, this.#cut().scheme)
  }
  set protocol(value: unknown) {
    this.#set("protocol", value)
  }

  get username(): string {
    return this.#userinfo().split(":", 1)[0]!
  }
  set username(value: unknown) {
    this.#set("username", value)
  }

  get password(): string {
    const userinfo = this.#userinfo()
    const colon = userinfo.indexOf(":")
    return colon < 0 ? "" : userinfo.slice(colon + 1)
  }
  set password(value: unknown) {
    this.#set("password", value)
  }

  get host(): string {
    const { host, path } = this.#cut()
    return this.#href.slice(host, Math.max(host, path))
  }
  set host(value: unknown) {
    this.#set("host", value)
  }

  get hostname(): string {
    return this.host.replace(/:\d+$/, "")
  }
  set hostname(value: unknown) {
    this.#set("hostname", value)
  }

  get port(): string {
    return /:(\d+)$/.exec(this.host)?.[1] ?? ""
  }
  set port(value: unknown) {
    this.#set("port", value)
  }

  get pathname(): string {
    const { host, path, query } = this.#cut()
    // "/." keeps a path that begins with "//" from looking like a host.
    return this.#href.slice(host === path && this.#href.startsWith("/.//", path) ? path + 2 : path, query)
  }
  set pathname(value: unknown) {
    this.#set("pathname", value)
  }

  get search(): string {
    const { query, hash } = this.#cut()
    return hash - query > 1 ? this.#href.slice(query, hash) : ""
  }
  set search(value: unknown) {
    this.#set("search", value)
  }

  get searchParams(): URLSearchParams {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.search)
      linkSearchParams(this.#params, (text) => this.#move(setOnHost(this.#href, "search", text)))
    }
    return this.#params
  }

  get hash(): string {
    const { hash } = this.#cut()
    return this.#href.length - hash > 1 ? this.#href.slice(hash) : ""
  }
  set hash(value: unknown) {
    this.#set("hash", value)
  }

  toString(): string {
    return this.#href
  }

  toJSON(): string {
    return this.#href
  }

  #set(part: string, value: unknown): void {
    this.#become(setOnHost(this.#href, part, String(value).toWellFormed().replaceAll("\0", "%00")))
  }

  #become(href: string): void {
    this.#move(href)
    if (this.#params !== undefined) resetSearchParams(this.#params, this.search.slice(1))
  }

  #move(href: string): void {
    this.#href = href
    this.#cuts = undefined
  }

  #cut(): Cuts {
    this.#cuts ??= cutsOf(this.#href)
    return this.#cuts
  }

  #userinfo(): string {
    const { scheme, host } = this.#cut()
    return host > scheme + 3 ? this.#href.slice(scheme + 2, host - 1) : ""
  }
}

/** Where the parts of a URL begin: after the scheme's colon; the host; the path; `?`; `#`. A part that is missing is empty. */
interface Cuts {
  readonly scheme: number
  readonly host: number
  readonly path: number
  readonly query: number
  readonly hash: number
}

const cutsOf = (href: string): Cuts => {
  const scheme = href.indexOf(":") + 1
  let hash = href.indexOf("#", scheme)
  if (hash < 0) hash = href.length
  let query = href.indexOf("?", scheme)
  if (query < 0 || query > hash) query = hash
  if (!href.startsWith("//", scheme)) return { scheme, host: scheme, path: scheme, query, hash }
  let path = href.indexOf("/", scheme + 2)
  if (path < 0 || path > query) path = query
  const at = href.indexOf("@", scheme + 2)
  return { scheme, host: at < 0 || at > path ? scheme + 2 : at + 1, path, query, hash }
}

const invalid = (url: unknown, base?: unknown): TypeError =>
  Object.assign(new TypeError(base === undefined ? `Invalid URL: ${url}` : `Invalid URL: ${url} with base ${base}`), {
    code: "ERR_INVALID_URL",
  })
