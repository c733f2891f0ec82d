import { AbortSignal, newSignal } from "./abort.ts"
import { Body, type Content, contentOf, copyContent, takeContent } from "./body.ts"
import { type HeaderList, Headers, headerIn, headerList, headerListOf, headersOver } from "./headers.ts"
import { parseUrl } from "./url.ts"

export interface RequestInit extends Settings {
  readonly method?: unknown
  readonly headers?: unknown
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
  readonly duplex?: unknown
}

/** What browsers do with a request. Here only `redirect` has an effect; the rest is kept for code that hands it on. */
interface Settings {
  readonly redirect?: unknown
  readonly cache?: unknown
  readonly credentials?: unknown
  readonly mode?: unknown
  readonly integrity?: unknown
  readonly keepalive?: unknown
  readonly referrer?: unknown
  readonly referrerPolicy?: unknown
}

interface More extends Settings {
  signal?: AbortSignal | undefined
}

/** A request whose parts are known to be right. */
export let requestOf: (content: Content, url: string, method: string, headers: string | HeaderList, more?: More) => Request
/** The headers without the object. */
export let requestHeaders: (request: Request) => HeaderList

const trusted = Symbol()

export class Request extends Body {
  readonly #url: string
  readonly #method: string
  /** The text or the list until somebody asks for the object. */
  #headers: string | HeaderList | Headers
  #more: More | undefined

  static {
    requestOf = (content, url, method, headers, more) => new Request(trusted, more, content, url, method, headers)
    requestHeaders = (request) => {
      if (typeof request.#headers === "string") request.#headers = request.#headers.split("\n")
      return Array.isArray(request.#headers) ? request.#headers : headerListOf(request.#headers)
    }
  }

  constructor(input: unknown, init?: RequestInit | null, content?: Content, url?: string, method?: string, headers?: string | HeaderList) {
    const made = input === trusted ? undefined : Request.#read(input, init ?? undefined)
    super(made === undefined ? content! : made.content)
    if (made === undefined) {
      this.#url = url!
      this.#method = method!
      this.#headers = headers!
      this.#more = init as More | undefined
    } else {
      this.#url = made.url
      this.#method = made.method
      this.#headers = made.headers
      this.#more = made.more
    }
  }

  static #read(
    input: unknown,
    init: RequestInit | undefined,
  ): { content: Content; url: string; method: string; headers: HeaderList; more: More | undefined } {
    const from = typeof input === "object" && input !== null && #url in input ? input : undefined
    const given = init ?? {}
    const url = from === undefined ? urlOf(input) : from.#url
    const method = given.method === undefined ? (from === undefined ? "GET" : from.#method) : methodOf(given.method)
    const headers = given.headers === undefined && from !== undefined ? [...requestHeaders(from)] : headerList(given.headers)
    const more = init !== undefined ? moreOf(init, from) : from === undefined ? undefined : from.#more
    const brought = given.body === undefined || given.body === null ? undefined : contentOf(given.body)
    if (brought?.type !== undefined && headerIn(headers, "content-type") === null) headers.push("content-type", brought.type)
    const content = brought !== undefined ? brought.content : from === undefined ? null : takeContent(from)
    if (content !== null && (method === "GET" || method === "HEAD")) throw new TypeError(`A ${method} request can have no body.`)
    return { content, url, method, headers, more }
  }

  get url(): string {
    return this.#url
  }

  get method(): string {
    return this.#method
  }

  get headers(): Headers {
    if (this.#headers instanceof Headers) return this.#headers
    this.#headers = headersOver(requestHeaders(this))
    return this.#headers
  }

  get signal(): AbortSignal {
    this.#more ??= {}
    this.#more.signal ??= newSignal()
    return this.#more.signal
  }

  get redirect(): string {
    return String(this.#more?.redirect ?? "follow")
  }
  get cache(): string {
    return String(this.#more?.cache ?? "default")
  }
  get credentials(): string {
    return String(this.#more?.credentials ?? "same-origin")
  }
  get mode(): string {
    return String(this.#more?.mode ?? "cors")
  }
  get integrity(): string {
    return String(this.#more?.integrity ?? "")
  }
  get keepalive(): boolean {
    return Boolean(this.#more?.keepalive)
  }
  get referrer(): string {
    return String(this.#more?.referrer ?? "about:client")
  }
  get referrerPolicy(): string {
    return String(this.#more?.referrerPolicy ?? "")
  }
  get destination(): string {
    return ""
  }
  get duplex(): string {
    return "half"
  }

  clone(): Request {
    return requestOf(copyContent(this), this.#url, this.#method, [...requestHeaders(this)], this.#more && { ...this.#more })
  }
}

const settings = ["redirect", "cache", "credentials", "mode", "integrity", "keepalive", "referrer", "referrerPolicy"] as const

const moreOf = (init: RequestInit, from: Request | undefined): More => {
  const signal = init.signal === undefined ? from?.signal : init.signal
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) throw new TypeError("signal has to be an AbortSignal.")
  if (init.redirect !== undefined && !["follow", "error", "manual"].includes(String(init.redirect)))
    throw new TypeError('redirect is "follow", "manual" or "error".')
  const more: Record<string, unknown> = { signal: signal ?? undefined }
  for (const name of settings) {
    const value = init[name] ?? from?.[name]
    if (value !== undefined) more[name] = value
  }
  return more
}

const urlOf = (input: unknown): string => {
  const text = String(input)
  const href = parseUrl(text)
  if (href === undefined) throw new TypeError(`Invalid URL: ${text}. A request needs a whole URL, with its host.`)
  if (/^[a-z][a-z\d+.-]*:\/\/[^/?#]*@/.test(href))
    throw new TypeError("The URL of a request can hold no user name and no password: send an Authorization header.")
  return href
}

const usual = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])

const methodOf = (value: unknown): string => {
  if (usual.has(value as string)) return value as string
  const method = String(value)
  const upper = method.toUpperCase()
  if (!/^[!#$%&'*+\-.^_`|~\w]+$/.test(method) || /^(CONNECT|TRACE|TRACK)$/.test(upper))
    throw new TypeError(`"${method}" is not a method that a request can have.`)
  // "patch" is not in the standard's list of methods that it writes in capitals.
  return usual.has(upper) && upper !== "PATCH" ? upper : method
}
