import { type Answer, isThenable, ofResponse } from "../answer.ts"
import type { Call } from "../call.ts"
import { define } from "../define.ts"
import { objectAnswer } from "../object.ts"
import { isResponse } from "../web/internal.ts"
import { requestOf } from "./apiRequest.ts"
import { bodyOf, flatHeaders, hasHeader, headerOf } from "./plain.ts"

/**
 * The handler of a script as Fazt 0.9 ran it: it finds `request`, `respond` and `require` as globals, and its completion value
 * is the answer.
 */
export const apiHandler = (run: () => unknown): ((call: Call) => Answer | PromiseLike<Answer>) => {
  define("respond", respond)
  return (call) => {
    define("request", requestOf(call))
    const result = run.call(globalThis)
    return isThenable(result) ? result.then(answerOf) : answerOf(result)
  }
}

/** `respond(body)`, `respond(status)`, `respond(status, body)`, `respond(status, body, headers)`: it only makes an object. */
const respond = (...args: ReadonlyArray<unknown>): object => {
  const [first, body, headers] = args
  if (args.length > 1) return { status: first, body, headers: headers ?? {} }
  return typeof first === "number" ? { status: first, body: undefined, headers: {} } : { status: 200, body: first, headers: {} }
}

/** Any object is read as what `respond` makes; only other values stand for a body. */
const answerOf = (value: unknown): Answer | PromiseLike<Answer> => {
  if (isResponse(value)) return ofResponse(value as never)
  const object = objectAnswer(value)
  if (object !== undefined) return object
  if (typeof value !== "object" || value === null || Array.isArray(value)) return plain(200, value, [])
  const { status, body, headers } = value as { readonly status?: unknown; readonly body?: unknown; readonly headers?: unknown }
  const code = status === undefined || status === null ? 200 : Number(status)
  const given = flatHeaders(headers)
  const served = objectAnswer(body)
  return served === undefined ? plain(code, body, given) : { ...served, status: code, headers: [...served.headers, ...given] }
}

const plain = (status: number, body: unknown, headers: Array<string>): Answer => {
  const type = headerOf(headers, "content-type")
  const bytes = type !== undefined && typeof body === "string" ? binary(body, type) : undefined
  if (!hasHeader(headers, "content-type")) headers.push("content-type", "application/json")
  return { status, headers, body: bytes ?? bodyOf(body) }
}

/** Text that is base64, as `s3.get` gives bytes, where the type says that bytes are meant: scripts of Fazt 0.10 and later send it so. */
const binary = (text: string, type: string): ArrayBuffer | undefined => {
  if (!/^(?:image\/(?!svg)|audio\/|video\/|font\/|application\/(?:octet-stream|pdf|zip|gzip|wasm)\b)/i.test(type)) return undefined
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer
}
