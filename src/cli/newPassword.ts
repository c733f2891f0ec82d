import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { askedHidden, stdinLine } from "./asked.ts"
import { failed, usageError } from "./errors.ts"

export const passwordStdin = Options.boolean("password-stdin").pipe(
  Options.withDescription("The first line of standard input is the password."),
)

const generate = Options.boolean("generate").pipe(Options.withDescription("Let the server make one up, and print it once."))

/** Where a new password comes from; the person at the terminal types it, unless one of these says otherwise. */
export const newPasswordOptions = { passwordStdin, generate }

/** The new password; none where it is to be made up. */
export const newPassword = ({
  passwordStdin,
  generate,
  given = Option.none(),
  line = 0,
}: {
  readonly passwordStdin: boolean
  readonly generate: boolean
  readonly given?: Option.Option<Redacted.Redacted>
  /** The line of standard input that it is. */
  readonly line?: number
}) =>
  Effect.gen(function* () {
    if ([passwordStdin, generate, Option.isSome(given)].filter((is) => is).length > 1) {
      return yield* usageError("the password can come from one place only")
    }
    if (generate) return Option.none<string>()
    if (Option.isSome(given)) return Option.some(Redacted.value(given.value))
    const password = passwordStdin ? yield* stdinLine(line) : yield* typedTwice
    if (password === "") return yield* failed("PASSWORD_EMPTY", "an empty text is no password")
    return Option.some(password)
  })

const typedTwice = Effect.gen(function* () {
  const instead = "give --password-stdin"
  const password = yield* askedHidden("New password: ", instead)
  if (password !== (yield* askedHidden("Once more: ", instead)))
    return yield* failed("PASSWORDS_DIFFER", "these are two different passwords")
  return password
})
