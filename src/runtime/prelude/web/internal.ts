import { runTimers } from "../timers.ts"
import type { AbortSignal } from "./abort.ts"
import { gathered, takeContent } from "./body.ts"
import { forgetRandom } from "./random.ts"
import { type Request, requestOf } from "./request.ts"
import { isResponseObject, type Response, statusAndHeaders } from "./response.ts"
import { utf8 } from "./text.ts"
import { knowUrl } from "./url.ts"

/** To be called when a request begins, before any user code runs: what the memory image holds of randomness is dropped, timers run. */
export const beginRequest = (): void => {
  forgetRandom()
  runTimers()
}

/**
 * The request that the server got. Nothing is checked: `url` has to be as `new URL(url).href` writes it, the method in capitals,
 * names of headers in lower case, and text without a byte order mark of its own meaning.
 */
export const incomingRequest = (
  url: string,
  method: string,
  flatHeaders: Array<string>,
  body: string | ArrayBuffer | null,
  signal?: AbortSignal,
): Request => {
  knowUrl(url)
  return requestOf(body, url, method, flatHeaders, signal && { signal })
}

/** Whether something is a Response, or of a class that extends it. */
export const isResponse = (value: unknown): value is Response => isResponseObject(value)

/** A response as it leaves the sandbox. Text is text that can cross as it is. */
export interface Taken {
  readonly status: number
  /** Name, value, name, value …; `set-cookie` may come more than once. */
  readonly headers: Array<string>
  readonly body: string | ArrayBuffer | null
}

/** Takes a response apart and uses its body up. Throws a TypeError if that was used before. */
export const takeResponse = (response: Response): Taken | Promise<Taken> => {
  const { status, headers } = statusAndHeaders(response)
  const content = gathered(takeContent(response))
  if (typeof content === "string") return { status, headers, body: crosses(content) ? content : utf8(content).buffer }
  return content instanceof Promise ? content.then((body) => ({ status, headers, body })) : { status, headers, body: content }
}

const crosses = (text: string): boolean => !text.includes("\0") && text.isWellFormed()
