import { hostFunction } from "../host.ts"
import { DOMException } from "./domException.ts"

const encodeOnHost = hostFunction<[text: string, json: number], string>("base64.encode")
const decodeOnHost = hostFunction<[text: string, json: number], string | 0 | undefined>("base64.decode")
const stringify = JSON.stringify
const parse = JSON.parse

export const btoa = (value: unknown): string => {
  const text = String(value)
  if (/[^\0-\xff]/.test(text)) throw new DOMException("btoa takes characters up to U+00FF only.", "InvalidCharacterError")
  return text.includes("\0") ? encodeOnHost(stringify(text), 1) : encodeOnHost(text, 0)
}

export const atob = (value: unknown): string => {
  const given = String(value)
  const text = given.includes("\0") ? "?" : given.toWellFormed()
  const plain = decodeOnHost(text, 0)
  if (plain === 0) throw new DOMException("The string is not base64.", "InvalidCharacterError")
  return plain ?? parse(decodeOnHost(text, 1) as string)
}
