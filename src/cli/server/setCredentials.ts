import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withServer } from "../connection.ts"
import { newPassword, newPasswordOptions } from "../newPassword.ts"
import { cartridge, db, json } from "../options.ts"
import { changePassword } from "../users/setPassword.ts"
import { verb } from "../verb.ts"

const username = Options.text("username").pipe(
  Options.withDescription("Whose password it is (default: the owner's)."),
  Options.withDefault("owner"),
)
const password = Options.redacted("password").pipe(
  Options.withPseudoName("password"),
  Options.withDescription("The new password; other users of this machine can see it while the command runs."),
  Options.optional,
)

export const setCredentials = verb(
  "set-credentials",
  {
    summary: "Give the owner of a cartridge on this machine a new password.",
    details: ["The same as `fazt users set-password owner`, but for --password. Names do not change."],
    examples: ["fazt server set-credentials", "fazt server set-credentials --generate --db /var/lib/fazt/data.db"],
  },
  { username, password, ...newPasswordOptions, db, json },
  ({ username, password, passwordStdin, generate, db, json }) =>
    Effect.flatMap(cartridge(db), (file) =>
      withServer({ to: Option.none(), token: Option.none(), db: Option.some(file) }, (server) =>
        changePassword(server, username, newPassword({ passwordStdin, generate, given: password }), json),
      ),
    ),
)
