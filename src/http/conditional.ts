/**
 * Conditional requests: RFC 9110 section 13, entity tags (8.8.3) and HTTP dates (5.6.7).
 */

const COMMA = 0x2c
const QUOTE = 0x22
const SPACE = 0x20
const TAB = 0x09

/** Whether a member of an entity-tag list equals one of `etags`; members that are no entity tag are stepped over. */
function listsOneOf(header: string, etags: ReadonlyArray<string>, weakly: boolean): boolean {
  const length = header.length
  let i = 0
  while (i < length) {
    const c = header.charCodeAt(i)
    if (c === COMMA || c === SPACE || c === TAB) {
      i++
      continue
    }
    const weak = header.startsWith("W/", i)
    if (weak) i += 2
    let end = i
    if (header.charCodeAt(i) === QUOTE) {
      const close = header.indexOf('"', i + 1)
      if (close === -1) return false
      end = close + 1
    }
    const after = header.charCodeAt(end)
    if (end === i || !(end === length || after === COMMA || after === SPACE || after === TAB)) {
      // No entity tag: on after the next comma that cannot be inside the quotes just read.
      const comma = header.indexOf(",", end)
      if (comma === -1) return false
      i = comma + 1
      continue
    }
    if (weakly || !weak) {
      for (const etag of etags) if (etag.length === end - i && header.startsWith(etag, i)) return true
    }
    i = end
  }
  return false
}

/**
 * RFC 9110 section 13.1.2: whether the condition holds, that is, whether *none* of the tags matches by weak comparison
 * (8.8.3.2) and the method may go on. False means 304 for GET and HEAD, 412 for the others.
 * `etags` are the quoted strong tags of the current representations; none of them means there is no representation.
 */
export function ifNoneMatch(header: string, etags: ReadonlyArray<string>): boolean {
  if (header.trim() === "*") return etags.length === 0
  return !listsOneOf(header, etags, true)
}

/** RFC 9110 section 13.1.1: whether the condition holds, by strong comparison. False means 412. */
export function ifMatch(header: string, etags: ReadonlyArray<string>): boolean {
  if (header.trim() === "*") return etags.length > 0
  return listsOneOf(header, etags, false)
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const IMF = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** Epoch milliseconds of an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), case-sensitive as it says. */
export function parseHttpDate(value: string, now: number = Date.now()): number | undefined {
  const imf = IMF.exec(value)
  if (imf !== null) return epoch(Number(imf[3]), imf[2], imf[1], imf[4], imf[5], imf[6])
  const old = RFC850.exec(value)
  if (old !== null) return epoch(fullYear(Number(old[3]), now), old[2], old[1], old[4], old[5], old[6])
  const asc = ASCTIME.exec(value)
  if (asc !== null) return epoch(Number(asc[6]), asc[1], asc[2], asc[3], asc[4], asc[5])
  return undefined
}

/** A two-digit year that would lie more than 50 years ahead is the last year in the past with these digits. */
function fullYear(digits: number, now: number): number {
  const current = new Date(now).getUTCFullYear()
  const year = current - (current % 100) + digits
  return year > current + 50 ? year - 100 : year
}

type Digits = string | undefined

function epoch(year: number, month: Digits, day: Digits, hour: Digits, minute: Digits, second: Digits): number | undefined {
  const monthIndex = MONTHS.indexOf(month ?? "")
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  // 60 is a leap second (RFC 9110 section 5.6.7); Date.UTC carries it over.
  if (monthIndex === -1 || h > 23 || m > 59 || s > 60) return undefined
  const midnight = Date.UTC(year, monthIndex, d)
  const date = new Date(midnight)
  // Date.UTC silently carries 31 February over, and takes the years 0 to 99 for 1900 to 1999.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== monthIndex || date.getUTCDate() !== d) return undefined
  return midnight + ((h * 60 + m) * 60 + s) * 1000
}

/** An IMF-fixdate (RFC 9110 section 5.6.7); ECMA-262 defines toUTCString with the same form. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/**
 * Whether a GET or HEAD is answered with 304, in the order of RFC 9110 section 13.2.2: If-None-Match decides alone where
 * it is present; else If-Modified-Since (13.1.3), which is ignored when it is no date, at a resolution of one second.
 */
export function isNotModified(
  headers: { readonly "if-none-match"?: string | undefined; readonly "if-modified-since"?: string | undefined },
  etags: ReadonlyArray<string>,
  lastModifiedMs: number,
): boolean {
  const tags = headers["if-none-match"]
  if (tags !== undefined) return !ifNoneMatch(tags, etags)
  const date = headers["if-modified-since"]
  if (date === undefined) return false
  const since = parseHttpDate(date)
  return since !== undefined && Math.floor(lastModifiedMs / 1000) * 1000 <= since
}
