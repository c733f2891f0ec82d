import { startTimer } from "../timers.ts"
import { DOMException } from "./domException.ts"
import { Event, EventTarget } from "./event.ts"

let abortSignal: (signal: AbortSignal, reason: unknown) => void
/** Runs once before the listeners of the event; nothing if the signal is aborted already. The result takes it away. */
export let whenAborted: (signal: AbortSignal, run: () => void) => () => void

const internal = Symbol()

export const newSignal = (): AbortSignal => new AbortSignal(internal)

export class AbortSignal extends EventTarget {
  #aborted = false
  #reason: unknown
  #steps: Set<() => void> | undefined
  #handler: ((event: Event) => unknown) | null = null

  static {
    abortSignal = (signal, reason) => {
      if (signal.#aborted) return
      signal.#aborted = true
      signal.#reason = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason
      const steps = signal.#steps
      signal.#steps = undefined
      for (const step of steps ?? []) step()
      signal.dispatchEvent(new Event("abort"))
    }
    whenAborted = (signal, run) => {
      if (signal.#aborted) return () => {}
      signal.#steps ??= new Set()
      signal.#steps.add(run)
      return () => void signal.#steps?.delete(run)
    }
  }

  constructor(token?: unknown) {
    if (token !== internal) throw new TypeError("Illegal constructor: use an AbortController.")
    super()
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = newSignal()
    abortSignal(signal, reason)
    return signal
  }

  static timeout(milliseconds: number): AbortSignal {
    const signal = newSignal()
    startTimer(() => abortSignal(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")), milliseconds)
    return signal
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const any = newSignal()
    const all = [...signals]
    const first = all.find((signal) => signal.aborted)
    if (first !== undefined) abortSignal(any, first.reason)
    else for (const signal of all) whenAborted(signal, () => abortSignal(any, signal.reason))
    return any
  }

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  get onabort(): ((event: Event) => unknown) | null {
    return this.#handler
  }
  set onabort(handler: unknown) {
    if (this.#handler !== null) this.removeEventListener("abort", this.#handler)
    this.#handler = typeof handler === "function" ? (handler as (event: Event) => unknown) : null
    this.addEventListener("abort", this.#handler)
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason
  }
}

export class AbortController {
  readonly #signal = newSignal()

  get signal(): AbortSignal {
    return this.#signal
  }

  abort(reason?: unknown): void {
    abortSignal(this.#signal, reason)
  }
}
