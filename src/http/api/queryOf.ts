import type { IncomingMessage } from "node:http"

/** The query of a request, for whoever does not get it read by the framework. */
export const queryOf = ({ url = "" }: Pick<IncomingMessage, "url">): URLSearchParams =>
  new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?") + 1) : "")
