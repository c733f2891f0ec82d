import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import * as Effect from "effect/Effect"
import { CliError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"

/** Asks for one line at the terminal that this process has. Hidden, what is typed appears nowhere, and the terminal keeps no trace of it. */
export const askAtTerminal = (question: string, hidden = false): Effect.Effect<string, CliError> =>
  Effect.async((resume) => {
    const { stdin, stderr } = process
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: stdin, output: hidden ? nowhere : stderr, terminal: true, historySize: 0 })
    // Not before: until there is an interface, the terminal itself shows what is typed.
    if (hidden) stderr.write(question)
    lines.once("close", () => {
      stderr.write("\n")
      resume(Effect.fail(ended))
    })
    lines.question(hidden ? "" : question, (line) => {
      lines.removeAllListeners("close")
      lines.close()
      if (hidden) stderr.write("\n")
      resume(Effect.succeed(line))
    })
    return Effect.sync(() => {
      lines.removeAllListeners("close")
      lines.close()
    })
  })

const ended = new CliError({ code: "INTERRUPTED", message: "nothing was done", exitCode: exitCodes.interrupted })
