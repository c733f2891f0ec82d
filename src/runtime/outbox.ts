import type { Effects, FromSandbox, Outcome } from "./messages.ts"
import type { RunProblem } from "./run.ts"

/** What a sandbox thread has to say of its runs, gathered into few messages. */
export const outbox = (post: (message: FromSandbox) => void) => {
  let outcomes: Array<Outcome> = []
  let ends: Array<NonNullable<FromSandbox["ends"]>[number]> = []
  let waiting: Array<number> = []

  const clear = (): void => {
    outcomes = []
    ends = []
    waiting = []
  }

  return {
    answered: (id: number, meta: string, body: string | Uint8Array, ms: number, effects: Effects | undefined): void => {
      outcomes.push(id, meta, body, ms, effects)
    },
    failed: (id: number, problem: RunProblem | undefined, ms: number, effects: Effects | undefined): void => {
      outcomes.push(id, undefined, problem, ms, effects)
    },
    /** The end of a run that went on after its answer. */
    ended: (id: number, ms: number, effects: Effects | undefined): void => {
      ends.push([id, ms, effects])
    },
    waits: (id: number): void => {
      waiting.push(id)
    },
    flush: (): void => {
      if (outcomes.length === 0 && ends.length === 0 && waiting.length === 0) return
      post({
        ...(outcomes.length > 0 ? { outcomes } : {}),
        ...(ends.length > 0 ? { ends } : {}),
        ...(waiting.length > 0 ? { waiting } : {}),
      })
      clear()
    },
    clear,
  }
}

export type Outbox = ReturnType<typeof outbox>
