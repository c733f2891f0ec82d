import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { asked, askedHidden, stdinLine } from "./asked.ts"
import { passwordStdin } from "./newPassword.ts"

/** What somebody logs in with. */
export interface CredentialOptions {
  readonly username: Option.Option<string>
  readonly passwordStdin: boolean
  readonly code: Option.Option<Redacted.Redacted>
}

/** How a verb that logs in is told who does; what is not given is asked for. */
export const credentialOptions = {
  username: Options.text("username").pipe(Options.withDescription("Who logs in; asked for otherwise."), Options.optional),
  passwordStdin,
  code: Options.redacted("code").pipe(
    Options.withPseudoName("code"),
    Options.withDescription("The code of the authenticator app, or a recovery code; asked for where it is needed."),
    Options.optional,
  ),
}

export const usernameOf = ({ username }: CredentialOptions) =>
  Option.match(username, { onNone: () => asked("Username: ", "give --username and --password-stdin"), onSome: Effect.succeed })

export const passwordOf = ({ passwordStdin }: CredentialOptions) =>
  passwordStdin ? stdinLine(0) : askedHidden("Password: ", "give --username and --password-stdin")

export const askedCode = askedHidden("Code of the authenticator app, or a recovery code: ", "give --code")
