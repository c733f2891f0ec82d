/** @import { AuditEntry, EventsOptions, EventsParams } from "./client.d.ts" */
/** @import { Send } from "./send.js" */
import { FaztError, unreachable } from "./error.js"
import { pause } from "./send.js"

/** A server shows every 15 seconds that it is there. One that has not for so long (in milliseconds) is asked again. */
const longestSilence = 45_000

/** Milliseconds until a connection that broke is made again, and at most if it breaks again and again. */
const firstPause = 1000
const longestPause = 30_000

/**
 * Events as they are committed. A connection that breaks is made again behind the last event; the first has to succeed.
 * @param {Send} send
 * @param {EventsParams} [params]
 * @param {EventsOptions} [options]
 * @returns {AsyncGenerator<AuditEntry, void, void>}
 */
export async function* events(send, { after, ...filter } = {}, { signal, onCaughtUp, headers } = {}) {
  /** @type {number | string | undefined} */
  let last = after
  let isFirst = true
  for (let failures = 0; ; failures++) {
    signal?.throwIfAborted()
    // Those whose server starts again do not all come back at once.
    let wait = Math.min(longestPause, firstPause * 2 ** failures) * (0.5 + Math.random())
    const connection = new AbortController()
    const abort = () => connection.abort(signal?.reason)
    signal?.addEventListener("abort", abort)
    try {
      const asked = send("GET", "/api/events/live", {
        query: { ...filter, after: last },
        headers: { ...headers, accept: "text/event-stream" },
        signal: connection.signal,
        mayRepeat: false,
      })
      const response = await heardOf(asked, connection)
      isFirst = false
      for await (const { id, event, data } of messagesOf(response, connection)) {
        failures = 0
        if (event === "end") throw endOf(JSON.parse(data))
        if (id !== undefined) last = id
        if (event === "caught_up") onCaughtUp?.(JSON.parse(data).seq)
        else if (data !== "") yield JSON.parse(data)
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (isFirst || !(error instanceof FaztError) || !mayPass(error)) throw error
      wait = Math.max(wait, (error.retryAfter ?? 0) * 1000)
    } finally {
      signal?.removeEventListener("abort", abort)
      connection.abort()
    }
    await pause(wait, signal)
  }
}

/**
 * Whether it may be otherwise if one asks again.
 * @param {FaztError} error
 */
const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500

/** @param {{ readonly status: number, readonly error: { readonly code: string, readonly message: string, readonly details?: unknown } }} end */
const endOf = ({ status, error }) => new FaztError({ status, ...error })

/**
 * The messages of a stream of Server-Sent Events, in the form that the server writes them.
 * @param {Response} response
 * @param {AbortController} connection
 */
async function* messagesOf({ body }, connection) {
  if (body === null) return
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  for (;;) {
    const { done, value } = await heardOf(reader.read(), connection).catch((cause) => {
      throw cause instanceof FaztError ? cause : unreachable(cause)
    })
    if (done) return
    text += decoder.decode(value, { stream: true })
    const messages = text.split("\n\n")
    text = messages.pop() ?? ""
    for (const message of messages) yield fieldsOf(message)
  }
}

/**
 * What comes of a connection, which is ended if nothing does.
 * @template A
 * @param {Promise<A>} coming
 * @param {AbortController} connection
 */
const heardOf = (coming, connection) => {
  const silence = setTimeout(() => connection.abort(unreachable("it has been silent for too long")), longestSilence)
  return coming.finally(() => clearTimeout(silence))
}

/** @param {string} message */
const fieldsOf = (message) => {
  /** @type {{ id?: string, event?: string, data: string }} */
  const fields = { data: "" }
  for (const [, name, value = ""] of message.matchAll(/^(id|event|data): ?(.*)$/gm)) Object.assign(fields, { [String(name)]: value })
  return fields
}
