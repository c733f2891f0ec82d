/** @import { CallOptions } from "./client.d.ts" */
/** @import { Send, Sent } from "./send.js" */
import { jsonOf, unexpectedAnswer } from "./error.js"
import { operations } from "./operations.js"
import { segment } from "./send.js"

/** @typedef {Record<string, any>} Params */

/**
 * A function for each operation of the API, by group.
 * @param {Send} send
 */
export const callsOf = (send) =>
  Object.fromEntries(
    Object.entries(operations).map(([group, lines]) => [
      group,
      Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, callOf(send, line)])),
    ]),
  )

/**
 * @param {Send} send
 * @param {string} line How the operation is asked for, as `operations.js` has it.
 */
const callOf = (send, line) => {
  const [method = "", target = "", ...flags] = line.split(" ")
  const [path = "", query = ""] = target.split("?")
  const by = flags.find((flag) => flag.startsWith("by="))?.slice(3)

  /** @param {Params} [params] @param {CallOptions} [options] */
  const ask = async (params = {}, options = {}) => {
    const rest = { ...params }
    /** @param {string} name */
    const take = (name) => {
      const value = rest[name]
      delete rest[name]
      return value
    }
    const place = path.replace(/\{(\w+)(\*?)\}/g, (_, name, isRest) => segment(name, take(name), isRest !== ""))
    /** @type {Sent} */
    const sent = { ...options, query: rest }
    if (flags.includes("raw")) sent.body = take("body")
    if (flags.includes("json")) sent.json = take("body")
    if (flags.includes("fields")) {
      sent.query = Object.fromEntries(query.split("&").map((name) => [name, take(name)]))
      sent.json = rest
    }
    const response = await send(method, place, sent)
    if (flags.includes("response")) return response
    if (flags.includes("nothing")) return undefined
    const answer = await jsonOf(response, options.signal)
    const needed = flags.includes("bare") ? answer : by === undefined ? answer?.data : Array.isArray(answer?.data) ? answer.meta : undefined
    if (needed === undefined) throw unexpectedAnswer(response)
    return flags.includes("bare") || by !== undefined ? answer : answer.data
  }

  return by === undefined ? ask : (/** @type {Params} */ params, /** @type {CallOptions} */ options) => paged(ask, by, params, options)
}

/**
 * The first page of a list, which also goes through all items of this page and those behind it.
 * @param {(params: Params, options?: CallOptions) => Promise<any>} ask
 * @param {string} by
 * @param {Params} [params]
 * @param {CallOptions} [options]
 */
const paged = (ask, by, params = {}, options) => {
  const first = ask(params, options)
  return Object.assign(first, {
    async *[Symbol.asyncIterator]() {
      let page = await first
      for (;;) {
        yield* page.data
        const next = nextOf(by, params, page)
        if (next === undefined) return
        page = await ask({ ...params, ...next }, options)
      }
    },
  })
}

/**
 * What is asked for the next page.
 * @param {string} by
 * @param {Params} params
 * @param {any} page
 */
const nextOf = (by, { after }, { data, meta }) => {
  if (by === "offset") {
    const offset = meta.offset + data.length
    return data.length > 0 && offset < meta.total ? { offset } : undefined
  }
  if (meta.next === null) return undefined
  // A list that was asked for what comes after something goes on in that direction.
  return { [by === "before" && after !== undefined ? "after" : by]: meta.next }
}
