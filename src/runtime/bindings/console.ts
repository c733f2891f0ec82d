import type { Binding, LogLevel } from "../host.ts"

const levels: ReadonlySet<string> = new Set<LogLevel>(["debug", "info", "log", "warn", "error"])

/** `console` of user code: what it writes goes to the site's log. */
export const consoleBinding: Binding = (invocation) => ({
  "console.write": {
    kind: "sync",
    takes: "ss",
    run: (level: LogLevel, text: string): undefined => {
      invocation().log(levels.has(level) ? level : "log", text)
    },
  },
})
