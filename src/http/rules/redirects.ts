import { normalizeUrlPath } from "../urlPath.ts"
import { type Conditions, conditionsHold, parseConditions } from "./conditions.ts"
import { compileDestination, type Destination, isDestination, leadsBack, locationOf, renderDestination } from "./destination.ts"
import { collectWarnings, hasControl, linesOf } from "./lines.ts"
import { capture, compilePattern, firstMatch, isName, namesOf, type OrderedRule, type RuleTable, tableOf } from "./pathPattern.ts"

/**
 * Redirect and rewrite rules in the syntax of Netlify's `_redirects` file:
 *
 *     from [key=value | key=:name …] to [status][!] [Language=a,b] [Cookie=a,b]   # comment
 *
 * A file is untrusted text, parsed once per deployment; a line that cannot be honoured in full is left out with a
 * warning, never applied in part. Statuses: RFC 9110 section 15, Location: section 10.2.2.
 */

/** A query parameter that must be present: with this value, or with any, which is captured. */
export interface QueryTest {
  readonly key: string
  readonly value: string | undefined
  readonly capture: string | undefined
}

export interface RedirectRule extends OrderedRule {
  readonly line: number
  readonly from: string
  readonly to: string
  readonly status: number
  /** `!`: the rule applies although a file exists at the path. */
  readonly force: boolean
  readonly query: ReadonlyArray<QueryTest>
  readonly conditions: Conditions
  readonly destination: Destination
}

export interface RuleWarning {
  readonly line: number
  readonly text: string
  readonly reason: string
}

export interface Redirects {
  /** In the order of the file. */
  readonly rules: ReadonlyArray<RedirectRule>
  readonly table: RuleTable<RedirectRule>
  /** Without a forced rule, a path that has a file needs no look at the table. */
  readonly anyForced: boolean
}

export interface RedirectRequest {
  /** Normalised and decoded, see `normalizeUrlPath`. */
  readonly path: string
  readonly query: string
  readonly acceptLanguage: string | undefined
  readonly cookie: string | undefined
}

export type RedirectMatch =
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "rewrite"; readonly status: number; readonly path: string; readonly query: string }

const MAX_STATIC = 2000
const MAX_DYNAMIC = 100
const MAX_LINE = 1000

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const STATUS = /^(\d{3})(!?)$/

export function parseRedirects(text: string): { readonly rules: Redirects; readonly warnings: ReadonlyArray<RuleWarning> } {
  const warnings = collectWarnings()
  const rules: Array<RedirectRule> = []
  const counts = { static: 0, dynamic: 0 }
  linesOf(text).forEach((line, index) => {
    if (line === "" || line.startsWith("#")) return
    const rule = parseRule(line, index + 1)
    if (typeof rule === "string") {
      warnings.add(index + 1, line, rule)
      return
    }
    const kind = rule.pattern.exact === undefined ? "dynamic" : "static"
    const limit = kind === "static" ? MAX_STATIC : MAX_DYNAMIC
    if (++counts[kind] <= limit) rules.push(rule)
    else if (counts[kind] === limit + 1) warnings.add(index + 1, line, `only the first ${limit} ${kind} rules are used`)
  })
  const anyForced = rules.some((rule) => rule.force)
  return { rules: { rules, table: tableOf(rules), anyForced }, warnings: warnings.list }
}

/** A rule, or the reason why the line is none. */
function parseRule(line: string, number: number): RedirectRule | string {
  if (line.length > MAX_LINE) return `the line is longer than ${MAX_LINE} characters`
  if (hasControl(line)) return "the line holds a control character"
  const tokens = line.split(/[ \t]+/)
  const comment = tokens.findIndex((token) => token.startsWith("#"))
  const [from = "", ...words] = comment === -1 ? tokens : tokens.slice(0, comment)
  if (/^https?:\/\//i.test(from)) return "rules for a whole domain are unsupported; the path must start with /"
  const compiled = compilePattern(from)
  if (!compiled.ok) return compiled.reason
  const { pattern } = compiled

  const names = [...namesOf(pattern)]
  const query: Array<QueryTest> = []
  let at = 0
  for (let word = words[at]; word !== undefined && !isDestination(word) && word.includes("="); word = words[++at]) {
    const test = parseQueryTest(word)
    if (test.capture !== undefined) {
      if (!isName(test.capture)) return `"${word}" has no valid placeholder`
      if (names.includes(test.capture)) return `the placeholder :${test.capture} occurs twice`
      names.push(test.capture)
    }
    query.push(test)
  }

  let to = words[at++]
  // `/admin/* 200`: served as it is, which keeps the rules below away from it.
  if (to === "200" || to === "200!") {
    to = from.replace(/\*$/, ":splat")
    at--
  }
  if (to === undefined || !isDestination(to)) return "the destination is missing, or does not start with /, http:// or https://"
  const stated = STATUS.exec(words[at] ?? "")
  if (stated !== null) at++
  const status = stated === null ? 301 : Number(stated[1])
  const redirects = REDIRECT_STATUSES.has(status)
  if (!redirects && status !== 200 && !(status >= 400 && status <= 599)) return `the status ${status} is unsupported`
  const parsed = parseConditions(words.slice(at))
  if (!parsed.ok) return parsed.reason
  const target = compileDestination(to, names)
  if (!target.ok) return target.reason
  const { destination } = target
  if (!redirects) {
    if (destination.origin !== "") return "rewrites to another site (proxying) are unsupported"
    const sample = renderDestination(destination, new Map(names.map((name) => [name, "x"])), "")
    const path = sample === undefined ? undefined : normalizeUrlPath(sample.path)
    if (path === undefined || !path.ok) return "the destination is no valid path"
  }
  const { conditions } = parsed
  const force = stated?.[2] === "!"
  return { line: number, order: number, from, to, status, force, query, conditions, pattern, destination }
}

function parseQueryTest(word: string): QueryTest {
  const equals = word.indexOf("=")
  const raw = word.slice(equals + 1)
  // Escaped so that `+` and `&` of the file stay what they are; percent-encoding is decoded, as it is in a request.
  const decode = (part: string) => new URLSearchParams(`k=${part.replaceAll("&", "%26").replaceAll("+", "%2B")}`).get("k") ?? ""
  const key = decode(word.slice(0, equals))
  return raw.startsWith(":") ? { key, value: undefined, capture: raw.slice(1) } : { key, value: decode(raw), capture: undefined }
}

/**
 * The outcome of the first rule that applies. `fileExists`: whether the site has a file at the path, where only the
 * forced rules apply. A redirect that leads back to the request itself does not apply: it would go round forever.
 */
export function matchRedirect(rules: Redirects, request: RedirectRequest, fileExists: boolean): RedirectMatch | undefined {
  if (rules.rules.length === 0 || (fileExists && !rules.anyForced)) return undefined
  return firstMatch(rules.table, request.path, (rule) => (fileExists && !rule.force ? undefined : outcomeOf(rule, request)))
}

function outcomeOf(rule: RedirectRule, request: RedirectRequest): RedirectMatch | undefined {
  if (!conditionsHold(rule.conditions, request.acceptLanguage, request.cookie)) return undefined
  const captures = capture(rule.pattern, request.path)
  if (rule.query.length > 0) {
    const parameters = new URLSearchParams(request.query)
    for (const test of rule.query) {
      const value = parameters.get(test.key)
      if (value === null || (test.value !== undefined && test.value !== value)) return undefined
      if (test.capture !== undefined) captures.set(test.capture, value)
    }
  }
  const { destination, status } = rule
  const rendered = renderDestination(destination, captures, request.query)
  if (rendered === undefined) return undefined
  if (REDIRECT_STATUSES.has(status)) {
    if (leadsBack(destination, rendered, request.path, request.query)) return undefined
    return { kind: "redirect", status, location: locationOf(destination, rendered) }
  }
  const target = normalizeUrlPath(rendered.path)
  return target.ok ? { kind: "rewrite", status, path: target.path, query: rendered.query } : undefined
}
