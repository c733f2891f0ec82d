/** @import { ErrorFields } from "./client.d.ts" */

/** What a call fails with, whether the server refused it or could not be reached. */
export class FaztError extends Error {
  /** @param {ErrorFields} fields */
  constructor({ status, code, message, details, retryAfter, cause }) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = "FaztError"
    this.status = status
    this.code = code
    this.details = details
    this.retryAfter = retryAfter
  }
}

/**
 * No answer, or only part of one. Node keeps what happened in the cause of what its `fetch` fails with.
 * @param {any} cause
 */
export const unreachable = (cause) => {
  const { message, code } = cause?.cause ?? cause ?? {}
  return new FaztError({ status: 0, code: "UNREACHABLE", message: `The server cannot be reached: ${message || code || cause}.`, cause })
}

/** @param {string} message */
export const invalidParameter = (message) => new FaztError({ status: 0, code: "INVALID_PARAMETER", message })

/**
 * An answer that is none of the API's: of a proxy, or of another program.
 * @param {Response} response
 */
export const unexpectedAnswer = ({ status, headers }) =>
  new FaztError({
    status,
    code: "UNEXPECTED_ANSWER",
    message: `The server answered with status ${status}, but not as the Fazt API does.`,
    retryAfter: retryAfterOf(headers),
  })

/**
 * What a refusal says.
 * @param {Response} response
 * @param {AbortSignal} [signal]
 */
export const refusalOf = async (response, signal) => {
  const { status, headers } = response
  const { error } = (await jsonOf(response, signal)) ?? {}
  if (typeof error?.code !== "string") return unexpectedAnswer(response)
  const { code, message, details } = error
  return new FaztError({ status, code, message, details, retryAfter: retryAfterOf(headers) })
}

/**
 * The JSON of an answer; nothing if it is none.
 * @param {Response} response
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export const jsonOf = async (response, signal) => {
  const text = await response.text().catch((cause) => {
    throw signal?.aborted ? signal.reason : unreachable(cause)
  })
  try {
    return JSON.parse(text)
  } catch {
    // Not the API's: those who ask say so.
    return undefined
  }
}

/**
 * Seconds that the server wants to be left alone: a number or a date (RFC 9110, 10.2.3).
 * @param {Headers} headers
 */
const retryAfterOf = (headers) => {
  const text = headers.get("retry-after")
  if (text === null) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}
