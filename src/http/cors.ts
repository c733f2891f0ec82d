import type { IncomingMessage, ServerResponse } from "node:http"
import type { SiteCors } from "../events/site.ts"

/** A site's settings of the CORS protocol (Fetch standard, 3.2), in the form in which requests need them. */
export interface CorsRules {
  /** `undefined`: all of them, and then without credentials. */
  readonly origins: ReadonlySet<string> | undefined
  readonly credentials: boolean
  readonly methods: string | undefined
  readonly headers: string | undefined
  readonly maxAge: string | undefined
}

export const corsRules = ({ origins, credentials, methods, headers, maxAge }: SiteCors): CorsRules => ({
  origins: origins.includes("*") ? undefined : new Set(origins),
  credentials,
  methods: methods?.join(", "),
  headers: headers?.join(", "),
  maxAge: maxAge === undefined ? undefined : String(maxAge),
})

/**
 * Puts on the answer to come who may read it. A browser that asks beforehand whether it may send a request is answered, unless its page's
 * origin may not: such a question goes to the site's code, as all do of a site without these settings.
 */
export const shareWithOrigins = (req: IncomingMessage, res: ServerResponse, rules: CorsRules): "answered" | "open" => {
  // Who gets nothing must not leave it in a cache for who would.
  if (rules.origins !== undefined) res.setHeader("vary", "Origin")
  const { origin } = req.headers
  if (origin === undefined || !(rules.origins?.has(origin) ?? true)) return "open"
  res.setHeader("access-control-allow-origin", rules.origins === undefined ? "*" : origin)
  if (rules.credentials) res.setHeader("access-control-allow-credentials", "true")
  const method = req.headers["access-control-request-method"]
  if (req.method !== "OPTIONS" || method === undefined) return "open"
  answerPreflight(res, rules, method, req.headers["access-control-request-headers"] ?? "")
  return "answered"
}

const answerPreflight = (res: ServerResponse, { methods, headers, maxAge }: CorsRules, method: string, asked: string): void => {
  const allowed = { methods: methods ?? namesIn(method), headers: headers ?? namesIn(asked) }
  if (allowed.methods !== "") res.setHeader("access-control-allow-methods", allowed.methods)
  if (allowed.headers !== "") res.setHeader("access-control-allow-headers", allowed.headers)
  if (maxAge !== undefined) res.setHeader("access-control-max-age", maxAge)
  res.writeHead(204).end()
}

/** The names that a list of a request's header has (tokens of RFC 9110, 5.6.2): nothing else of it is sent back. */
const namesIn = (list: string): string =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[A-Za-z0-9!#$%&'+.^_`|~-]+$/.test(name))
    .join(", ")

/**
 * The headers that code has given its answer, beside what the site's settings have put on it: where the code itself says who may read the
 * answer, the settings say nothing. Names are in lower case, with values in turn.
 */
export const besideRules = (res: ServerResponse, given: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (given.some((name, i) => i % 2 === 0 && name === "access-control-allow-origin")) {
    res.removeHeader("access-control-allow-origin")
    res.removeHeader("access-control-allow-credentials")
  }
  if (!res.hasHeader("vary")) return given
  return given.map((value, i) => (i % 2 === 1 && given[i - 1] === "vary" ? `${value}, Origin` : value))
}
