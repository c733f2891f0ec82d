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

/** How long a thread without work is kept. */
const idleMs = 30_000

interface RunningThread {
  readonly worker: Worker
  readonly waiting: Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>
  idle: NodeJS.Timeout | undefined
}

/**
 * A thread whose functions can be called. It is started when it is first needed, ends when it has had nothing to do for a while
 * (an idle one costs some 20 MB), and is started again should it have died; calls that were under way then fail.
 */
export const threadOnDemand = <C extends Calls>(start: () => Worker): { readonly calls: Caller<C>; readonly stop: () => Promise<void> } => {
  let running: RunningThread | undefined
  let next = 0

  const started = (): RunningThread => {
    const worker = start()
    const thread: RunningThread = { worker, waiting: new Map(), idle: undefined }
    const end = (error: Error): void => {
      if (running === thread) running = undefined
      clearTimeout(thread.idle)
      for (const { reject } of thread.waiting.values()) reject(error)
      thread.waiting.clear()
    }
    /** Forgotten before it ends, so that no call can be given to a thread that is on its way out. */
    const retire = (): void => {
      if (running === thread) running = undefined
      void worker.terminate()
    }
    worker.on("message", (message: Answer) => {
      if (typeof message?.answer !== "number") return
      const waiter = thread.waiting.get(message.answer)
      thread.waiting.delete(message.answer)
      if (thread.waiting.size === 0) thread.idle = setTimeout(retire, idleMs).unref()
      if ("error" in message) waiter?.reject(new CallFailed(message.error))
      else waiter?.resolve(message.value)
    })
    worker.once("error", end)
    worker.once("exit", () => end(new Error("The thread has ended.")))
    worker.unref()
    return thread
  }

  const call = (name: string, args: ReadonlyArray<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      running ??= started()
      clearTimeout(running.idle)
      const id = next++
      running.waiting.set(id, { resolve, reject })
      running.worker.postMessage({ call: id, name, args } satisfies Call)
    })

  return {
    calls: new Proxy({} as Caller<C>, {
      get:
        (_, name: string) =>
        (...args: ReadonlyArray<unknown>) =>
          call(name, args),
    }),
    stop: async () => {
      await running?.worker.terminate()
    },
  }
}
