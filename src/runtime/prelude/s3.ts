import { hostFunction } from "./host.ts"
import { markServed, type Served } from "./object.ts"
import { failure, keyText } from "./storageArguments.ts"
import { Blob, blobBytes } from "./web/blob.ts"
import { type BufferSource, bufferOf, isBufferSource } from "./web/bytes.ts"
import { textOf, utf8 } from "./web/text.ts"

const head = hostFunction<[path: string], string | undefined>("s3.head")
const bytesOf = hostFunction<[hash: string], ArrayBuffer>("s3.bytes")
const base64Of = hostFunction<[hash: string], string>("s3.base64")
const put = hostFunction<[path: string, mime: string, bytes: ArrayBuffer], string>("s3.put")
const remove = hostFunction<[path: string], number>("s3.delete")
const list = hostFunction<[prefix: string, cursor: string, limit: number], string>("s3.list")

const { parse } = JSON

export interface ObjectInfo {
  readonly path: string
  readonly mime: string
  readonly size: number
  /** The SHA-256 of its bytes, in hexadecimal. */
  readonly hash: string
  /** Epoch milliseconds. */
  readonly updatedAt: number
}

export type ObjectItem = Omit<ObjectInfo, "hash">

export interface ServeOptions {
  readonly status?: number
  readonly headers?: unknown
  /** The name under which browsers save it, instead of showing it. */
  readonly download?: string
}

const pathOf = (path: unknown): string => keyText(path, "OBJECT_PATH_INVALID", "A path")

const infoOf = (path: unknown): ObjectInfo | undefined => {
  const json = head(pathOf(path))
  return json === undefined ? undefined : parse(json)
}

const contentOf = (content: unknown): readonly [bytes: ArrayBuffer, mime: string] => {
  if (typeof content === "string") return [bufferOf(utf8(content)), "text/plain; charset=utf-8"]
  if (content instanceof Blob) return [bufferOf(blobBytes(content)), content.type || "application/octet-stream"]
  if (isBufferSource(content)) return [bufferOf(content as BufferSource), "application/octet-stream"]
  throw failure("OBJECT_CONTENT_INVALID", "An object's content is a string, an ArrayBuffer, a typed array or a Blob.")
}

/** An object's content, read when it is asked for; it stays what it was, whatever is put there later. */
const contentReader = (hash: string) => ({
  get data(): string {
    return base64Of(hash)
  },
  text: (): string => textOf(bytesOf(hash)),
  json: (): unknown => parse(textOf(bytesOf(hash))),
  arrayBuffer: (): ArrayBuffer => bytesOf(hash),
})

/** Names and values in turn, of anything that a `Headers` can be made of. */
const headersOf = (given: unknown): Array<string> => {
  if (given === undefined || given === null) return []
  const isIterable = typeof (given as { [Symbol.iterator]?: unknown })[Symbol.iterator] === "function"
  const pairs = isIterable ? [...(given as Iterable<readonly [unknown, unknown]>)] : Object.entries(given as object)
  return pairs.flatMap(([name, value]) => {
    const [key, text] = [String(name).toLowerCase(), String(value).trim()]
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key) || /[\0\r\n]/.test(text))
      throw new TypeError(`The header ${JSON.stringify(key)} is not valid.`)
    return [key, text]
  })
}

const attachment = (name: string): string => {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, "_")
  const exact = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}

/** The object store of the site. */
export const makeS3 = () => {
  function listOf(prefix?: string): Array<ObjectItem>
  function listOf(options: { readonly prefix?: string; readonly limit?: number; readonly cursor?: string }): {
    readonly items: Array<ObjectItem>
    readonly cursor?: string
  }
  function listOf(given: string | { readonly prefix?: string; readonly limit?: number; readonly cursor?: string } = ""): unknown {
    if (given === null || typeof given !== "object") return parse(list(given === "" ? "" : pathOf(given), "", 0)).items
    const { prefix = "", limit = 1000, cursor = "" } = given
    if (!(limit >= 1)) throw failure("OBJECT_LIMIT_INVALID", "limit is a number from 1 on.")
    return parse(list(prefix === "" ? "" : pathOf(prefix), cursor === "" ? "" : pathOf(cursor), limit))
  }

  return {
    put: (path: unknown, content: unknown, mime?: unknown): ObjectInfo => {
      const [bytes, usual] = contentOf(content)
      return parse(put(pathOf(path), mime === undefined || mime === null || mime === "" ? usual : String(mime), bytes))
    },
    /** The object with its content: `data` is base64, and `text()`, `json()` and `arrayBuffer()` give it in other forms. */
    get: (path: unknown) => {
      const info = infoOf(path)
      if (info === undefined) return null
      const { mime, size, hash } = info
      const content = contentReader(hash)
      Object.defineProperties(content, { text: { enumerable: false }, json: { enumerable: false }, arrayBuffer: { enumerable: false } })
      return Object.assign(content, { mime, size, hash })
    },
    head: (path: unknown): ObjectInfo | null => infoOf(path) ?? null,
    delete: (path: unknown): boolean => remove(pathOf(path)) === 1,
    list: listOf,
    /** An answer that consists of the object, sent by the server with ranges and an ETag. `null` if there is no such object. */
    serve: (path: unknown, { status = 200, headers, download }: ServeOptions = {}): Served | null => {
      const info = infoOf(path)
      if (info === undefined) return null
      const all = headersOf(headers)
      if (download !== undefined) all.push("content-disposition", attachment(String(download)))
      const object = Object.freeze({ hash: info.hash, size: info.size, type: info.mime })
      return markServed(Object.freeze({ status: Number(status), headers: Object.freeze(all), object }))
    },
  }
}

export type S3 = ReturnType<typeof makeS3>
