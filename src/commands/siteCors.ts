import type { SiteCors } from "../events/site.ts"

/** How many origins, methods or headers may be named. */
const maxNames = 100

/** The longest that browsers rely on an answer, in seconds: a day. */
const longestAge = 86_400

/** What is wrong, and in which field. */
interface CorsProblem {
  readonly field: "origins" | "methods" | "headers" | "credentials" | "max_age"
  readonly reason: string
}

/** Why a site cannot be opened to other origins like this, if it cannot. */
export const corsProblem = ({ origins, methods = [], headers = [], credentials, maxAge = 0 }: SiteCors): CorsProblem | undefined => {
  for (const [field, names] of [["origins", origins] as const, ["methods", methods] as const, ["headers", headers] as const]) {
    if (names.length > maxNames) return { field, reason: `There can be at most ${maxNames} ${field}.` }
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return { field, reason: `The ${field} name something twice.` }
  }
  const reason = originsProblem(origins)
  if (reason !== undefined) return { field: "origins", reason }
  if (credentials && origins.includes("*")) {
    const why = 'Credentials cannot be allowed to every origin ("*"): any page could then act as its visitor. Name the origins.'
    return { field: "credentials", reason: why }
  }
  const method = methods.find((name) => !/^[A-Z]{1,20}$/.test(name))
  if (method !== undefined)
    return { field: "methods", reason: `${quoted(method)} is no method: they are written in capitals, such as GET.` }
  const header = headers.find((name) => !/^[A-Za-z0-9_-]{1,100}$/.test(name))
  if (header !== undefined) return { field: "headers", reason: `${quoted(header)} is no header's name, such as X-Token.` }
  return maxAge > longestAge ? { field: "max_age", reason: `max_age is at most ${longestAge} seconds.` } : undefined
}

const originsProblem = (origins: ReadonlyArray<string>): string | undefined => {
  if (origins.length === 0) return 'Name at least one origin, such as "https://app.example.com", or "*" for all of them.'
  if (origins.includes("*")) return origins.length > 1 ? '"*" means every origin, so it stands alone.' : undefined
  return origins.map(originProblem).find((problem) => problem !== undefined)
}

/** No patterns: an origin is compared as a whole. */
const hostName = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/

/** An origin is what browsers send as such: scheme, host, and the port if it is not the scheme's own (RFC 6454, 6.2). */
const originProblem = (text: string): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || !hostName.test(url.hostname)) {
    return `${quoted(text)} is no origin: use scheme, host and port, such as https://app.example.com or http://localhost:3000.`
  }
  return url.origin === text ? undefined : `${quoted(text)} is no origin as browsers send it: write ${url.origin}.`
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80))
