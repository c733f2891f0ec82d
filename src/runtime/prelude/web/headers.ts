/** Name in lower case, value, name, value …; a name may come more than once. */
export type HeaderList = Array<string>

/** A Headers object over a list that is known to be right; both see each other's changes. */
export let headersOver: (list: HeaderList) => Headers
/** The list under a Headers object. */
export let headerListOf: (headers: Headers) => HeaderList

const trusted = Symbol()

export class Headers {
  #list: HeaderList

  static {
    headersOver = (list) => new Headers(trusted, list)
    headerListOf = (headers) => headers.#list
  }

  constructor(init?: unknown, list?: unknown) {
    this.#list = init === trusted ? (list as HeaderList) : init === undefined ? [] : Headers.#read(init)
  }

  static #read(init: unknown): HeaderList {
    return typeof init === "object" && init !== null && #list in init ? [...init.#list] : listOf(init)
  }

  get(name: unknown): string | null {
    return headerIn(this.#list, lowerCase(name))
  }

  has(name: unknown): boolean {
    return find(this.#list, lowerCase(name), 0) >= 0
  }

  append(name: unknown, value: unknown): void {
    this.#list.push(lowerCase(name), headerValue(value))
  }

  set(name: unknown, value: unknown): void {
    setHeader(this.#list, lowerCase(name), headerValue(value))
  }

  delete(name: unknown): void {
    remove(this.#list, lowerCase(name), 0)
  }

  getSetCookie(): Array<string> {
    return allIn(this.#list, "set-cookie")
  }

  forEach(visit: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    // By place: to take pairs apart costs the interpreter several times as much.
    for (const pair of sorted(this.#list)) visit.call(self, pair[1], pair[0], this)
  }

  entries(): IterableIterator<[string, string]> {
    return sorted(this.#list).values()
  }

  keys(): IterableIterator<string> {
    return sorted(this.#list)
      .map(([name]) => name)
      .values()
  }

  values(): IterableIterator<string> {
    return sorted(this.#list)
      .map(([, value]) => value)
      .values()
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return sorted(this.#list).values()
  }
}

/** What `new Headers(init)` would hold, without the object. */
export const headerList = (init: unknown): HeaderList =>
  init === undefined ? [] : init instanceof Headers ? [...headerListOf(init)] : listOf(init)

/** The value under a name in lower case; several are joined. */
export const headerIn = (list: HeaderList, name: string): string | null => {
  const at = find(list, name, 0)
  if (at < 0) return null
  return find(list, name, at + 2) < 0 ? list[at + 1]! : allIn(list, name).join(", ")
}

/** Sets a name in lower case to a value that is known to be right. */
export const setHeader = (list: HeaderList, name: string, value: string): void => {
  const at = find(list, name, 0)
  if (at < 0) list.push(name, value)
  else {
    list[at + 1] = value
    remove(list, name, at + 2)
  }
}

const listOf = (init: unknown): HeaderList => {
  if (init === null || (typeof init !== "object" && typeof init !== "function"))
    throw new TypeError("Headers are made of an object, of pairs or of other headers.")
  const list: HeaderList = []
  if (Symbol.iterator in init)
    for (const pair of init as Iterable<Iterable<unknown>>) {
      if (typeof pair !== "object" || pair === null) throw new TypeError("Each header has to be a pair of name and value.")
      const both = [...pair]
      if (both.length !== 2) throw new TypeError("Each header has to be a pair of name and value.")
      list.push(lowerCase(both[0]), headerValue(both[1]))
    }
  else for (const name of Object.keys(init)) list.push(lowerCase(name), headerValue((init as Record<string, unknown>)[name]))
  return list
}

/** Native search, since a loop in the interpreter costs many times more. Values may look like names, so only even places count. */
const find = (list: HeaderList, name: string, from: number): number => {
  let at = list.indexOf(name, from)
  while (at > 0 && at % 2 === 1) at = list.indexOf(name, at + 1)
  return at
}

const allIn = (list: HeaderList, name: string): Array<string> => {
  const values: Array<string> = []
  for (let at = find(list, name, 0); at >= 0; at = find(list, name, at + 2)) values.push(list[at + 1]!)
  return values
}

const remove = (list: HeaderList, name: string, from: number): void => {
  for (let at = find(list, name, from); at >= 0; at = find(list, name, at)) list.splice(at, 2)
}

const sorted = (list: HeaderList): Array<[string, string]> => {
  const found: Array<string> = []
  for (let i = 0; i < list.length; i += 2) if (!found.includes(list[i]!)) found.push(list[i]!)
  const pairs: Array<[string, string]> = []
  for (const name of found.sort()) {
    if (name !== "set-cookie") pairs.push([name, found.length * 2 === list.length ? list[find(list, name, 0) + 1]! : headerIn(list, name)!])
    else for (const cookie of allIn(list, name)) pairs.push([name, cookie])
  }
  return pairs
}

/** Names and values that need no check, in the two ways that they are usually written. */
const names = new Map<string, string>()
for (const name of (
  "Accept Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers " +
  "Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age " +
  "Access-Control-Request-Headers Access-Control-Request-Method Age Allow Authorization Cache-Control Connection Content-Disposition " +
  "Content-Encoding Content-Language Content-Length Content-Location Content-Range Content-Security-Policy Content-Type Cookie Date ETag " +
  "Expires Forwarded Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Last-Modified Link Location Origin " +
  "Permissions-Policy Pragma Range Referer Referrer-Policy Retry-After Server Set-Cookie Strict-Transport-Security Transfer-Encoding " +
  "Upgrade User-Agent Vary WWW-Authenticate X-Content-Type-Options X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Frame-Options " +
  "X-Powered-By X-Real-IP X-Request-ID X-Requested-With X-XSS-Protection"
).split(" ")) {
  const lower = name.toLowerCase()
  names.set(name, lower).set(lower, lower)
}

const values = new Set([
  "application/json",
  "application/json; charset=utf-8",
  "application/json; charset=UTF-8",
  "text/html",
  "text/html; charset=utf-8",
  "text/html; charset=UTF-8",
  "text/html;charset=utf-8",
  "text/html;charset=UTF-8",
  "text/plain",
  "text/plain; charset=utf-8",
  "text/plain; charset=UTF-8",
  "text/plain;charset=UTF-8",
  "no-store",
  "no-cache",
  "*",
  "/",
  "Origin",
  "true",
])

const lowerCase = (name: unknown): string => {
  const known = names.get(name as string)
  if (known !== undefined) return known
  const text = String(name)
  if (!/^[!#$%&'*+\-.^_`|~\w]+$/.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a name for a header.`)
  return text.toLowerCase()
}

const headerValue = (value: unknown): string => {
  if (values.has(value as string)) return value as string
  let text = String(value)
  if (text.charCodeAt(0) <= 32 || text.charCodeAt(text.length - 1) <= 32) text = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "")
  if (/[\0\n\r\u0100-\uffff]/.test(text))
    throw new TypeError(
      `${JSON.stringify(text)} is not a value for a header: it may hold no line breaks, no U+0000 and nothing above U+00FF.`,
    )
  return text
}
