import { stripVTControlCharacters } from "node:util"
import * as Command from "@effect/cli/Command"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { Environment } from "../config.ts"
import { version } from "../resources.ts"
import { fazt } from "./cli.ts"
import type { Problem } from "./errors.ts"
import { type ExitCode, exitCodes } from "./exitCodes.ts"
import { jsonText, printableLines } from "./format.ts"
import { asksForHelp, findVerb, renderHelp } from "./help.ts"
import { Interruption } from "./interruption.ts"
import { asksForVersion, misunderstood, spelledOut } from "./misunderstood.ts"
import { Output } from "./output.ts"
import { problemOf } from "./problem.ts"

/** Runs the program on what follows its name on the command line. */
export const run = (args: ReadonlyArray<string>): void => {
  let whenInterrupted: ExitCode = exitCodes.interrupted
  const interruption = Layer.succeed(Interruption, {
    isTheEnd: Effect.sync(() => {
      whenInterrupted = exitCodes.ok
    }),
  })
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.failure))
  NodeRuntime.runMain(Effect.provide(main(args), Layer.mergeAll(interruption, NodeContext.layer)), {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      if (Exit.isSuccess(exit)) onExit(exit.value as ExitCode)
      else onExit(Cause.isInterruptedOnly(exit.cause) ? whenInterrupted : exitCodes.failure)
    },
  })
}

/** The program: what it answers is the exit code. */
const main = (args: ReadonlyArray<string>) =>
  execute(args).pipe(
    Effect.provide(Output.layer),
    Effect.provide(Environment.layer),
    Effect.catchAll((error) => environmentError(problemOf(error))),
  )

/** Does what a command line says, and tells what went wrong. Answers the exit code. */
export const execute = (args: ReadonlyArray<string>) => {
  const json = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length).includes("--json")
  return dispatch(args).pipe(
    Effect.as<ExitCode>(exitCodes.ok),
    Effect.withTracerEnabled(false),
    Effect.catchAll((error) => report(withHint(problemOf(error), args), json)),
    Effect.catchAllDefect((defect) => report(bug(defect), json)),
  )
}

/** Where to read how it is done right. */
const withHint = (problem: Problem, args: ReadonlyArray<string>): Problem =>
  problem.exitCode !== exitCodes.usage || problem.hint !== undefined
    ? problem
    : { ...problem, hint: `see ${findVerb(fazt, args).path.join(" ")} --help` }

/** Output itself depends on the environment, so this one is told plainly. */
const environmentError = ({ message, exitCode }: Problem) =>
  Effect.sync(() => {
    process.stderr.write(`error: ${message}\n`)
    return exitCode
  })

const dispatch = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { look, print } = yield* Output
    const asked = args[0] === "help" ? args.slice(1) : args
    const { path, entry } = findVerb(fazt, asked)
    if (asksForHelp(fazt, args)) return yield* print(renderHelp(path, entry, look))
    const unknown = misunderstood(fazt, asked)
    if (unknown !== undefined) return yield* unknown
    yield* runCommand(["", "", ...(asksForVersion(args) ? ["version", ...args.slice(1)] : spelledOut(args))])
  })

/** Hands over to the library, which reads the arguments. What it prints of a wrong one is told here instead. */
const runCommand = (argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { look, print } = yield* Output
    const original = yield* Console.consoleWith(Effect.succeed)
    const quiet: Console.Console = {
      ...original,
      error: () => Effect.void,
      log: (text: unknown) => print(look.columns === undefined ? stripVTControlCharacters(String(text)) : String(text)),
    }
    const command = Command.transformHandler(fazt, (verb) => Effect.withConsole(verb, original))
    yield* Effect.withConsole(Command.run(command, { name: "fazt", version, executable: "fazt" })(argv), quiet)
  })

/** Tells what went wrong: to programs on stdout, to people on stderr. */
const report = (problem: Problem, json: boolean) =>
  Effect.gen(function* () {
    const { print, note, notePaint } = yield* Output
    const { code, message, details, hint, exitCode } = problem
    if (json) yield* print(jsonText({ error: { code, message, ...(details === undefined ? {} : { details }) } }))
    else {
      yield* note(`${notePaint.red("error:")} ${printableLines(message)}`)
      if (hint !== undefined) yield* note(`${notePaint.dim("hint:")} ${hint}`)
    }
    return exitCode
  })

/** What nobody foresaw: the stack is what helps. */
const bug = (defect: unknown): Problem => ({
  code: "INTERNAL_ERROR",
  message: `unexpected: ${defect instanceof Error ? (defect.stack ?? defect.message) : String(defect)}`,
  exitCode: exitCodes.failure,
})
