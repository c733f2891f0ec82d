import * as Schema from "effect/Schema"

/** So many logins are waiting already that this one would wait for too long. Nothing was checked. */
export class LoginsBusy extends Schema.TaggedError<LoginsBusy>()("LoginsBusy", {}) {
  readonly code = "SERVICE_UNAVAILABLE"
  readonly status = 503
  readonly details = { retry_after: 10 }
  override get message(): string {
    return "Too many logins are waiting. Try again in a few seconds."
  }
}

/** Which line a task waits in: what stands in the first is taken before all that stands in the other. */
export type Line = "first" | "second"

export interface Gate {
  /** Runs a task when its turn has come. Rejects with `LoginsBusy`, without running it, if its line is full. */
  readonly run: <A>(task: () => Promise<A>, line?: Line) => Promise<A>
}

/** Lets `atOnce` tasks run at the same time, and up to `waiting` others wait in each line. */
export const gate = ({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }): Gate => {
  let running = 0
  const lines: Readonly<Record<Line, Array<() => void>>> = { first: [], second: [] }

  /** Whoever waits takes over the place, so that nobody who comes now gets it instead. */
  const leave = (): void => {
    const next = lines.first.shift() ?? lines.second.shift()
    if (next === undefined) running--
    else next()
  }

  return {
    run: async (task, line = "second") => {
      if (running < atOnce) running++
      else if (lines[line].length < waiting) await new Promise<void>((enter) => lines[line].push(enter))
      else throw new LoginsBusy()
      try {
        return await task()
      } finally {
        leave()
      }
    },
  }
}
