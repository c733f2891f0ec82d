import { type Answer, isThenable, ofResponse } from "../answer.ts"
import { bodyText, type Call, canonicalName, firstHeaders, pathOf, queryOf } from "../call.ts"
import { objectAnswer } from "../object.ts"
import { isResponse } from "../web/internal.ts"

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

const define = (name: string, value: unknown): void => {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}

/** `respond(body)`, `respond(status)`, `respond(status, body)`, `respond(status, body, headers)`: it only makes an object. */
const respond = (...args: ReadonlyArray<unknown>): object => {
  const [first, body, headers] = args
  if (args.length > 1) return { status: first, body, headers: headers ?? {} }
  return typeof first === "number" ? { status: first, body: undefined, headers: {} } : { status: 200, body: first, headers: {} }
}

const requestOf = ({ method, url, headers, body }: Call): object => {
  const all = firstHeaders(headers, canonicalName)
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(queryOf(url))) if (!Object.hasOwn(query, name)) query[name] = value
  return { method, path: pathOf(url), query, headers: all, body: parsedBody(body, all["Content-Type"] ?? "") }
}

const parsedBody = (body: string | ArrayBuffer | null, type: string): unknown => {
  const text = bodyText(body)
  if (text === undefined || text === "") return undefined
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) return text
  try {
    return JSON.parse(text)
  } catch {
    // Go's server handed over what was no JSON as it came.
    return text
  }
}

const answerOf = (value: unknown): Answer | PromiseLike<Answer> => {
  if (isResponse(value)) return ofResponse(value as never)
  const object = objectAnswer(value)
  if (object !== undefined) return object
  if (value === undefined || value === null) return plain(200, "", {})
  if (typeof value !== "object" || Array.isArray(value)) return plain(200, value, {})
  const { status, body, headers } = value as { readonly status?: unknown; readonly body?: unknown; readonly headers?: unknown }
  return plain(status === undefined ? 200 : Number(status), body, (headers ?? {}) as Record<string, unknown>)
}

const plain = (status: number, body: unknown, given: Record<string, unknown>): Answer => {
  const headers: Array<string> = []
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) headers.push(name.toLowerCase(), String(one))
  }
  if (!headers.some((name, i) => i % 2 === 0 && name === "content-type")) headers.push("content-type", "application/json")
  return { status, headers, body: bodyOf(body) }
}

const bodyOf = (body: unknown): string | ArrayBuffer | null => {
  if (body === undefined || body === null) return null
  if (body instanceof ArrayBuffer) return body
  if (ArrayBuffer.isView(body)) return body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) as ArrayBuffer
  return textOrBytes(typeof body === "string" ? body : (JSON.stringify(body) ?? ""))
}

/** What a C string cannot hold goes as bytes. */
export const textOrBytes = (text: string): string | ArrayBuffer =>
  text.includes("\0") || !text.isWellFormed() ? (new TextEncoder().encode(text).buffer as ArrayBuffer) : text
