import { type CliError, usageError } from "./errors.ts"
import { reference } from "./help.ts"
import type { Documented } from "./verb.ts"

/**
 * What of a command line no verb knows, told before the library reads it: that takes an option it does not know for an argument, such as
 * the folder to publish, or does not say which one it is. Arguments that begin with `--` go behind `--`.
 */
export const misunderstood = (root: Documented, args: ReadonlyArray<string>): CliError | undefined => {
  let entry = root
  const path: Array<string> = []
  const known = new Map([...optionsOf(root), ...builtIn])
  for (let i = 0; i < args.length && args[i] !== "--"; i++) {
    const arg = args[i]!
    const [, option] = /^(--[a-z][a-z0-9-]*(?==|$)|-[a-z]$)/i.exec(arg) ?? []
    if (option !== undefined) {
      const takesValue = known.get(option.toLowerCase())
      if (takesValue === undefined) return usageError(`unknown option ${option}`)
      if (takesValue && !arg.includes("=")) i++
      continue
    }
    const next = entry.verbs.find(({ verb }) => verb === arg)
    if (next !== undefined) {
      entry = next
      path.push(arg)
      for (const [name, takesValue] of optionsOf(next)) known.set(name, takesValue)
    } else if (entry.verbs.length > 0 && reference(entry.reference()).args.length === 0 && !arg.startsWith("-")) {
      return usageError(`there is no command '${[...path, arg].join(" ")}'`)
    }
  }
  return undefined
}

/** What the library itself understands. */
const builtIn: ReadonlyArray<readonly [name: string, takesValue: boolean]> = [
  ["--help", false],
  ["-h", false],
  ["--version", false],
  ["-v", false],
  ["--wizard", false],
  ["--completions", true],
  ["--log-level", true],
]

/** The options of a verb, with whether a value follows. Help calls them `--json`, `-n, --limit <count>`, `-f, --follow`. */
const optionsOf = (entry: Documented): ReadonlyArray<readonly [name: string, takesValue: boolean]> =>
  reference(entry.reference()).options.flatMap(({ name }) => {
    const words = name.replaceAll(/[<>,]|\.\.\.$/g, "").split(" ")
    const names = words.filter((word) => word.startsWith("-"))
    return names.map((option) => [option.toLowerCase(), words.length > names.length] as const)
  })
