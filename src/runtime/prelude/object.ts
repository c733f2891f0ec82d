import type { Answer } from "./answer.ts"

/** What `s3.serve` returns: an answer whose body the server takes from the object itself. */
export interface Served {
  readonly status: number
  readonly headers: ReadonlyArray<string>
  readonly object: { readonly hash: string; readonly size: number; readonly type: string }
}

const served = new WeakSet<object>()

export const markServed = <T extends Served>(value: T): T => {
  served.add(value)
  return value
}

export const objectAnswer = (value: unknown): Answer | undefined => {
  if (typeof value !== "object" || value === null || !served.has(value)) return undefined
  const { status, headers, object } = value as Served
  return { status, headers, body: null, object }
}
