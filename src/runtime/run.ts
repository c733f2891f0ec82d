import type { Invocation } from "./host.ts"

/** Limits of one run that are enforced outside user code. */
export interface RunLimits {
  /** Processor time of the whole run, in milliseconds. */
  readonly cpuMs: number
  /** Calls of host functions. */
  readonly hostCalls: number
  /** Bytes that cross to host functions. */
  readonly hostBytes: number
  readonly responseBytes: number
}

/** Why a run ended without finishing. `error` is user code's own doing and carries what it threw. */
export interface RunProblem {
  readonly kind: "conflict" | "cpu" | "wall" | "host_calls" | "memory" | "stack" | "stuck" | "response_size" | "error" | "defect"
  readonly message: string
  /** As the engine gives it: lines of `at name (file:line:column)`. */
  readonly stack?: string | undefined
}

/** An answer as user code made it: `meta` is what `readAnswer` takes apart, the body text or bytes. */
export interface GuestAnswer {
  readonly meta: string
  readonly body: string | Uint8Array
}

/** One run of user code, as the thread that runs it sees it. */
export interface Run {
  readonly invocation: Invocation
  readonly limits: RunLimits
  /** The answer is there; the run may go on with what it wanted to finish afterwards. */
  readonly answered: (answer: GuestAnswer) => void
  /** User code threw where nobody waits for it any more. */
  readonly uncaught: (problem: RunProblem) => void
  /** Nothing of it runs any more. `problem` if it did not come to its end. */
  readonly ended: (problem: RunProblem | undefined) => void
  /** It can go on: `resume` is to be called in a later turn. */
  readonly wake: () => void
  /** It waits for an answer to this request (JSON and body) in the middle of its code: `begin` it again once `fetched` has it. */
  readonly suspended: (request: string, body: string) => void
  readonly fetched: ReadonlyArray<{ readonly request: string; readonly answer: string }>
  /** Told before and after user code runs, for a watchdog. */
  readonly entered: () => void
  readonly left: () => void
}
