import { hostTask } from "./host.ts"
import { whenAborted } from "./web/abort.ts"
import { gathered, takeContent } from "./web/body.ts"
import { define } from "./web/define.ts"
import { Request, type RequestInit, requestHeaders } from "./web/request.ts"
import { isNullBody, type Response, responseOf } from "./web/response.ts"
import { utf8 } from "./web/text.ts"

const fetchOnHost = hostTask<[request: string, body: ArrayBuffer]>("fetch")

interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: Array<string>
  readonly url: string
  readonly redirected: boolean
}

let began = false

/** Whether this request has called another server, or tried to. */
export const hasFetched = (): boolean => began

const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init)
  const signal = request.signal
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const unlisten = whenAborted(signal, () => aborted.reject(signal.reason))
  try {
    return await Promise.race([aborted.promise, send(request)])
  } finally {
    unlisten()
  }
}

const send = async (request: Request): Promise<Response> => {
  const content = await gathered(takeContent(request))
  const bytes = typeof content === "string" ? utf8(content).buffer : content
  const { url, method, redirect } = request
  const question = { url, method, headers: requestHeaders(request), redirect, hasBody: bytes !== null }
  began = true
  const { text, bytes: body } = await fetchOnHost(JSON.stringify(question), bytes ?? new ArrayBuffer(0)).catch(rethrown)
  const { status, statusText, headers, url: answered, redirected } = JSON.parse(text) as Answer
  return responseOf(isNullBody(status) ? null : (body ?? null), status, headers, { statusText, type: "basic", url: answered, redirected })
}

/** What the host calls a TypeError becomes one. */
const rethrown = (error: Error & { readonly code?: string }): never => {
  if (error.name !== "TypeError") throw error
  throw Object.assign(new TypeError(error.message), error.code === undefined ? {} : { code: error.code })
}

/** Puts `fetch` on the global object. */
export const installFetch = (global: object): void => define(global, { fetch })
