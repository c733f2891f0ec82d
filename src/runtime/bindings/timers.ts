import type { Binding, HostAnswer } from "../host.ts"

const nothing: HostAnswer = { text: "null" }

/**
 * The one sleep that all timers of a sandbox share. It ends when its time has come or when it is given up for another; when the run
 * is over it never ends.
 */
export const timersBinding: Binding = (invocation) => {
  let wake = (): void => {}
  return {
    sleep: {
      kind: "async",
      takes: "n",
      start: (milliseconds: number): Promise<HostAnswer> =>
        new Promise((resolve) => {
          const { signal } = invocation()
          if (signal.aborted) return
          const end = (): void => {
            cancel()
            signal.removeEventListener("abort", forget)
            resolve(nothing)
          }
          // A run that begins again leaves a sleep of its first attempt behind: that must not end this one.
          const cancel = milliseconds > 0 ? later(milliseconds, end) : soon(end)
          const forget = (): void => cancel()
          signal.addEventListener("abort", forget, { once: true })
          wake = end
        }),
    },
    "sleep.cancel": {
      kind: "sync",
      takes: "",
      run: (): undefined => {
        wake()
      },
    },
  }
}

const later = (milliseconds: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}

const soon = (run: () => void): (() => void) => {
  const immediate = setImmediate(run)
  return () => clearImmediate(immediate)
}
