import { hasAnswered } from "./answer.ts"
import { canonicalName, firstHeaders } from "./call.ts"
import { hasFetched } from "./fetch.ts"
import { hostFunction } from "./host.ts"

const fetchNow = hostFunction<[request: string, body: string], string>("engine.fetchNow")

interface Options {
  readonly method?: unknown
  readonly headers?: unknown
  readonly body?: unknown
}

/** What the host says of a call: an answer, or what went wrong. Names of headers are as `Content-Type`. */
export type Waited =
  | { readonly status: number; readonly headers: Record<string, string>; readonly body: string }
  | { readonly error: string; readonly code?: string }

/**
 * Calls another server and waits for the answer in the middle of a script. The host does that by running the script once more from
 * its beginning, now with the answer: what has happened outside by then cannot be repeated.
 */
export const fetchAndWait = (url: unknown, options: Options | null | undefined): Waited => {
  const { method = "GET", headers, body } = options ?? {}
  if (hasFetched() || hasAnswered())
    throw new TypeError("This fetch waits in the middle of the code, which is possible before the answer and before any other fetch only.")
  const [text, isJson] = bodyOf(body)
  const flat = Object.entries(headers ?? {})
    .flat()
    .map(String)
  if (isJson && !flat.some((name, i) => i % 2 === 0 && name.toLowerCase() === "content-type")) flat.push("content-type", "application/json")
  const question = { url: String(url), method: String(method), headers: flat, redirect: "follow", hasBody: text !== undefined }
  const waited = JSON.parse(fetchNow(JSON.stringify(question), text ?? "")) as Waited
  return "error" in waited ? waited : { ...waited, headers: firstHeaders(Object.entries(waited.headers).flat().join("\n"), canonicalName) }
}

/** Text as it is, other values as JSON. */
const bodyOf = (body: unknown): readonly [text: string | undefined, isJson: boolean] => {
  if (body === undefined || body === null) return [undefined, false]
  const isJson = typeof body === "object"
  const text = isJson ? JSON.stringify(body) : String(body)
  if (text.includes("\0")) throw new TypeError("The body of a call cannot hold U+0000.")
  return [text.toWellFormed(), isJson]
}

/** `fazt.net`: a `fetch` that waits, and throws what goes wrong, with its code. */
export const makeNet = () => ({
  fetch: (url: unknown, options?: (Options & { readonly auth?: unknown }) | null) => {
    if (options?.auth !== undefined)
      throw new TypeError("fazt.net.fetch has no auth: keep the key in an environment variable, and send it in a header.")
    const waited = fetchAndWait(url, options)
    if ("error" in waited) throw Object.assign(new Error(waited.error), waited.code === undefined ? {} : { code: waited.code })
    const { status, headers, body } = waited
    return { status, ok: status >= 200 && status < 300, headers, text: (): string => body, json: (): unknown => JSON.parse(body) }
  },
})
