/**
 * The guest's only way out. The engine puts three things on the global object before it evaluates this script, and takes them
 * away after: `__ops` (the names of host functions, in the order of their numbers), `__call` and `__start`.
 *
 * Everything in this folder runs inside QuickJS, before any user code, and is frozen into each site's memory image.
 */
declare const __ops: ReadonlyArray<string>
declare const __call: (op: number, ...args: ReadonlyArray<unknown>) => never
declare const __start: (op: number, id: number, ...args: ReadonlyArray<unknown>) => void

const call = __call
const start = __start
const numbers = new Map(__ops.map((name, number) => [name, number] as const))

const numberOf = (name: string): number => {
  const number = numbers.get(name)
  if (number === undefined) throw new Error(`The host has no function ${name}.`)
  return number
}

/** A host function that answers at once. It throws what the host refuses with. */
export const hostFunction = <Args extends ReadonlyArray<string | number | ArrayBuffer>, Result>(name: string) => {
  const number = numberOf(name)
  return (...args: Args): Result => call(number, ...args)
}

interface Waiter {
  readonly resolve: (answer: { readonly text: string; readonly bytes: ArrayBuffer | undefined }) => void
  readonly reject: (error: Error) => void
}

const waiters = new Map<number, Waiter>()
let next = 1

/** A host function that answers later. `text` is JSON. */
export const hostTask = <Args extends ReadonlyArray<string | number | ArrayBuffer>>(name: string) => {
  const number = numberOf(name)
  return (...args: Args): Promise<{ readonly text: string; readonly bytes: ArrayBuffer | undefined }> =>
    new Promise((resolve, reject) => {
      const id = next++
      waiters.set(id, { resolve, reject })
      start(number, id, ...args)
    })
}

/** Called by the engine when a task has ended; `text` of a failure is JSON of `{ name, message, code }`. */
export const settle = (id: number, ok: boolean, text: string, bytes: ArrayBuffer | undefined): void => {
  const waiter = waiters.get(id)
  if (waiter === undefined) return
  waiters.delete(id)
  if (ok) return waiter.resolve({ text, bytes })
  const { name, message, code } = JSON.parse(text)
  const error = new Error(message)
  error.name = name
  waiter.reject(code === undefined ? error : Object.assign(error, { code }))
}
