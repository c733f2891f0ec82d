import { hostFunction } from "./host.ts"
import { format } from "./web/format.ts"
import { inspect } from "./web/inspect.ts"
import { table } from "./web/table.ts"

const writeOnHost = hostFunction<[level: string, text: string], undefined>("console.write")
const clock = Date.now

let indent = ""
const counts = new Map<string, number>()
const timers = new Map<string, number>()

const write = (level: string, text: string): void => {
  const line = indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`)
  // U+0000 cannot cross to the host.
  writeOnHost(level, (line.includes("\0") ? line.replaceAll("\0", "\\x00") : line).toWellFormed())
}

const at =
  (level: string) =>
  (...args: ReadonlyArray<unknown>): void =>
    write(level, format(args))

const elapsed = (label: unknown, rest: ReadonlyArray<unknown>): void => {
  const began = timers.get(String(label))
  if (began === undefined) write("warn", `Timer '${label}' does not exist`)
  else write("log", `${label}: ${clock() - began}ms${rest.length > 0 ? ` ${format(rest)}` : ""}`)
}

const group = (...args: ReadonlyArray<unknown>): void => {
  if (args.length > 0) write("log", format(args))
  indent += "  "
}

/** The global `console`. */
export const console = {
  log: at("log"),
  info: at("info"),
  warn: at("warn"),
  error: at("error"),
  debug: at("debug"),
  trace: (...args: ReadonlyArray<unknown>): void => {
    // Without the line of this function.
    const stack = String(new Error().stack).trimEnd().split("\n").slice(1).join("\n")
    write("debug", `Trace${args.length > 0 ? `: ${format(args)}` : ""}\n${stack}`)
  },
  dir: (value: unknown, options?: { readonly depth?: number | null }): void =>
    write("log", inspect(value, options?.depth === null ? Number.POSITIVE_INFINITY : options?.depth)),
  dirxml: at("log"),
  table: (data: unknown, columns?: ReadonlyArray<string>): void => write("log", table(data, columns) ?? format([data])),
  assert: (condition: unknown, ...args: ReadonlyArray<unknown>): void => {
    if (condition) return
    const [first, ...rest] = args
    write(
      "error",
      args.length === 0
        ? "Assertion failed"
        : format(typeof first === "string" ? [`Assertion failed: ${first}`, ...rest] : ["Assertion failed:", ...args]),
    )
  },
  count: (label: unknown = "default"): void => {
    const name = String(label)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    write("log", `${name}: ${counts.get(name)}`)
  },
  countReset: (label: unknown = "default"): void => void counts.delete(String(label)),
  time: (label: unknown = "default"): void => {
    if (timers.has(String(label))) write("warn", `Timer '${label}' already exists`)
    else timers.set(String(label), clock())
  },
  timeLog: (label: unknown = "default", ...rest: ReadonlyArray<unknown>): void => elapsed(label, rest),
  timeEnd: (label: unknown = "default"): void => {
    elapsed(label, [])
    timers.delete(String(label))
  },
  group,
  groupCollapsed: group,
  groupEnd: (): void => {
    indent = indent.slice(2)
  },
  clear: (): void => {},
}
