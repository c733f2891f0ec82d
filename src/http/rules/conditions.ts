/**
 * The conditions of a redirect rule: `Language=` and `Cookie=`, each a list of which one must fit. `Country=` and
 * `Role=` need knowledge this server does not have; a rule that names them is refused, as running it without its
 * condition would send everybody there.
 */
export interface Conditions {
  readonly languages: ReadonlyArray<string>
  readonly cookies: ReadonlyArray<string>
}

export type ParsedConditions = { readonly ok: true; readonly conditions: Conditions } | { readonly ok: false; readonly reason: string }

export function parseConditions(tokens: ReadonlyArray<string>): ParsedConditions {
  const languages: Array<string> = []
  const cookies: Array<string> = []
  for (const token of tokens) {
    const equals = token.indexOf("=")
    const key = equals === -1 ? "" : token.slice(0, equals).toLowerCase()
    const values = token
      .slice(equals + 1)
      .split(",")
      .filter((value) => value !== "")
    if (key === "country" || key === "role") return { ok: false, reason: `the condition ${token.slice(0, equals)}= is unsupported` }
    if (key !== "language" && key !== "cookie") return { ok: false, reason: `"${token}" is neither a status nor a condition` }
    if (values.length === 0) return { ok: false, reason: `the condition ${token.slice(0, equals)}= has no value` }
    if (key === "cookie") cookies.push(...values)
    else languages.push(...values.map((value) => value.toLowerCase()))
  }
  return { ok: true, conditions: { languages, cookies } }
}

export function conditionsHold(conditions: Conditions, acceptLanguage: string | undefined, cookie: string | undefined): boolean {
  const { languages, cookies } = conditions
  if (languages.length > 0) {
    const wanted = preferredLanguage(acceptLanguage)
    // Basic filtering, RFC 4647 section 3.3.1: `en` covers `en-GB`, but not the other way round.
    if (!languages.some((range) => wanted === range || wanted.startsWith(`${range}-`))) return false
  }
  return cookies.length === 0 || hasCookie(cookie, cookies)
}

/**
 * The language with the highest weight, the first among equals (RFC 9110 section 12.5.4); empty for none. Only this
 * one counts: who reads German and some English shall get the German page, whatever the order of the rules.
 */
function preferredLanguage(header: string | undefined): string {
  let best = ""
  let bestWeight = 0
  for (const member of (header ?? "").toLowerCase().split(",")) {
    const [tag, ...parameters] = member.split(";")
    const q = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("q="))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    if (weight <= bestWeight || Number.isNaN(weight)) continue
    best = (tag ?? "").trim()
    bestWeight = weight
  }
  return best
}

/** Whether a cookie of one of these names is sent, whatever its value (RFC 6265 section 4.2.1). */
function hasCookie(header: string | undefined, names: ReadonlyArray<string>): boolean {
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=")
    if (equals !== -1 && names.includes(pair.slice(0, equals).trim())) return true
  }
  return false
}
