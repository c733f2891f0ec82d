import type { OutgoingMessage } from "node:http"
import type { Client } from "./clientOf.ts"

/**
 * On every answer of an admin's host, whatever it is: what is served there has the power of whoever is logged in. Only the program's own
 * files may run and be shown there, in no frame, and nothing of it is told to others.
 */
export const adminHeaders: ReadonlyArray<readonly [name: string, value: string]> = [
  [
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), microphone=(), geolocation=()"],
  ["X-Frame-Options", "DENY"],
]

/** Only where TLS is in use: a browser then never asks without it again (RFC 6797). */
const strictTransport = ["Strict-Transport-Security", "max-age=31536000"] as const

/** Puts the headers on an answer that is yet to be made; whoever makes it can replace each of them. */
export const setAdminHeaders = (res: OutgoingMessage, scheme: Client["scheme"]): void => {
  for (const [name, value] of adminHeaders) res.setHeader(name, value)
  if (scheme === "https") res.setHeader(...strictTransport)
}

/** The headers for an answer that is written by hand, as to a refused upgrade. */
export const adminHeaderFields = (scheme: Client["scheme"]): Readonly<Record<string, string>> =>
  Object.fromEntries(scheme === "https" ? [...adminHeaders, strictTransport] : adminHeaders)
