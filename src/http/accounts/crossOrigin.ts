import type { IncomingMessage } from "node:http"

const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * Whether a page of another origin made a browser send this request, which could then use a cookie that the page has no right to. Browsers say it
 * by `Sec-Fetch-Site` (W3C Fetch Metadata), older ones by `Origin`; a request with neither comes from no browser. Another site on a subdomain
 * of this one counts as another origin too.
 */
export const isCrossOrigin = ({ method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean =>
  !safe.has(method ?? "GET") && isFromElsewhere(headers)

/** The same for a WebSocket, which begins with a GET. */
export const isFromElsewhere = (headers: IncomingMessage["headers"]): boolean => {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) return site !== "same-origin" && site !== "none"
  const { origin, host } = headers
  if (origin === undefined) return false
  const [, authority] = /^https?:\/\/([^/]*)$/i.exec(origin) ?? []
  return authority === undefined || authority.toLowerCase() !== host?.toLowerCase()
}
