import type { MessagePort, Worker } from "node:worker_threads"

/** Functions that another thread may call: arguments and results are structured-cloned. */
export type Calls = Record<string, (...args: never) => unknown>

interface Call {
  readonly call: number
  readonly name: string
  readonly args: ReadonlyArray<unknown>
}

type Answer =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: { readonly name: string; readonly message: string; readonly fields: object } }

/** An error that a call threw, with the fields that the class it had there gave it. */
export class CallFailed extends Error {
  override readonly name = "CallFailed"
  /** The name of the error's class in the other thread. */
  readonly kind: string
  readonly fields: object
  constructor(error: { readonly name: string; readonly message: string; readonly fields: object }) {
    super(error.message)
    this.kind = error.name
    this.fields = error.fields
  }
}

/** Answers calls that come in over a port. */
export const answerCalls = (port: MessagePort, calls: Calls): void => {
  port.on("message", async (message: Call) => {
    if (typeof message?.call !== "number") return
    const { call: answer, name, args } = message
    try {
      const value = await calls[name]!(...(args as never))
      port.postMessage({ answer, value } satisfies Answer)
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      port.postMessage({ answer, error: { name: error.name, message: error.message, fields: { ...error } } } satisfies Answer)
    }
  })
}

type Caller<C extends Calls> = {
  readonly [K in keyof C]: (...args: Parameters<C[K]>) => Promise<Awaited<ReturnType<C[K]>>>
}

/** Calls the functions of a worker thread. */
export const callThread = <C extends Calls>(worker: Worker): Caller<C> => {
  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>()
  let next = 0
  const failAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on("message", (message: Answer) => {
    if (typeof message?.answer !== "number") return
    const waiter = waiting.get(message.answer)
    waiting.delete(message.answer)
    if ("error" in message) waiter?.reject(new CallFailed(message.error))
    else waiter?.resolve(message.value)
  })
  worker.once("error", failAll)
  worker.once("exit", () => failAll(new Error("The thread has ended.")))
  return new Proxy({} as Caller<C>, {
    get:
      (_, name: string) =>
      (...args: ReadonlyArray<unknown>) =>
        new Promise((resolve, reject) => {
          const call = next++
          waiting.set(call, { resolve, reject })
          worker.postMessage({ call, name, args } satisfies Call)
        }),
  })
}
