import { collectWarnings, hasControl, linesOf } from "./lines.ts"
import { compilePattern, firstMatch, type OrderedRule, type RuleTable, tableOf } from "./pathPattern.ts"
import type { RuleWarning } from "./redirects.ts"

/**
 * Response headers of a site in the syntax of Netlify's `_headers` file: a path, then lines of `Name: value`.
 *
 * Every block whose path matches applies; a name that occurs more than once is joined with a comma, as RFC 9110
 * section 5.3 allows, except for Set-Cookie, which the same section exempts. The file is untrusted text: names and
 * values follow RFC 9110 sections 5.1 and 5.5, and what the server itself must say cannot be said here.
 */

export type Header = readonly [name: string, value: string]

interface HeaderRule extends OrderedRule {
  readonly headers: ReadonlyArray<Header>
}

export interface HeaderRules {
  readonly rules: ReadonlyArray<HeaderRule>
  readonly table: RuleTable<HeaderRule>
}

const MAX_RULES = 100
const MAX_LINE = 2000

/**
 * Framing and connection (RFC 9110 section 7.6, RFC 9112), what describes the bytes the server chose to send (coding,
 * range, validators, Vary), and what speaks for the server. Everything else is the site's business: Cache-Control,
 * Content-Type, Link, CORS, CSP, Set-Cookie and so on.
 */
const OWNED_BY_SERVER: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"],
  ...["http2-settings", "host", "expect", "via"],
  ...["accept-ranges", "content-encoding", "content-range", "etag", "last-modified", "vary"],
  ...["age", "allow", "alt-svc", "date", "location", "proxy-authenticate", "server"],
])

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Visible ASCII, space and tab; other bytes have no agreed meaning in a field value (RFC 9110 section 5.5). */
const VALUE = /^[\t\x20-\x7e]+$/

export function parseHeaders(text: string): { readonly rules: HeaderRules; readonly warnings: ReadonlyArray<RuleWarning> } {
  const warnings = collectWarnings()
  const rules: Array<HeaderRule & { headers: Array<Header> }> = []
  let blocks = 0
  // "refused" keeps the headers of a refused block from falling to the block before it.
  let block: (HeaderRule & { headers: Array<Header> }) | "refused" | undefined
  linesOf(text).forEach((line, index) => {
    const number = index + 1
    if (line === "" || line.startsWith("#")) return
    const isPath = line.startsWith("/") || /^https?:\/\//i.test(line)
    if (!isPath) {
      if (block === "refused") return
      const header = block === undefined ? "the header comes before any path" : parseHeader(line)
      if (typeof header === "string" || block === undefined) warnings.add(number, line, String(header))
      else block.headers.push(header)
      return
    }
    block = "refused"
    if (++blocks > MAX_RULES) {
      if (blocks === MAX_RULES + 1) warnings.add(number, line, `only the first ${MAX_RULES} rules are used`)
      return
    }
    const compiled = line.length > MAX_LINE ? tooLong() : compilePattern(line)
    if (!compiled.ok) {
      warnings.add(number, line, line.startsWith("/") ? compiled.reason : "rules for a whole domain are unsupported")
      return
    }
    block = { order: number, pattern: compiled.pattern, headers: [] }
    rules.push(block)
  })
  const joined = rules.filter((rule) => rule.headers.length > 0).map((rule) => ({ ...rule, headers: joinHeaders(rule.headers) }))
  return { rules: { rules: joined, table: tableOf(joined) }, warnings: warnings.list }
}

function tooLong(): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason: `the line is longer than ${MAX_LINE} characters` }
}

/** A header, or the reason why the line is none. */
function parseHeader(line: string): Header | string {
  if (line.length > MAX_LINE) return tooLong().reason
  if (hasControl(line)) return "the line holds a control character"
  const colon = line.indexOf(":")
  if (colon === -1) return "the line is neither a path nor a header"
  const name = line.slice(0, colon).trim().toLowerCase()
  const value = line.slice(colon + 1).trim()
  if (!TOKEN.test(name)) return "the header name is not valid"
  if (OWNED_BY_SERVER.has(name)) return `the header ${name} is set by the server`
  if (value === "") return "the header has no value"
  if (!VALUE.test(value)) return "the header value holds characters outside ASCII"
  return [name, value]
}

function joinHeaders(headers: ReadonlyArray<Header>): ReadonlyArray<Header> {
  const values = new Map<string, string>()
  const cookies: Array<Header> = []
  for (const [name, value] of headers) {
    if (name === "set-cookie") {
      cookies.push([name, value])
      continue
    }
    const before = values.get(name)
    values.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return [...values, ...cookies]
}

const NONE: ReadonlyArray<Header> = []

/** The headers for a normalised, decoded path; names in lower case, each once but for `set-cookie`. */
export function matchHeaders(rules: HeaderRules, path: string): ReadonlyArray<Header> {
  if (rules.rules.length === 0) return NONE
  let first: ReadonlyArray<Header> | undefined
  let all: Array<Header> | undefined
  firstMatch(rules.table, path, ({ headers }) => {
    // One matching block is the common case, and needs no copy.
    if (first === undefined) first = headers
    else if (all === undefined) all = [...first, ...headers]
    else all.push(...headers)
    return undefined
  })
  if (all !== undefined) return joinHeaders(all)
  return first ?? NONE
}
