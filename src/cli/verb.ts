import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Effect from "effect/Effect"
import type * as Types from "effect/Types"

/** What help says of a verb beside what its arguments and options say of themselves. */
export interface Manual {
  /** One line, as in the list of commands. */
  readonly summary: string
  readonly details?: ReadonlyArray<string>
  readonly examples: readonly [string, ...Array<string>]
}

/** A verb's entry in the manual, and those of the verbs below it. */
export interface Documented {
  readonly verb: string
  readonly manual: Manual
  readonly verbs: ReadonlyArray<Documented>
  /** Whether it does something by itself, or only holds others. */
  readonly runs: boolean
  /** Its arguments and options. */
  readonly reference: () => HelpDoc.HelpDoc
}

const config = CliConfig.make({ showBuiltIns: false })

/** A command with its entry in the manual. */
export const verb = <const Name extends string, const Config extends Command.Command.Config, R, E>(
  name: Name,
  manual: Manual,
  options: Config,
  run: (input: Types.Simplify<Command.Command.ParseConfig<Config>>) => Effect.Effect<void, E, R>,
) => document(Command.make(name, options, run).pipe(Command.withDescription(manual.summary)), { verb: name, manual, verbs: [], runs: true })

/** Gives a command its entry in the manual. */
export const document = <Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>, entry: Omit<Documented, "reference">) =>
  Object.assign(command, { ...entry, reference: () => Command.getHelp(command, config) })
