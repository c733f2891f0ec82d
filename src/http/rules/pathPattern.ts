import { encodeInvisible, normalizeUrlPath } from "../urlPath.ts"

/**
 * The path patterns of `_redirects` and `_headers`: literal segments, `:placeholder` segments and a last `*` (splat).
 * Matching goes segment by segment, so its cost is bounded by the number of segments; there is nothing to backtrack.
 */
export interface PathPattern {
  /** The path itself, without a trailing slash, where the pattern has neither placeholder nor splat. */
  readonly exact: string | undefined
  readonly segments: ReadonlyArray<Segment>
  readonly splat: boolean
}

type Segment = { readonly literal: string } | { readonly name: string }

export const SPLAT = "splat"

export type Compiled = { readonly ok: true; readonly pattern: PathPattern } | { readonly ok: false; readonly reason: string }

function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}

/** Compiles the path of a rule. It is read like a request target, so what matches is told after decoding. */
export function compilePattern(text: string): Compiled {
  if (!text.startsWith("/")) return refuse("the path must start with /")
  if (/[?#]/.test(text)) return refuse("the path must have neither query nor fragment")
  const normal = normalizeUrlPath(encodeInvisible(text))
  if (!normal.ok) return refuse(normal.reason)
  const texts = segmentsOf(normal.path)
  const splat = texts.at(-1) === "*"
  if (splat) texts.pop()
  const names = new Set<string>(splat ? [SPLAT] : [])
  const segments: Array<Segment> = []
  for (const segment of texts) {
    if (segment.includes("*")) return refuse("* may only be the last segment of the path")
    if (!segment.startsWith(":")) {
      segments.push({ literal: segment })
      continue
    }
    const name = segment.slice(1)
    if (!isName(name)) return refuse("a placeholder must be a whole segment, such as /:year/")
    if (names.has(name)) return refuse(`the placeholder :${name} occurs twice`)
    names.add(name)
    segments.push({ name })
  }
  const dynamic = names.size > 0
  return { ok: true, pattern: { exact: dynamic ? undefined : withoutTrailingSlash(normal.path), segments, splat } }
}

export function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text)
}

export function namesOf(pattern: PathPattern): ReadonlyArray<string> {
  const names = pattern.segments.flatMap((segment) => ("name" in segment ? [segment.name] : []))
  return pattern.splat ? [...names, SPLAT] : names
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path
}

/** `/` and `` have no segment; a trailing slash adds none. */
function segmentsOf(path: string): Array<string> {
  const bare = withoutTrailingSlash(path)
  return bare.length <= 1 ? [] : bare.slice(1).split("/")
}

function matches(pattern: PathPattern, segments: ReadonlyArray<string>): boolean {
  const { length } = pattern.segments
  if (pattern.splat ? segments.length < length : segments.length !== length) return false
  for (let i = 0; i < length; i++) {
    const wanted = pattern.segments[i]!
    if ("literal" in wanted && wanted.literal !== segments[i]) return false
  }
  return true
}

/** What the placeholders and the splat stand for in a path that matches; the splat keeps a trailing slash. */
export function capture(pattern: PathPattern, path: string): Map<string, string> {
  const captures = new Map<string, string>()
  if (pattern.exact !== undefined) return captures
  const segments = segmentsOf(path)
  pattern.segments.forEach((segment, i) => {
    if ("name" in segment) captures.set(segment.name, segments[i] ?? "")
  })
  if (pattern.splat) {
    const rest = segments.slice(pattern.segments.length)
    captures.set(SPLAT, rest.join("/") + (rest.length > 0 && path.endsWith("/") ? "/" : ""))
  }
  return captures
}

export interface OrderedRule {
  /** The place in the file. */
  readonly order: number
  readonly pattern: PathPattern
}

/** Rules by path: a map for the fixed ones, a list for the others, both in the order of the file. */
export interface RuleTable<R extends OrderedRule> {
  readonly exact: ReadonlyMap<string, ReadonlyArray<R>>
  readonly dynamic: ReadonlyArray<R>
}

export function tableOf<R extends OrderedRule>(rules: ReadonlyArray<R>): RuleTable<R> {
  const exact = new Map<string, Array<R>>()
  const dynamic: Array<R> = []
  for (const rule of rules) {
    const path = rule.pattern.exact
    if (path === undefined) {
      dynamic.push(rule)
      continue
    }
    const same = exact.get(path)
    if (same === undefined) exact.set(path, [rule])
    else same.push(rule)
  }
  return { exact, dynamic }
}

const NONE: ReadonlyArray<never> = []

/** Offers the rules whose path matches to `visit`, in the order of the file, until it returns something. */
export function firstMatch<R extends OrderedRule, T>(table: RuleTable<R>, path: string, visit: (rule: R) => T | undefined): T | undefined {
  const exact = table.exact.get(withoutTrailingSlash(path)) ?? NONE
  const { dynamic } = table
  const segments = dynamic.length === 0 ? NONE : segmentsOf(path)
  let e = 0
  let d = 0
  while (e < exact.length || d < dynamic.length) {
    const fixed = exact[e]
    const other = dynamic[d]
    let rule: R
    if (other === undefined || (fixed !== undefined && fixed.order < other.order)) {
      rule = fixed!
      e++
    } else {
      rule = other
      d++
      if (!matches(rule.pattern, segments)) continue
    }
    const found = visit(rule)
    if (found !== undefined) return found
  }
  return undefined
}
