import { GuestOutOfMemory } from "./engine/guest.ts"
import type { RunProblem } from "./run.ts"
import { SnapshotMoved } from "./unit.ts"

/** Ends a run at once. It passes through the engine's frames as an exception of the host, so that no code inside can catch it. */
export class RunEnded extends Error {
  readonly problem: RunProblem
  constructor(problem: RunProblem) {
    super(problem.message)
    this.problem = problem
  }
}

/** Ends a run that is to begin again when the answer is there. */
export class RunSuspended extends Error {
  readonly request: string
  readonly body: string
  constructor(request: string, body: string) {
    super("suspended")
    this.request = request
    this.body = body
  }
}

/** How a slice ended that did not come back. */
export const problemOf = (error: unknown): RunProblem => {
  if (error instanceof RunEnded) return error.problem
  if (error instanceof SnapshotMoved) return { kind: "conflict", message: error.message }
  if (error instanceof GuestOutOfMemory) return { kind: "memory", message: "It ran out of memory (functions.memory_bytes)." }
  // Deep recursion of the engine itself, as in a regular expression or a deeply nested literal, overflows the thread's own stack.
  if (error instanceof RangeError && error.message.includes("call stack")) return { kind: "stack", message: "Its calls nest too deeply." }
  if (error instanceof WebAssembly.RuntimeError)
    return { kind: "memory", message: `It ended in the engine (${error.message}), as when memory runs out.` }
  return { kind: "defect", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

/** What the engine says of a thrown value: JSON of an error's parts, or of the value itself. */
export const thrownProblem = (thrown: string): RunProblem => ({ kind: "error", ...messageOf(thrown) })

const messageOf = (thrown: string): Pick<RunProblem, "message" | "stack"> => {
  try {
    const value: unknown = JSON.parse(thrown)
    if (typeof value !== "object" || value === null) return { message: `Uncaught ${thrown}` }
    const { name, message, stack } = value as { readonly name?: unknown; readonly message?: unknown; readonly stack?: unknown }
    if (message === undefined) return { message: `Uncaught ${thrown.slice(0, 1000)}` }
    return {
      message: `${typeof name === "string" ? name : "Error"}: ${String(message)}`,
      stack: typeof stack === "string" && stack !== "" ? stack : undefined,
    }
  } catch {
    return { message: thrown.slice(0, 1000) }
  }
}

export const stuck: RunProblem = { kind: "stuck", message: "It waits for something that never comes: its promise can no longer settle." }

export const otherCall: RunProblem = {
  kind: "error",
  message:
    "It called another server for something else when it was run again with the answer. Code that waits for a call in its middle has to make the same calls each time; `await fetch()` in a module does not.",
}

export const tooLarge = (bytes: number): RunProblem => ({
  kind: "response_size",
  message: `Its response is larger than ${bytes} bytes (functions.response_bytes).`,
})
