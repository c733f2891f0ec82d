import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withAccount } from "../connection.ts"
import { newPassword } from "../newPassword.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"

export const password = verb(
  "password",
  {
    summary: "Change one's own password; all other sessions end.",
    details: [
      whose,
      "With --password-stdin the last line of standard input is the new password; on another server there is the one that holds before it.",
    ],
    examples: ["fazt account password", "fazt account password --to prod --username ann"],
  },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server, password, isHere }) =>
      Effect.gen(function* () {
        const chosen = yield* newPassword({ passwordStdin: options.passwordStdin, generate: false, line: isHere ? 0 : 1 })
        const payload = { password, new_password: Option.getOrElse(chosen, () => "") }
        const { data } = yield* server.api.account.changePassword({ payload })
        yield* answer(json, data, ({ paint }) => `${paint.green("✓")} the password is changed, and all other sessions have ended`)
      }),
    ),
)
