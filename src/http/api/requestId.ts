import { randomUUIDv7 } from "node:crypto"
import type { IncomingMessage } from "node:http"

const ids = new WeakMap<IncomingMessage, string>()

const acceptable = /^[A-Za-z0-9._:-]{1,128}$/

/** The request's id, which its events carry as their cause: the client's `X-Request-Id` if it is a sane one, else our own. */
export const requestId = (req: IncomingMessage): string => {
  const known = ids.get(req)
  if (known !== undefined) return known
  const given = req.headers["x-request-id"]
  const id = typeof given === "string" && acceptable.test(given) ? given : `req_${randomUUIDv7()}`
  ids.set(req, id)
  return id
}
