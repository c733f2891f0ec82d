import type { Answer } from "../answer.ts"
import { bodyText, type Call, canonicalName, firstHeaders, pathOf, queryOf } from "../call.ts"
import { hostFunction } from "../host.ts"
import { textOrBytes } from "./api.ts"

const fetchNow = hostFunction<[string, string], string>("engine.fetchNow")

/** The handler of a script as Fazt 0.8 ran it: it finds `req`, `res`, `db`, `socket` and a `fetch` that waits. */
export const legacyHandler = (run: () => unknown): ((call: Call) => Answer) => {
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
  }
  define("fetch", fetchAndWait)
  return (call) => {
    const { res, answer } = newResponse()
    define("req", {
      method: call.method,
      path: pathOf(call.url),
      query: queryOf(call.url),
      headers: firstHeaders(call.headers, canonicalName),
      body: bodyText(call.body) ?? "",
    })
    define("res", res)
    run.call(globalThis)
    return answer()
  }
}

const newResponse = () => {
  let status = 200
  let body = ""
  const headers = new Map<string, string>()
  const typed = (type: string, text: string): void => {
    if (!headers.has("content-type")) headers.set("content-type", type)
    body = text
  }
  const res = {
    status: (code: number) => {
      status = Number(code)
      return res
    },
    header: (name: string, value: string) => {
      headers.set(String(name).toLowerCase(), String(value))
      return res
    },
    send: (text: unknown) => typed("text/html; charset=utf-8", String(text)),
    json: (value: unknown) => typed("application/json", JSON.stringify(value) ?? ""),
  }
  const answer = (): Answer => ({ status, headers: [...headers].flat(), body: textOrBytes(body) })
  return { res, answer }
}

interface Options {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** `{ status, headers, body }`, or `{ error }`. */
const fetchAndWait = (url: string, { method = "GET", headers = {}, body }: Options = {}): unknown => {
  const request = { url: String(url), method: String(method), headers: Object.entries(headers).flat().map(String), redirect: "follow", hasBody: body !== undefined }
  return JSON.parse(fetchNow(JSON.stringify(request), body === undefined ? "" : String(body)))
}
