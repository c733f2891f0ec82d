import { netError } from "./errors.ts"
import { type FlatHeaders, withoutBodyHeaders, withoutCredentials } from "./headers.ts"
import { targetOf } from "./target.ts"

/** One request as it goes over the wire. */
export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: FlatHeaders
  readonly body: Uint8Array | undefined
}

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Where a redirect leads, checked like any first address, and what is sent there (Fetch standard, HTTP-redirect fetch). */
export const nextHop = (
  { url: from, method, headers, body }: Hop,
  status: number,
  location: string,
  allowedHosts: ReadonlyArray<string>,
): Hop => {
  // Bytes beyond ASCII mean UTF-8 in a Location, whereas headers are read as Latin-1.
  const url = targetOf(Buffer.from(location, "latin1").toString("utf8"), from, allowedHosts)
  if (url.hash === "") url.hash = from.hash
  if (from.protocol === "https:" && url.protocol === "http:")
    throw netError("NET_BLOCKED", `${from.host} redirects from https: to http:, which is not followed.`)
  const carried = url.origin === from.origin ? headers : withoutCredentials(headers)
  const becomesGet = status === 303 ? method !== "GET" && method !== "HEAD" : (status === 301 || status === 302) && method === "POST"
  return becomesGet
    ? { url, method: "GET", headers: withoutBodyHeaders(carried), body: undefined }
    : { url, method, headers: carried, body }
}
