import { hostFunction } from "../host.ts"
import { type BufferSource, type Bytes, bytesOf, concatenated, isBufferSource } from "./bytes.ts"
import { decoded, utf8 } from "./text.ts"

const encodingOnHost = hostFunction<[label: string], string | undefined>("text.encoding")

export class TextEncoder {
  get encoding(): string {
    return "utf-8"
  }

  encode(text: unknown = ""): Bytes {
    return utf8(String(text))
  }

  encodeInto(source: unknown, target: Uint8Array): { read: number; written: number } {
    const text = String(source)
    const bytes = utf8(text)
    if (bytes.length <= target.length) {
      target.set(bytes)
      return { read: text.length, written: bytes.length }
    }
    let written = target.length
    while (((bytes[written] ?? 0) & 0xc0) === 0x80) written--
    const part = bytes.subarray(0, written)
    target.set(part)
    return { read: decoded(part, "utf-8", false)!.length, written }
  }
}

export class TextDecoder {
  readonly #encoding: string
  readonly #fatal: boolean
  readonly #ignoreBOM: boolean
  /** The bytes of a character that is not complete yet. */
  #rest: Bytes | undefined
  #started = false

  constructor(label: unknown = "utf-8", options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
    const name = String(label).trim().toLowerCase()
    const encoding = name === "utf-8" || name === "utf8" ? "utf-8" : name.includes("\0") ? undefined : encodingOnHost(name)
    if (encoding === undefined) throw new RangeError(`The encoding "${label}" is not supported.`)
    this.#encoding = encoding
    this.#fatal = Boolean(options?.fatal)
    this.#ignoreBOM = Boolean(options?.ignoreBOM)
  }

  get encoding(): string {
    return this.#encoding
  }

  get fatal(): boolean {
    return this.#fatal
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM
  }

  decode(input?: BufferSource, options?: { readonly stream?: boolean }): string {
    if (input !== undefined && !isBufferSource(input)) throw new TypeError("TextDecoder.decode takes an ArrayBuffer or a view of one.")
    let bytes = input === undefined ? new Uint8Array(0) : bytesOf(input)
    if (this.#rest !== undefined) bytes = concatenated([this.#rest, bytes])
    this.#rest = undefined
    const more = Boolean(options?.stream)
    if (more) {
      const kept = incomplete(bytes, this.#encoding)
      // A copy: the caller may use its memory again before the rest comes.
      if (kept > 0) this.#rest = bytes.slice(bytes.length - kept)
      bytes = bytes.subarray(0, bytes.length - kept)
    }
    const text = decoded(bytes, this.#encoding, this.#fatal)
    if (text === undefined) {
      this.#started = false
      throw new TypeError(`The bytes are not valid ${this.#encoding}.`)
    }
    const first = !this.#started
    this.#started = more && (this.#started || text !== "")
    return first && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff && this.#encoding.startsWith("utf-") ? text.slice(1) : text
  }
}

/** How many bytes at the end are the beginning of a character. Of rarer encodings of many bytes, everything is kept to the end. */
const incomplete = (bytes: Bytes, encoding: string): number => {
  const length = bytes.length
  if (encoding === "utf-8") {
    for (let back = 1; back <= 3 && back <= length; back++) {
      const byte = bytes[length - back]!
      if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
      if (byte < 0x80) return 0
    }
    return 0
  }
  if (encoding.startsWith("utf-16")) {
    const odd = length % 2
    const high = bytes[length - odd - (encoding === "utf-16le" ? 1 : 2)]
    return high !== undefined && high >= 0xd8 && high < 0xdc ? odd + 2 : odd
  }
  return /^(gb|big5|euc-|iso-2022|shift)/.test(encoding) ? length : 0
}
