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
  const known = new Map([...optionsOf(root), ...builtIn, ...(asksForVersion(args) ? versionOptions : [])])
  for (let i = 0; i < args.length && args[i] !== "--"; i++) {
    const arg = args[i]!
    const [, option, stuck = ""] = /^(--[a-z][a-z0-9-]*(?==|$)|-[a-z])(.*)$/is.exec(arg) ?? []
    if (option !== undefined) {
      const takesValue = known.get(option.toLowerCase())
      const isShort = !option.startsWith("--")
      if (takesValue === undefined || (isShort && stuck !== "" && !takesValue)) return unknown(isShort ? arg : option)
      if (isShort && stuck !== "") return usageError(`write ${option} ${stuck.replace(/^=/, "")}, with a space between them`)
      if (takesValue ? stuck === "" : isBoolean(args[i + 1])) i++
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

const unknown = (option: string): CliError =>
  usageError(`unknown option ${option}`, `where it is a value, put it last, behind --: … -- ${option}`)

const isBoolean = (arg: string | undefined): boolean => arg === "true" || arg === "false"

/** The same command line with each `--name=value` as two arguments: the library knows the short form of some options only. */
export const spelledOut = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.indexOf("--")
  const own = end < 0 ? args : args.slice(0, end)
  const words = own.flatMap((arg) => /^(--[a-z][a-z0-9-]*)=([^-].*)$/is.exec(arg)?.slice(1) ?? [arg])
  return [...words, ...(end < 0 ? [] : args.slice(end))]
}

const versionOptions = [
  ["--version", false],
  ["-v", false],
] as const

/** Whether it is the question which version this is. The library takes it for that everywhere. */
export const asksForVersion = ([first]: ReadonlyArray<string>): boolean => versionOptions.some(([name]) => name === first)

/** What the library itself understands. */
const builtIn: ReadonlyArray<readonly [name: string, takesValue: boolean]> = [
  ["--help", false],
  ["-h", false],
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
