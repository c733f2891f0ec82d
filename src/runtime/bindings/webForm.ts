import type { HostTable } from "../host.ts"

/** A part of a form; `start` and `end` are places in the body. */
interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly type: string | undefined
  readonly start: number
  readonly end: number
}

/** More parts than any form has: each costs the guest far more than the host. */
const mostParts = 10_000
const longestHead = 16_384

export const formFunctions: HostTable = {
  /** The parts of a `multipart/form-data` body as JSON, or nothing if it is malformed. */
  "multipart.parts": {
    kind: "sync",
    takes: "sb",
    run: (boundary: string, bytes: Uint8Array): string | undefined => {
      const parts = partsOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), boundary)
      return parts && JSON.stringify(parts)
    },
  },
}

const partsOf = (body: Buffer, boundary: string): ReadonlyArray<Part> | undefined => {
  if (boundary === "" || boundary.length > 200) return undefined
  const first = Buffer.from(`--${boundary}`, "latin1")
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1")
  const parts: Array<Part> = []
  let at = body.indexOf(first)
  // What stands before the first boundary counts for nothing, but the boundary begins a line.
  if (at < 0 || (at > 0 && body[at - 1] !== 0x0a)) return undefined
  at += first.length
  while (!body.subarray(at, at + 2).equals(dashes)) {
    while (body[at] === 0x20 || body[at] === 0x09) at++
    if (!body.subarray(at, at + 2).equals(lineEnd) || parts.length === mostParts) return undefined
    // An empty head ends where it begins.
    const headEnd = body.indexOf("\r\n\r\n", at)
    if (headEnd < 0 || headEnd - at > longestHead) return undefined
    const head = headOf(body.toString("utf8", at + 2, headEnd))
    const start = headEnd + 4
    // Of an empty part, the line's end before the boundary is the one that ended the head.
    const end = body.indexOf(delimiter, start - 2)
    if (head === undefined || end < 0) return undefined
    parts.push({ ...head, start, end: Math.max(start, end) })
    at = end + delimiter.length
  }
  return parts
}

const dashes = Buffer.from("--")
const lineEnd = Buffer.from("\r\n")

const headOf = (text: string): Pick<Part, "name" | "filename" | "type"> | undefined => {
  let name: string | undefined
  let filename: string | undefined
  let type: string | undefined
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":")
    const header = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (header === "content-type") type = value
    if (header !== "content-disposition") continue
    if (!/^form-data\s*;/i.test(value)) return undefined
    const parameters = parametersOf(value)
    name = parameters.get("name")
    filename = parameters.get("filename")
  }
  return name === undefined ? undefined : { name, filename, type }
}

/** By name in lower case, the first of each. One after another, so that nothing inside of quotes is taken for a parameter. */
const parametersOf = (value: string): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>()
  for (const [, name, quoted, plain] of value.matchAll(/;\s*([^\s;="]+)=(?:"([^"]*)"|([^\s;"]+))/g)) {
    const key = name!.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, decoded(quoted ?? plain!))
  }
  return parameters
}

const decoded = (text: string): string => text.replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"')
