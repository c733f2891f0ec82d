import { textOf } from "./text.ts"

/** To be told of changes, and to be set anew: the two ends of the link between a URL and its `searchParams`. */
export let linkSearchParams: (params: URLSearchParams, changed: (text: string) => void) => void
export let resetSearchParams: (params: URLSearchParams, query: string) => void

export class URLSearchParams {
  /** Name, value, name, value … */
  #list: Array<string>
  #changed: ((text: string) => void) | undefined

  static {
    linkSearchParams = (params, changed) => {
      params.#changed = changed
    }
    resetSearchParams = (params, query) => {
      params.#list = parsed(query)
    }
  }

  constructor(init?: unknown) {
    this.#list = init === undefined ? [] : listOf(init)
  }

  get size(): number {
    return this.#list.length / 2
  }

  get(name: unknown): string | null {
    const at = find(this.#list, usv(name))
    return at < 0 ? null : this.#list[at + 1]!
  }

  getAll(name: unknown): Array<string> {
    const key = usv(name)
    return this.#list.filter((_, i, list) => i % 2 === 1 && list[i - 1] === key)
  }

  has(name: unknown, value?: unknown): boolean {
    const key = usv(name)
    if (value === undefined) return find(this.#list, key) >= 0
    const wanted = usv(value)
    return this.#list.some((text, i, list) => i % 2 === 1 && text === wanted && list[i - 1] === key)
  }

  append(name: unknown, value: unknown): void {
    this.#list.push(usv(name), usv(value))
    this.#update()
  }

  set(name: unknown, value: unknown): void {
    const key = usv(name)
    const text = usv(value)
    const at = find(this.#list, key)
    if (at < 0) this.#list.push(key, text)
    else {
      this.#list[at + 1] = text
      this.#list = without(this.#list, (other, _, i) => other === key && i > at)
    }
    this.#update()
  }

  delete(name: unknown, value?: unknown): void {
    const key = usv(name)
    const only = value === undefined ? undefined : usv(value)
    this.#list = without(this.#list, (other, text) => other === key && (only === undefined || text === only))
    this.#update()
  }

  sort(): void {
    this.#list = [...this.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat()
    this.#update()
  }

  forEach(visit: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (let i = 0; i < this.#list.length; i += 2) visit.call(self, this.#list[i + 1]!, this.#list[i]!, this)
  }

  entries(): IterableIterator<[string, string]> {
    const pairs: Array<[string, string]> = []
    for (let i = 0; i < this.#list.length; i += 2) pairs.push([this.#list[i]!, this.#list[i + 1]!])
    return pairs.values()
  }

  keys(): IterableIterator<string> {
    return this.#list.filter((_, i) => i % 2 === 0).values()
  }

  values(): IterableIterator<string> {
    return this.#list.filter((_, i) => i % 2 === 1).values()
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }

  toString(): string {
    let text = ""
    for (let i = 0; i < this.#list.length; i += 2) text += `${i > 0 ? "&" : ""}${encoded(this.#list[i]!)}=${encoded(this.#list[i + 1]!)}`
    return text
  }

  #update(): void {
    this.#changed?.(this.toString())
  }
}

/** `application/x-www-form-urlencoded` read into name, value, name, value … */
const parsed = (query: string): Array<string> => {
  const list: Array<string> = []
  for (const part of query.split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    if (equals < 0) list.push(unescaped(part), "")
    else list.push(unescaped(part.slice(0, equals)), unescaped(part.slice(equals + 1)))
  }
  return list
}

const listOf = (init: unknown): Array<string> => {
  if (init === null || (typeof init !== "object" && typeof init !== "function")) {
    const text = usv(init)
    return parsed(text.startsWith("?") ? text.slice(1) : text)
  }
  const list: Array<string> = []
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<Iterable<unknown>>) {
      const both = [...pair]
      if (both.length !== 2) throw new TypeError("Each entry has to be a pair of name and value.")
      list.push(usv(both[0]), usv(both[1]))
    }
    return list
  }
  for (const [name, value] of Object.entries(init)) list.push(usv(name), usv(value))
  return list
}

const usv = (value: unknown): string => {
  const text = String(value)
  return text.isWellFormed() ? text : text.toWellFormed()
}

const find = (list: ReadonlyArray<string>, name: string): number => {
  let at = list.indexOf(name)
  while (at % 2 === 1) at = list.indexOf(name, at + 1)
  return at
}

const without = (list: ReadonlyArray<string>, drop: (name: string, value: string, i: number) => boolean): Array<string> => {
  const kept: Array<string> = []
  for (let i = 0; i < list.length; i += 2) if (!drop(list[i]!, list[i + 1]!, i)) kept.push(list[i]!, list[i + 1]!)
  return kept
}

const unescaped = (text: string): string => {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text
  if (!spaced.includes("%")) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return percentDecoded(spaced)
  }
}

/** For what is not clean UTF-8: a `%` that begins no escape stands for itself, and wrong bytes become replacement characters. */
const percentDecoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = new Uint8Array(run.length / 3)
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(run.slice(i * 3 + 1, i * 3 + 3), 16)
    // The mark of a byte order counts as text here.
    return textOf(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes]))
  })

const encoded = (text: string): string => {
  if (/^[\w*.-]*$/.test(text)) return text
  return encodeURIComponent(text).replace(/%20|[!'()~]/g, (part) =>
    part === "%20" ? "+" : `%${part.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
