import { type Answer, isThenable, ofResponse, waitUntil } from "../answer.ts"
import type { Call } from "../call.ts"
import { objectAnswer } from "../object.ts"
import { incomingRequest, isResponse } from "../web/internal.ts"

type Fetch = (request: unknown, env: unknown, ctx: unknown) => unknown

/** The handler of an ES module: `export default { fetch(request, env, ctx) }`, or a function. */
export const moduleHandler = (program: { readonly default?: unknown }, env: object): ((call: Call) => Answer | PromiseLike<Answer>) => {
  const exported = program.default as { readonly fetch?: unknown } | Fetch | undefined
  const fetch =
    typeof exported === "function" && typeof (exported as { fetch?: unknown }).fetch !== "function"
      ? exported
      : (exported as { fetch?: unknown })?.fetch
  if (typeof fetch !== "function")
    throw new TypeError("The default export has no fetch function: export default { fetch(request, env, ctx) { … } }")
  const call = fetch as Fetch
  const context = { waitUntil, passThroughOnException: () => {}, props: {} }
  return ({ method, url, headers, body }) => {
    const result = call.call(exported, incomingRequest(url, method, headers, body), env, context)
    return isThenable(result) ? result.then(answerOf) : answerOf(result)
  }
}

const answerOf = (result: unknown): Answer | PromiseLike<Answer> => {
  if (isResponse(result)) return ofResponse(result as never)
  const object = objectAnswer(result)
  if (object !== undefined) return object
  throw new TypeError("The handler did not return a Response.")
}
