import { GuestOutOfMemory } from "./engine/guest.ts"
import { RunEnded, thrownProblem } from "./runEnd.ts"

export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A program that does not start, and where. */
export class StartProblem extends Error {
  override readonly name = "StartProblem"
  readonly place: Place | undefined
  constructor(message: string, stack?: string | undefined) {
    super(message)
    this.place = placeIn(stack)
  }
  static from(thrown: string): StartProblem {
    const { message, stack } = thrownProblem(thrown)
    return new StartProblem(message, stack)
  }
}

/** What ended a start, as a StartProblem if the program is to blame. */
export const asStartProblem = (error: unknown, limitMs: number): unknown => {
  if (error instanceof StartProblem) return error
  if (error instanceof RunEnded) {
    const { kind, message, stack } = error.problem
    return new StartProblem(kind === "cpu" ? `It is not loaded after ${limitMs} ms.` : message, stack)
  }
  if (error instanceof GuestOutOfMemory || error instanceof RangeError || error instanceof WebAssembly.RuntimeError) {
    return new StartProblem(`The program cannot be loaded: ${error.message}.`)
  }
  return error
}

/** The first place in user code that a stack names. */
const placeIn = (stack: string | undefined): Place | undefined => {
  for (const [, file, line, column] of (stack ?? "").matchAll(/at (?:.*?\()?([^\s()]+?):(\d+)(?::(\d+))?\)?$/gm)) {
    if (file !== "prelude.js" && !file!.startsWith("<")) return { file: file!, line: Number(line), column: Number(column ?? 1) }
  }
  return undefined
}
