import { isShown } from "./bindings/s3.ts"
import type { Invocation } from "./host.ts"
import type { RunProblem } from "./sandbox.ts"

/** The longest status and headers of an answer, as JSON; clients take less. */
const maxMeta = 64 * 1024

/** What the entry script says beside the body. `object`: the body is a stored object, sent by the server itself. */
export interface AnswerMeta {
  readonly status: number
  /** Names in lower case and values in turn. */
  readonly headers: ReadonlyArray<string>
  readonly object: { readonly hash: string; readonly size: number; readonly type: string } | undefined
}

/** Why an answer cannot be sent. It comes out of user code's memory, whoever has written it. */
export const answerProblem = (meta: string, invocation: Invocation): RunProblem | undefined => {
  if (meta.length > maxMeta) return { kind: "response_size", message: `The headers of its response are longer than ${maxMeta} characters.` }
  // Only what has a brace in it can name an object.
  if (!meta.includes("{")) return undefined
  const object = readAnswer(meta)?.object
  if (object === undefined || isShown(invocation, object.hash, object.size)) return undefined
  return { kind: "error", message: "TypeError: Its response is an object that this request has not been shown." }
}

/** The parts of an answer, if it is one. */
export const readAnswer = (meta: string): AnswerMeta | undefined => {
  let parts: unknown
  try {
    parts = JSON.parse(meta)
  } catch {
    return undefined
  }
  if (!Array.isArray(parts)) return undefined
  const [status, headers, object] = parts as ReadonlyArray<unknown>
  if (!isStatus(status) || !isHeaders(headers) || !(object === undefined || isObject(object))) return undefined
  return { status, headers, object }
}

const isStatus = (status: unknown): status is number => Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 599

const isHeaders = (headers: unknown): headers is ReadonlyArray<string> =>
  Array.isArray(headers) &&
  headers.length % 2 === 0 &&
  headers.every((item, i) => typeof item === "string" && (i % 2 === 1 || !/[A-Z]/.test(item)))

const isObject = (object: unknown): object is NonNullable<AnswerMeta["object"]> => {
  const { hash, size, type } = (object ?? {}) as Readonly<Record<string, unknown>>
  return typeof hash === "string" && Number.isSafeInteger(size) && typeof type === "string"
}
