/** @import { CallOptions, ClientOptions } from "./client.d.ts" */
import { invalidParameter, refusalOf, unreachable } from "./error.js"

/** How often a request that changes nothing is made again, where the server says when to. */
const mostRepeats = 2

/** Seconds. A server that wants to be left alone for longer is not waited for. */
const longestWait = 30

/**
 * What is sent, besides the method and the path.
 * @typedef {CallOptions & {
 *   query?: Record<string, unknown>
 *   json?: unknown
 *   body?: any
 *   mayRepeat?: boolean
 * }} Sent
 */

/**
 * Makes a request. The answer is a success; whatever else there is, it fails with.
 * @typedef {(method: string, path: string, sent?: Sent) => Promise<Response>} Send
 */

/**
 * @param {ClientOptions} options
 * @returns {Send}
 */
export const sender = ({ baseUrl = globalThis.location?.origin, key, headers, fetch = (...args) => globalThis.fetch(...args) }) => {
  const base = String(baseUrl).replace(/\/+$/, "")
  if (!/^https?:/.test(base)) throw new TypeError('Say where the server is: createClient({ baseUrl: "http://localhost:4698" }).')

  return async (method, path, { query, json, body, mayRepeat = method === "GET", headers: own, signal } = {}) => {
    const all = new Headers(headers)
    if (key !== undefined) all.set("authorization", `Bearer ${key}`)
    if (json !== undefined) all.set("content-type", "application/json")
    for (const [name, value] of Object.entries(own ?? {})) all.set(name, value)
    /** @type {RequestInit} */
    const init = { method, headers: all, body: json === undefined ? body : JSON.stringify(json), signal: signal ?? null }
    const url = `${base}${path}${queryText(query)}`

    for (let repeats = 0; ; repeats++) {
      const response = await fetch(url, init).catch((cause) => {
        throw signal?.aborted ? signal.reason : unreachable(cause)
      })
      if (response.ok) return response
      const refusal = await refusalOf(response, signal)
      const { status, retryAfter = Number.POSITIVE_INFINITY } = refusal
      if (!mayRepeat || repeats === mostRepeats || (status !== 429 && status !== 503) || retryAfter > longestWait) throw refusal
      await pause(retryAfter * 1000, signal)
    }
  }
}

/**
 * A parameter as part of a path. One that would lead elsewhere is refused: who means one site must never mean all of them.
 * @param {string} name
 * @param {unknown} value
 * @param {boolean} [isRest] Whether it may have slashes.
 */
export const segment = (name, value, isRest = false) => {
  const parts = isRest ? String(value ?? "").split("/") : [String(value ?? "")]
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    throw invalidParameter(`The parameter ${name} cannot be ${JSON.stringify(value)}.`)
  return parts.map(encodeURIComponent).join("/")
}

/** @param {Record<string, unknown>} [query] */
const queryText = (query = {}) => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => (each === undefined || each === null ? [] : [[name, String(each)]])),
  )
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`
}

/**
 * Fails with the signal's reason as soon as it is aborted.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, ms)
    signal?.addEventListener("abort", stop, { once: true })
  })
