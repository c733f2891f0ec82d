import { parseHttpDate } from "./conditional.ts"

/**
 * Range requests: RFC 9110 section 14 (which replaces RFC 7233), with the defence of section 17.15.
 */

export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

/** Every member counts, also an empty one: a longer list is no honest request. */
const MAX_RANGES = 16
/** Two ranges that overlap are merged; three are "more than two overlapping ranges" (RFC 9110 section 17.15). */
const MAX_OVERLAPS = 1

const RANGE_SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/

/**
 * Reads a Range field for a representation of `size` bytes (RFC 9110 sections 14.1.2 and 14.2). The ranges lie within
 * the representation, are sorted, and neither overlap nor touch. "ignore" means 200 with the whole representation,
 * "unsatisfiable" means 416.
 */
export function parseRange(header: string, size: number): "ignore" | "unsatisfiable" | ReadonlyArray<ByteRange> {
  const equals = header.indexOf("=")
  if (equals === -1 || header.slice(0, equals).toLowerCase() !== "bytes") return "ignore"
  const members = header.slice(equals + 1).split(",", MAX_RANGES + 1)
  if (members.length > MAX_RANGES) return "ignore"

  const ranges: Array<ByteRange> = []
  let any = false
  for (const member of members) {
    const text = member.trim()
    // RFC 9110 section 5.6.1.2: empty list members are ignored.
    if (text === "") continue
    const spec = RANGE_SPEC.exec(text)
    if (spec === null) return "ignore"
    any = true
    const [, first, last, suffix] = spec
    if (suffix !== undefined) {
      const length = Math.min(Number(suffix), size)
      // A suffix of an empty representation is satisfiable, but no Content-Range can say so: the empty whole is sent.
      if (length === 0 && Number(suffix) > 0) return "ignore"
      if (length > 0) ranges.push({ start: size - length, end: size - 1 })
      continue
    }
    const start = Number(first)
    const end = last === "" || last === undefined ? size - 1 : Number(last)
    if (last !== "" && end < start) return "ignore"
    if (start < size) ranges.push({ start, end: Math.min(end, size - 1) })
  }
  if (!any) return "ignore"
  if (ranges.length === 0) return "unsatisfiable"
  return ranges.length === 1 ? ranges : coalesce(ranges)
}

function coalesce(ranges: Array<ByteRange>): "ignore" | ReadonlyArray<ByteRange> {
  ranges.sort((a, b) => a.start - b.start)
  const merged: Array<ByteRange> = []
  let overlaps = 0
  for (const range of ranges) {
    const previous = merged.at(-1)
    if (previous === undefined || range.start > previous.end + 1) {
      merged.push(range)
      continue
    }
    if (range.start <= previous.end && ++overlaps > MAX_OVERLAPS) return "ignore"
    merged[merged.length - 1] = { start: previous.start, end: Math.max(previous.end, range.end) }
  }
  return merged
}

/**
 * RFC 9110 section 13.1.5: whether Range may be honoured. A tag is compared strongly, a date must be the very
 * Last-Modified that was sent; anything else means the whole representation.
 */
export function ifRangeAllows(header: string | undefined, etag: string, lastModifiedMs: number): boolean {
  if (header === undefined) return true
  if (header.startsWith('"')) return header === etag
  const date = parseHttpDate(header)
  return date !== undefined && date === Math.floor(lastModifiedMs / 1000) * 1000
}

/** The Content-Range of one part (RFC 9110 section 14.4). */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}

export interface MultipartByteranges {
  readonly contentType: string
  readonly length: number
  readonly parts: ReadonlyArray<{ readonly head: Buffer; readonly range: ByteRange }>
  readonly tail: Buffer
}

/**
 * The frame of a multipart/byteranges body (RFC 9110 section 14.6): for each part its head and then the bytes of its
 * range, and at last the tail. `boundary` is a token of at most 70 characters (RFC 2046 section 5.1.1) that is
 * unlikely to occur in the content; `contentType` is the type of the representation.
 */
export function multipartByteranges(
  ranges: ReadonlyArray<ByteRange>,
  size: number,
  contentType: string,
  boundary: string,
): MultipartByteranges {
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`, "latin1")
  let length = tail.length
  const parts = ranges.map((range, index) => {
    const open = index === 0 ? "--" : "\r\n--"
    const fields = `Content-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}`
    const head = Buffer.from(`${open}${boundary}\r\n${fields}\r\n\r\n`, "latin1")
    length += head.length + range.end - range.start + 1
    return { head, range }
  })
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, parts, tail }
}
