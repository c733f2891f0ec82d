import { runTimers } from "../timers.ts"
import type { AbortSignal } from "./abort.ts"
import { gathered, takeContent } from "./body.ts"
import { forgetRandom } from "./random.ts"
import { type Request, requestOf } from "./request.ts"
import { isResponseObject, type Parts, partsOf, type Response } from "./response.ts"
import { utf8 } from "./text.ts"

/** To be called when a request begins, before any user code runs: what the memory image holds of randomness is dropped, timers run. */
export const beginRequest = (): void => {
  forgetRandom()
  runTimers()
}

/**
 * The request that the server got. Nothing is checked or changed: user code sees the URL and the method as they are given here.
 * Headers are names in lower case and values in turn, in a list or with line breaks between them.
 */
export const incomingRequest = (
  url: string,
  method: string,
  headers: string | Array<string>,
  body: string | ArrayBuffer | null,
  signal?: AbortSignal,
): Request => requestOf(body, url, method, headers, signal && { signal })

/** Whether something is a Response, or of a class that extends it. */
export const isResponse = (value: unknown): value is Response => isResponseObject(value)

/** Takes a response apart and uses its body up. Throws a TypeError if that was used before. */
export const takeResponse = (response: Response): Parts | Promise<Parts> => {
  const parts = partsOf(response)
  const content = gathered(takeContent(response))
  if (content instanceof Promise) return content.then((body) => ({ ...parts, body }))
  parts.body = typeof content !== "string" || crosses(content) ? content : utf8(content).buffer
  return parts
}

const crosses = (text: string): boolean => !text.includes("\0") && text.isWellFormed()
