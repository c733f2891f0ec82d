import type { IncomingMessage } from "node:http"

const scheme = /^Bearer +(\S+)$/i

/** The key that a request carries (RFC 6750, 2.1), good or not. */
export const bearerOf = ({ headers: { authorization = "" } }: Pick<IncomingMessage, "headers">): string | undefined =>
  scheme.exec(authorization)?.[1]
