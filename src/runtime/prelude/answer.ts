import { hostFunction } from "./host.ts"
import { takeResponse } from "./web/internal.ts"

/** What goes back to the visitor. `object`: the body is a stored object, sent by the server itself. */
export interface Answer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: ReadonlyArray<string>
  readonly body: string | ArrayBuffer | null
  readonly object?: { readonly hash: string; readonly size: number; readonly type: string }
}

/** The last argument says whether the run is over with it. */
const answerText = hostFunction<[string, string, number], undefined>("engine.answerText")
const answerBytes = hostFunction<[string, ArrayBuffer, number], undefined>("engine.answerBytes")
const failed = hostFunction<[string], undefined>("engine.failed")
const uncaught = hostFunction<[string], undefined>("engine.uncaught")
const finished = hostFunction<[], undefined>("engine.finished")

/** Promises given to `waitUntil` that have not settled. */
let waiting = 0
let answered = false

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null && (typeof value === "object" || typeof value === "function") && typeof (value as { then?: unknown }).then === "function"

/** Sends what a form's `handle` returned, now or once its promise has settled. */
export const settleAnswer = (result: Answer | PromiseLike<Answer>): void => {
  if (isThenable(result)) result.then(send, fail)
  else send(result)
}

const send = ({ status, headers, body, object }: Answer): void => {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return fail(new RangeError(`The status ${String(status)} is not one of 200 to 599.`))
  const first = object === undefined ? status : `${status} ${JSON.stringify(object)}`
  // Much quicker than JSON. No header can hold a line break, whatever class or function it came through.
  const meta = headers.length === 0 ? `${first}` : `${first}\n${headers.join("\n")}`
  if (control.test(meta)) checkHeaders(headers)
  answered = true
  const isOver = waiting === 0 ? 1 : 0
  if (body instanceof ArrayBuffer) answerBytes(meta, body, isOver)
  else answerText(meta, body ?? "", isOver)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const control = /[\0-\x08\x0b-\x1f\x7f]/

/** Control characters, which the standard allows in a header and HTTP/1.1 cannot carry. */
const checkHeaders = (headers: ReadonlyArray<string>): void => {
  const bad = headers.findIndex((text) => /[^\t\x20-\x7e\x80-\xff]/.test(text))
  if (bad >= 0) fail(new TypeError(`The header ${headers[bad - (bad % 2)]} has a control character in it.`))
}

/** Whether the answer has gone out: what still runs is work for afterwards. */
export const hasAnswered = (): boolean => answered

/** Ends the run: nothing that it wrote is kept. */
export const fail = (error: unknown): void => {
  failed(describe(error))
}

/** An error that nobody waits for: it is logged, and the run goes on. */
export const reportUncaught = (error: unknown): void => {
  uncaught(describe(error))
}

/** What comes after the answer; the run lasts until it has settled. */
export const waitUntil = (promise: unknown): void => {
  waiting++
  const done = (): void => {
    waiting--
    if (answered && waiting === 0) finished()
  }
  Promise.resolve(promise).then(done, (error: unknown) => {
    reportUncaught(error)
    done()
  })
}

/** JSON that the host can read, whatever was thrown. */
const describe = (error: unknown): string => {
  try {
    if (!(error instanceof Error))
      return JSON.stringify({ name: "Uncaught", message: typeof error === "string" ? error : (JSON.stringify(error) ?? String(error)) })
    const cause =
      error.cause === undefined
        ? ""
        : ` (cause: ${error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : String(error.cause)})`
    return JSON.stringify({ name: String(error.name), message: `${String(error.message)}${cause}`, stack: String(error.stack ?? "") })
  } catch {
    return '{"name":"Error","message":"It threw something that cannot be described."}'
  }
}

/** A web Response as an answer. */
export const ofResponse = (response: Response): Answer | PromiseLike<Answer> =>
  takeResponse(response as never) as unknown as Answer | PromiseLike<Answer>

export { isThenable }
