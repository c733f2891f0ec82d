import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { asked } from "../asked.ts"
import { withAccount } from "../connection.ts"
import { json } from "../options.ts"
import { answer, note } from "../output.ts"
import { document, verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"
import { renderCodes } from "./recoveryCodes.ts"

/** How often a code may be mistyped. */
const attempts = 3

const enable = verb(
  "enable",
  {
    summary: "Let a login also take a code of an authenticator app.",
    details: [whose, "Shows what the app has to be told, asks for the first code, and prints ten recovery codes, once."],
    examples: ["fazt account totp enable", "fazt account totp enable --to prod"],
  },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server: { api }, password }) =>
      Effect.gen(function* () {
        const { data: begun } = yield* api.account.beginTotp({ payload: { password } })
        yield* note(`Tell the authenticator app this key: ${begun.secret}\nor make a QR code of this address: ${begun.uri}`)
        const confirm = Effect.gen(function* () {
          const code = yield* asked("The code that it shows now: ", "it takes somebody to read the code of the app")
          return yield* api.account.confirmTotp({ payload: { code: code.replaceAll(" ", "") } })
        })
        const told = Effect.tapErrorTag(confirm, "BadRequest", (error) => note(`error: ${error.message}`))
        const { data } = yield* Effect.retry(told, { times: attempts - 1, while: isWrongCode })
        yield* answer(
          json,
          data,
          ({ paint }) => `${paint.green("✓")} a login takes a code from now on\n\n${renderCodes(data.recovery_codes)}`,
        )
      }),
    ),
)

const isWrongCode = (error: { readonly _tag: string; readonly code?: unknown }): boolean =>
  error._tag === "BadRequest" && error.code === "VALIDATION_FAILED"

const disable = verb(
  "disable",
  { summary: "Let a login take the password alone again.", details: [whose], examples: ["fazt account totp disable"] },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server: { api }, password }) =>
      Effect.flatMap(api.account.disableTotp({ payload: { password } }), ({ data }) =>
        answer(json, data, ({ paint }) => `${paint.green("✓")} a login takes no code any more`),
      ),
    ),
)

const verbs = [enable, disable] as const
const manual = {
  summary: "An authenticator app as second factor.",
  examples: ["fazt account totp enable"],
} as const

export const totp = document(Command.make("totp").pipe(Command.withDescription(manual.summary), Command.withSubcommands(verbs)), {
  verb: "totp",
  manual,
  verbs,
  runs: false,
})
