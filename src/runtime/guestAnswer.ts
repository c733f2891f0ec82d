import { isShown } from "./bindings/s3.ts"
import type { Invocation } from "./host.ts"
import type { RunProblem } from "./run.ts"

/** The longest status and headers of an answer; clients take less. */
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

/** The parts of an answer, if it is one: its status, the object's JSON after a space, and headers, with line breaks between them. */
export const readAnswer = (meta: string): AnswerMeta | undefined => {
  const [first = "", ...headers] = meta.split("\n")
  const status = Number(first.slice(0, 3))
  if (!(status >= 200 && status <= 599) || headers.length % 2 !== 0) return undefined
  for (let i = 0; i < headers.length; i += 2) if (/[A-Z]/.test(headers[i]!)) return undefined
  const object = first.length === 3 ? undefined : parsed(first.slice(3))
  return object === undefined && first.length > 3 ? undefined : { status, headers, object }
}

const parsed = (text: string): AnswerMeta["object"] => {
  try {
    const object: unknown = JSON.parse(text)
    return isObject(object) ? object : undefined
  } catch {
    return undefined
  }
}

const isObject = (object: unknown): object is NonNullable<AnswerMeta["object"]> => {
  const { hash, size, type } = (object ?? {}) as Readonly<Record<string, unknown>>
  return typeof hash === "string" && Number.isSafeInteger(size) && typeof type === "string"
}
