import type { Binding, LogLevel } from "../host.ts"

/** `console` of user code: what it writes goes to the site's log. */
export const consoleBinding: Binding = (invocation) => ({
  "console.write": {
    kind: "sync",
    takes: "ss",
    run: (level: LogLevel, text: string): undefined => {
      invocation().log(level, text)
    },
  },
})
