import { type BufferSource, type Bytes, bytesOf, concatenated, isBufferSource } from "./bytes.ts"
import { type ReadableStream, streamOver } from "./readable.ts"
import { textOf, utf8 } from "./text.ts"

/** The bytes of a Blob, which nobody may change. */
export let blobBytes: (blob: Blob) => Bytes

const trusted = Symbol()

export const blobOf = (bytes: Bytes, type: string): Blob => new Blob(trusted, { type }, bytes)

export class Blob {
  readonly #bytes: Bytes
  readonly #type: string

  static {
    blobBytes = (blob) => blob.#bytes
  }

  constructor(parts?: unknown, options?: { readonly type?: unknown } | null, bytes?: Bytes) {
    this.#bytes = parts === trusted ? bytes! : parts === undefined ? new Uint8Array(0) : joined(parts)
    const type = String(options?.type ?? "")
    this.#type = /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : ""
  }

  get size(): number {
    return this.#bytes.length
  }

  get type(): string {
    return this.#type
  }

  slice(start = 0, end = this.size, type: unknown = ""): Blob {
    return blobOf(this.#bytes.subarray(start, end), String(type))
  }

  async text(): Promise<string> {
    return textOf(this.#bytes)
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer
  }

  async bytes(): Promise<Bytes> {
    return this.#bytes.slice()
  }

  stream(): ReadableStream {
    return streamOver(this.#bytes)
  }
}

export class File extends Blob {
  readonly #name: string
  readonly #lastModified: number

  constructor(parts: unknown, name: unknown, options?: { readonly type?: unknown; readonly lastModified?: unknown } | null, bytes?: Bytes) {
    if (name === undefined) throw new TypeError("A File needs its parts and a name.")
    super(parts, options, bytes)
    this.#name = String(name).toWellFormed()
    this.#lastModified = options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0
  }

  get name(): string {
    return this.#name
  }

  get lastModified(): number {
    return this.#lastModified
  }

  get webkitRelativePath(): string {
    return ""
  }
}

/** A File over bytes that nobody else holds. */
export const fileOf = (bytes: Bytes, name: string, type: string, lastModified?: number): File =>
  new File(trusted, name, { type, lastModified }, bytes)

const joined = (parts: unknown): Bytes => {
  if (typeof parts !== "object" || parts === null || !(Symbol.iterator in parts)) throw new TypeError("A Blob is made of a list of parts.")
  const chunks = Array.from(parts as Iterable<unknown>, (part) =>
    part instanceof Blob ? blobBytes(part) : isBufferSource(part) ? bytesOf(part as BufferSource) : utf8(String(part)),
  )
  // One part alone would be the caller's memory itself.
  return chunks.length === 1 ? chunks[0]!.slice() : concatenated(chunks)
}
