import type { IncomingMessage } from "node:http"

/**
 * The cookie's names. Over TLS the prefix makes browsers take it only from this very host, with Secure and without Domain (RFC 6265bis, 4.1.3.2),
 * so that a site on a subdomain can plant none. Over plain HTTP there are the names that either generation of Fazt has had.
 */
const secureNames = ["__Host-fazt_session"]
const plainNames = ["fazt_session", "cc_session"]

const namesFor = (scheme: "http" | "https"): ReadonlyArray<string> => (scheme === "https" ? secureNames : plainNames)

const tokenForm = /^[A-Za-z0-9_-]{43}$/

/** The tokens that a request's cookies hold, without those that can be none. */
export const sessionTokens = ({ headers }: Pick<IncomingMessage, "headers">, scheme: "http" | "https"): ReadonlyArray<string> => {
  const names = namesFor(scheme)
  const tokens = (headers.cookie ?? "").split(";", 200).flatMap((pair) => {
    const [name, value] = pair.trim().split("=", 2)
    return names.includes(name!) && tokenForm.test(value ?? "") ? [value!] : []
  })
  return [...new Set(tokens)].slice(0, 20)
}

/** Values of Set-Cookie that give the browser a session's token, for `maxAge` seconds or until it is closed. */
export const giveCookies = (token: string, scheme: "http" | "https", maxAge: number | undefined): ReadonlyArray<string> =>
  namesFor(scheme).map((name) => cookie(name, token, scheme, maxAge))

/** Values of Set-Cookie that take it away again. */
export const takeCookies = (scheme: "http" | "https"): ReadonlyArray<string> => namesFor(scheme).map((name) => cookie(name, "", scheme, 0))

const cookie = (name: string, value: string, scheme: "http" | "https", maxAge: number | undefined): string =>
  [
    `${name}=${value}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Strict",
    ...(scheme === "https" ? ["Secure"] : []),
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
  ].join("; ")
