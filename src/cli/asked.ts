import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CliError, usageError } from "./errors.ts"
import { Output } from "./output.ts"

/** A line from the person at the terminal. `instead` says how to do without them: `say --yes`. */
export const asked = (question: string, instead: string): Effect.Effect<string, CliError, Output> => ask(question, instead, false)

/** The same for what nobody may read along. */
export const askedHidden = (question: string, instead: string): Effect.Effect<string, CliError, Output> => ask(question, instead, true)

const ask = (question: string, instead: string, hidden: boolean): Effect.Effect<string, CliError, Output> =>
  Effect.flatMap(Output, ({ ask }) =>
    Option.match(ask, {
      onNone: () => usageError(`there is nobody to ask here: ${instead}`),
      onSome: (ask) => ask(question, hidden),
    }),
  )

/** A text on standard input. One line break at its end belongs to `echo` or to the terminal, not to the text. */
export const stdinText: Effect.Effect<string, never, Output> = Effect.flatMap(Output, ({ stdin }) =>
  Effect.map(stdin, (bytes) => bytes.toString("utf8").replace(/\r?\n$/, "")),
)

/** A line of standard input, counted from 0; empty where there is none. */
export const stdinLine = (index: number): Effect.Effect<string, never, Output> =>
  Effect.map(stdinText, (text) => text.split(/\r?\n/)[index] ?? "")
