import type { SiteCors } from "../events/site.ts"

/** How many origins, methods or headers may be named. */
const maxNames = 100

/** The longest that browsers rely on an answer, in seconds: a day. */
const longestAge = 86_400

/** Why a site cannot be opened to other origins like this, if it cannot. */
export const corsProblem = ({ origins, methods = [], headers = [], credentials, maxAge = 0 }: SiteCors): string | undefined => {
  if (origins.length === 0) return 'Name at least one origin, such as "https://app.example.com", or "*" for all of them.'
  for (const [what, names] of Object.entries({ origins, methods, headers })) {
    if (names.length > maxNames) return `There can be at most ${maxNames} ${what}.`
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return `The ${what} name something twice.`
  }
  if (origins.includes("*")) {
    if (origins.length > 1) return '"*" means every origin, so it stands alone.'
    if (credentials) return 'Credentials cannot be allowed to every origin ("*"): any page could then act as its visitor. Name the origins.'
  } else {
    for (const origin of origins) {
      const problem = originProblem(origin)
      if (problem !== undefined) return problem
    }
  }
  const method = methods.find((name) => !/^[A-Z]{1,20}$/.test(name))
  if (method !== undefined) return `${quoted(method)} is no method: they are written in capitals, such as GET.`
  const header = headers.find((name) => !/^[A-Za-z0-9_-]{1,100}$/.test(name))
  if (header !== undefined) return `${quoted(header)} is no header's name, such as X-Token.`
  return maxAge > longestAge ? `max_age is at most ${longestAge} seconds.` : undefined
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
