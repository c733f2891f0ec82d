import { readFile } from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { stdinText } from "../asked.ts"
import { failed, messageOf, usageError } from "../errors.ts"
import { note } from "../output.ts"
import { parseDotenv } from "./dotenv.ts"

/** Where values come from: `NAME=value` on the command line, standard input, a file. */
export interface Sources {
  readonly assignments: ReadonlyArray<string>
  readonly stdin: boolean
  readonly file: Option.Option<string>
}

const usage = "give NAME=value, NAME --stdin, or --file .env"

/** The variables that a command line means. No message ever shows what might be a value. */
export const readValues = ({ assignments, stdin, file }: Sources) =>
  Effect.gen(function* () {
    if (Option.isSome(file)) {
      if (stdin || assignments.length > 0) return yield* usageError("--file goes without names and without --stdin", usage)
      return yield* fromFile(file.value)
    }
    if (stdin) {
      const [name, ...more] = assignments
      if (name === undefined || more.length > 0 || name.includes("=")) return yield* usageError("--stdin goes with one name", usage)
      return { [name]: yield* fromStdin(name) }
    }
    if (assignments.length === 0) return yield* usageError("no variable is named", usage)
    const values: Record<string, string> = {}
    for (const [index, assignment] of assignments.entries()) {
      const equals = assignment.indexOf("=")
      if (equals < 1) return yield* usageError(`argument ${index + 1} behind the site is no NAME=value`, usage)
      values[assignment.slice(0, equals)] = assignment.slice(equals + 1)
    }
    return values
  })

const fromFile = (path: string) =>
  Effect.gen(function* () {
    const content = yield* Effect.tryPromise({
      try: () => readFile(path, "utf8"),
      catch: (cause) => failed("FILE_UNREADABLE", `cannot read ${path}: ${messageOf(cause)}`),
    })
    const parsed = parseDotenv(content)
    if ("problem" in parsed) return yield* usageError(`line ${parsed.problem.line} of ${path} was not understood: ${parsed.problem.reason}`)
    if (Object.keys(parsed.values).length === 0) return yield* usageError(`there are no variables in ${path}`)
    return parsed.values
  })

const fromStdin = (name: string) =>
  Effect.gen(function* () {
    if (process.stdin.isTTY) yield* note(`type the value of ${name}, then a new line and Ctrl-D`)
    return yield* stdinText
  })
