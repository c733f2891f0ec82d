import { hostFunction } from "../host.ts"
import { type BufferSource, type Bytes, bufferOf } from "./bytes.ts"

const encodeOnHost = hostFunction<[text: string, json: number], ArrayBuffer>("text.encode")
const decodeOnHost = hostFunction<[label: string, fatal: number, json: number, bytes: ArrayBuffer], string | 0 | undefined>("text.decode")
const stringify = JSON.stringify
const parse = JSON.parse

/** The UTF-8 of a string. What holds U+0000 can cross to the host only as JSON. */
export const utf8 = (text: string): Bytes =>
  text === ""
    ? new Uint8Array(0)
    : new Uint8Array(
        text.includes("\0") ? encodeOnHost(stringify(text), 1) : encodeOnHost(text.isWellFormed() ? text : text.toWellFormed(), 0),
      )

/** The text that bytes stand for in an encoding, a byte order mark included; `undefined` if they are not well-formed and have to be. */
export const decoded = (source: BufferSource, encoding: string, fatal: boolean): string | undefined => {
  if (source.byteLength === 0) return ""
  const bytes = bufferOf(source)
  const strict = fatal ? 1 : 0
  const text = decodeOnHost(encoding, strict, 0, bytes)
  if (typeof text === "string") return text
  return text === 0 ? undefined : parse(decodeOnHost(encoding, strict, 1, bytes) as string)
}

/** "UTF-8 decode": with replacement characters, without the byte order mark. */
export const textOf = (source: string | BufferSource): string => {
  const text = typeof source === "string" ? (source.isWellFormed() ? source : source.toWellFormed()) : decoded(source, "utf-8", false)!
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
