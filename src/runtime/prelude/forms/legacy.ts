import type { Answer } from "../answer.ts"
import { bodyText, type Call, canonicalName, firstHeaders, pathOf, queryOf } from "../call.ts"
import { define } from "../define.ts"
import { fetchAndWait } from "../net.ts"
import { bodyOf, headerPair } from "./plain.ts"

/** The handler of a script as Fazt 0.8 ran it: it finds `req`, `res`, `db`, `socket` and a `fetch` that waits. */
export const legacyHandler = (run: () => unknown): ((call: Call) => Answer) => {
  define("fetch", fetch)
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

/** The last thing that was sent is what goes out. */
const newResponse = () => {
  let status = 200
  let body: string | ArrayBuffer | null = null
  let type: string | undefined
  const headers = new Map<string, string>()
  const res = {
    status: (code: unknown) => {
      status = Number(code)
      return res
    },
    header: (name: unknown, value: unknown) => {
      headers.set(...headerPair(name, value))
      return res
    },
    send: (content: unknown) => {
      const isBytes = content instanceof ArrayBuffer || ArrayBuffer.isView(content)
      type = isBytes ? "application/octet-stream" : "text/html; charset=utf-8"
      body = bodyOf(isBytes || content === undefined || content === null ? content : String(content))
      return res
    },
    json: (value: unknown) => {
      type = "application/json"
      body = bodyOf(JSON.stringify(value))
      return res
    },
  }
  const answer = (): Answer => {
    if (type !== undefined && !headers.has("content-type")) headers.set("content-type", type)
    return { status, headers: [...headers].flat(), body }
  }
  return { res, answer }
}

/** `{ status, headers, body }`, or `{ error }`. */
const fetch = (
  url: unknown,
  options?: { readonly method?: unknown; readonly headers?: unknown; readonly body?: unknown } | null,
): unknown => {
  const waited = fetchAndWait(url, options)
  return "error" in waited ? { error: waited.error } : waited
}
