import { Body, type Content, contentOf, copyContent, textType } from "./body.ts"
import { type HeaderList, type Headers, headerIn, headerList, headerListOf, headersOver } from "./headers.ts"
import { parseUrl } from "./url.ts"

export interface ResponseInit {
  readonly status?: unknown
  readonly statusText?: unknown
  readonly headers?: unknown
}

/** A response as it leaves the sandbox. Text is text that can cross as it is. */
export interface Parts {
  readonly status: number
  /** Name, value, name, value …; `set-cookie` may come more than once. */
  readonly headers: HeaderList
  body: string | ArrayBuffer | null
}

/** What only responses from elsewhere, or unusual ones, have. */
interface Details {
  readonly statusText?: string
  readonly type?: string
  readonly url?: string
  readonly redirected?: boolean
}

/** The parts of a response that the host needs; the body is not among them yet. */
export let partsOf: (response: Response) => Parts
/** A response whose parts are known to be right. */
export let responseOf: (content: Content, status: number, headers: HeaderList, details?: Details) => Response
/** Whether something is a Response, or of a class that extends it. */
export let isResponseObject: (value: unknown) => value is Response

const trusted = Symbol()

export class Response extends Body {
  readonly #status: number
  /** The list until somebody asks for the object. */
  #headers: HeaderList | Headers
  #details: Details | undefined

  static {
    partsOf = (response) => {
      const headers = response.#headers
      return { status: response.#status, headers: Array.isArray(headers) ? headers : headerListOf(headers), body: null }
    }
    responseOf = (content, status, headers, details) => new Response(trusted, { status, headers, details } as ResponseInit, content)
    isResponseObject = (value): value is Response => typeof value === "object" && value !== null && #status in value
  }

  constructor(body?: unknown, init?: ResponseInit | null, trustedContent?: unknown) {
    let content: Content
    let type: string | undefined
    if (typeof body === "string") {
      content = body
      type = textType
    } else if (body === trusted) content = trustedContent as Content
    else ({ content, type } = contentOf(body))
    super(content)
    if (body === trusted) {
      const { status, headers, details } = init as { status: number; headers: HeaderList; details?: Details }
      this.#status = status
      this.#headers = headers
      this.#details = details
    } else if (init === undefined || init === null) {
      this.#status = 200
      this.#headers = type === undefined ? [] : ["content-type", type]
    } else {
      const { status, statusText } = init
      this.#status = status === undefined ? 200 : statusOf(status)
      if (statusText !== undefined && statusText !== "") this.#details = { statusText: reasonOf(statusText) }
      const list = headerList(init.headers)
      if (content !== null) {
        if (isNullBody(this.#status)) throw new TypeError(`A response of status ${this.#status} can have no body.`)
        if (type !== undefined && headerIn(list, "content-type") === null) list.push("content-type", type)
      }
      this.#headers = list
    }
  }

  static json(data: unknown, init?: ResponseInit | null): Response {
    const text = JSON.stringify(data)
    if (text === undefined) throw new TypeError("The value has no JSON.")
    const response = new Response(text, init && { status: init.status, statusText: init.statusText })
    const list = headerList(init?.headers)
    if (headerIn(list, "content-type") === null) list.push("content-type", "application/json")
    response.#headers = list
    return response
  }

  static redirect(url: unknown, status: unknown = 302): Response {
    const code = Number(status)
    if (![301, 302, 303, 307, 308].includes(code)) throw new RangeError(`${status} is not a status that redirects.`)
    const text = String(url)
    // There is no page to be relative to, so a path on the same host stays one.
    const location =
      parseUrl(text) ?? (/^[/\\](?![/\\])/.test(text) ? parseUrl(text, "http://0/")?.slice("http://0.0.0.0".length) : undefined)
    if (location === undefined) throw new TypeError(`Invalid URL: ${text}`)
    return responseOf(null, code, ["location", location])
  }

  static error(): Response {
    return responseOf(null, 0, [], { type: "error" })
  }

  get status(): number {
    return this.#status
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  get statusText(): string {
    return this.#details?.statusText ?? ""
  }

  get headers(): Headers {
    if (Array.isArray(this.#headers)) this.#headers = headersOver(this.#headers)
    return this.#headers
  }

  get type(): string {
    return this.#details?.type ?? "default"
  }

  get url(): string {
    return this.#details?.url ?? ""
  }

  get redirected(): boolean {
    return this.#details?.redirected ?? false
  }

  clone(): Response {
    return responseOf(copyContent(this), this.#status, [...partsOf(this).headers], this.#details)
  }
}

/** Statuses whose responses never have a body. */
export const isNullBody = (status: number): boolean =>
  status === 204 || status === 304 || status === 205 || status === 101 || status === 103

const statusOf = (status: unknown): number => {
  const number = Math.trunc(Number(status))
  if (number >= 200 && number <= 599) return number
  throw new RangeError(`The status of a response is from 200 to 599, not ${status}.`)
}

const reasonOf = (text: unknown): string => {
  const reason = String(text)
  if (/[^\t\x20-\x7e\x80-\xff]/.test(reason)) throw new TypeError("A statusText is one line of characters up to U+00FF.")
  return reason
}
