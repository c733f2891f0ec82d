import { errors } from "undici"
import { GuestError } from "../host.ts"

/**
 * Why a call to another server failed: it may not be called, it took too long, there were too many calls, something was too
 * large, or the network or the other server failed.
 */
export type NetCode = "NET_BLOCKED" | "NET_TIMEOUT" | "NET_LIMIT" | "NET_SIZE" | "NET_ERROR"

/** What user code sees of a call that failed. Like the `fetch` of browsers, it is a TypeError. */
export const netError = (code: NetCode, message: string): GuestError => new GuestError(message, { name: "TypeError", code })

/** A call that makes no sense, whoever it is for. */
export const badRequest = (message: string): GuestError => new GuestError(message, { name: "TypeError" })

/** The text of what user code passed, short enough for a message. */
export const quoted = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)

/**
 * An error of the network as user code may see it. Messages of the system are not passed on: they carry addresses.
 * `where` is the host and port that user code itself has named.
 */
export const fromNetwork = (error: unknown, where: string): GuestError => {
  if (error instanceof GuestError) return error
  if (error instanceof errors.HTTPParserError) return netError("NET_ERROR", `${where} sent an answer that is not valid HTTP.`)
  const code = codeOf(error)
  // Not the network's, then, but a mistake of ours.
  if (code === "") throw error
  if (code === "UND_ERR_HEADERS_OVERFLOW") return netError("NET_SIZE", `${where} answered with more headers than are accepted.`)
  const told = reasons[code]
  if (told !== undefined) return netError("NET_ERROR", `${where} ${told}`)
  if (certificate.test(code)) return netError("NET_ERROR", `The certificate of ${where} is not trusted (${code}).`)
  if (/SSL|TLS/.test(code))
    return netError("NET_ERROR", `No TLS connection to ${where} could be made (${code}). TLS 1.2 or later is needed.`)
  return netError("NET_ERROR", `The call to ${where} failed (${code}).`)
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection.",
  ECONNRESET: "broke off the connection.",
  EPIPE: "broke off the connection.",
  UND_ERR_SOCKET: "broke off the connection.",
  EHOSTUNREACH: "cannot be reached.",
  ENETUNREACH: "cannot be reached.",
  EADDRNOTAVAIL: "cannot be reached.",
  ETIMEDOUT: "did not take the connection in time.",
  UND_ERR_CONNECT_TIMEOUT: "did not take the connection in time.",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "sent another number of bytes than it had announced.",
}

/** Node's names for what is wrong with a certificate, which are OpenSSL's. */
const certificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|_CRL|CA_PURPOSE|HOSTNAME_MISMATCH/

/** The first code there is in an error, in what caused it, or in the errors it stands for. */
const codeOf = (error: unknown, depth = 0): string => {
  if (typeof error !== "object" || error === null || depth > 3) return ""
  const { code, cause, errors: several } = error as { readonly code?: unknown; readonly cause?: unknown; readonly errors?: unknown }
  if (Array.isArray(several) && several.length > 0) return codeOf(several.at(-1), depth + 1)
  if (typeof code === "string" && /^[A-Z0-9_]{2,60}$/.test(code)) return code
  return codeOf(cause, depth + 1)
}
