/** What scripts answer with, as the host takes it. */

/** Names and values in turn. A list of values stands for as many headers; what is missing is left out. */
export const flatHeaders = (given: unknown): Array<string> => {
  const all: Array<string> = []
  if (given === undefined || given === null) return all
  for (const [name, value] of Object.entries(given))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null) all.push(...headerPair(name, one))
  return all
}

/** A header that HTTP can carry, its name in lower case. */
export const headerPair = (name: unknown, value: unknown): readonly [name: string, value: string] => {
  const [key, text] = [String(name), String(value).trim()]
  if (!/^[!#$%&'*+\-.^_`|~\w]+$/.test(key)) throw new TypeError(`${JSON.stringify(key)} is not a name for a header.`)
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw new TypeError(`The header ${key} cannot be ${JSON.stringify(text)}: it may hold no line breaks and nothing above U+00FF.`)
  return [key.toLowerCase(), text]
}

export const hasHeader = (headers: ReadonlyArray<string>, name: string): boolean => headerOf(headers, name) !== undefined

export const headerOf = (headers: ReadonlyArray<string>, name: string): string | undefined => {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]
  return undefined
}

/** Bytes as they are, text as it is, and anything else as JSON; what has no JSON is nothing. */
export const bodyOf = (body: unknown): string | ArrayBuffer | null => {
  if (body === undefined || body === null) return null
  if (body instanceof ArrayBuffer) return body
  if (ArrayBuffer.isView(body)) return body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) as ArrayBuffer
  if (typeof body === "bigint") return String(body)
  return textOrBytes(typeof body === "string" ? body : (JSON.stringify(body) ?? ""))
}

/** What a C string cannot hold goes as bytes. */
const textOrBytes = (text: string): string | ArrayBuffer =>
  text.includes("\0") || !text.isWellFormed() ? (new TextEncoder().encode(text).buffer as ArrayBuffer) : text
