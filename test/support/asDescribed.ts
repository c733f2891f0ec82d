import { openApiDocument } from "../../src/http/api/openapi.ts"
import { answerChecker, type Document, operationFinder } from "./openapi.ts"
import type { Answer } from "./server.ts"

let made: { readonly find: ReturnType<typeof operationFinder>; readonly problemOf: ReturnType<typeof answerChecker> } | undefined

const fromDocument = () => {
  if (made !== undefined) return made
  const document = openApiDocument() as unknown as Document
  made = { find: operationFinder(document), problemOf: answerChecker(document) }
  return made
}

/**
 * Throws if an answer of the API is not as the OpenAPI document says: every test that asks the API is a test of the document too. What
 * is asked in a form that no endpoint has is answered by none of them.
 */
export const checkAsDescribed = (host: string, method: string, url: string, answer: Answer): void => {
  if (!/^(localhost|admin\.[a-z.]+)(:\d+)?$/.test(host) || !/^\/api\/[\w/.-]*(\?|$)/.test(url) || method === "HEAD") return
  // Another test has been told that these are refused before they are anybody's.
  if (answer.status === 400 && answer.headers["content-type"]?.startsWith("application/json") !== true) return
  // What is compressed is no text.
  if (answer.headers["content-encoding"] !== undefined) return
  const { find, problemOf } = fromDocument()
  const described = find(method, url)
  const problem = described === undefined ? undefined : problemOf(described, answer)
  if (problem !== undefined) throw new Error(`${method} ${url} is not answered as the document says: ${problem}`)
}
