import { badRequest, netError, quoted } from "./errors.ts"

const mostHeaders = 100
const mostHeaderBytes = 32 * 1024
const mostAnswerHeaders = 256

/** Larger headers of an answer end the call. */
export const largestAnswerHeaders = 64 * 1024

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// A header's value is sent as bytes: tab and what is visible in Latin-1.
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/

/** Left out of a call without a word, as browsers do: they belong to the connection, or claim who asks. */
const kept =
  /^(?!(host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|http2-settings|accept-encoding|via|forwarded|x-real-ip|cookie2|x-forwarded-.*|proxy-.*)$)/

/** Name and value in turn; names in lower case. */
export type FlatHeaders = ReadonlyArray<string>

const filtered = (headers: FlatHeaders, keep: (name: string) => boolean): Array<string> => {
  const result: Array<string> = []
  for (let i = 0; i + 1 < headers.length; i += 2) if (keep(headers[i]!)) result.push(headers[i]!, headers[i + 1]!)
  return result
}

/** The headers of a call as they are sent. Throws where one of them could not be sent as what it says. */
export const headersToSend = (headers: FlatHeaders): FlatHeaders => {
  const checked: Array<string> = []
  let bytes = 0
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    const value = (headers[i + 1] ?? "").replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, "")
    if (!token.test(name)) throw badRequest(`${quoted(name)} is not a valid header name.`)
    if (!sendable.test(value))
      throw badRequest(`The value of the header ${quoted(name)} holds a line break or another character that headers cannot hold.`)
    bytes += name.length + value.length
    checked.push(name.toLowerCase(), value)
  }
  if (checked.length > 2 * mostHeaders || bytes > mostHeaderBytes)
    throw netError("NET_SIZE", `A call may have at most ${mostHeaders} headers of ${mostHeaderBytes} bytes together.`)
  const result = filtered(checked, (name) => kept.test(name))
  const has = (name: string): boolean => result.some((item, i) => i % 2 === 0 && item === name)
  if (!has("accept")) result.push("accept", "*/*")
  if (!has("user-agent")) result.push("user-agent", "fazt")
  result.push("accept-encoding", "gzip, deflate, br")
  return result
}

/** For a redirect to another origin: without what proves who asks. */
export const withoutCredentials = (headers: FlatHeaders): FlatHeaders => filtered(headers, (name) => !/^(authorization|cookie)$/.test(name))

/** For a redirect that turns into a GET: without what describes the body. */
export const withoutBodyHeaders = (headers: FlatHeaders): FlatHeaders => filtered(headers, (name) => !name.startsWith("content-"))

/** The headers of an answer in lower case; throws if there are too many. */
export const headersReceived = (raw: FlatHeaders, where: string): FlatHeaders => {
  if (raw.length > 2 * mostAnswerHeaders)
    throw netError("NET_SIZE", `${where} answered with ${raw.length / 2} headers; at most ${mostAnswerHeaders} are accepted.`)
  return raw.map((item, i) => (i % 2 === 0 ? item.toLowerCase() : item))
}

/** A header's value; several are joined as HTTP says. */
export const headerOf = (headers: FlatHeaders, name: string): string | undefined => {
  const values = headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name)
  return values.length === 0 ? undefined : values.join(", ")
}

/** What described the body as it came over the wire, and no longer holds once it is decoded. */
export const withoutCoding = (headers: FlatHeaders): FlatHeaders =>
  filtered(headers, (name) => name !== "content-encoding" && name !== "content-length")
