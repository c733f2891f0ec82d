import * as Effect from "effect/Effect"
import { withAccount } from "../connection.ts"
import { ago, counted } from "../format.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"

export const me = verb(
  "account",
  { summary: "Show one's own account.", details: [whose], examples: ["fazt account", "fazt account --to prod --username ann"] },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(api.account.me({}), ({ data }) =>
        answer(json, data, (look, now) =>
          pairs(
            [
              ["User", { text: data.username, paint: look.paint.bold }],
              ["Id", data.id],
              ["Role", data.role],
              ["Sites", data.sites === null ? "all" : data.sites.join(", ")],
              ["Authenticator app", data.totp ? `on, ${counted(data.recovery_codes, "recovery code")} left` : "off"],
              ["Passkeys", data.passkeys === 0 ? "none" : String(data.passkeys)],
              ["Last login", data.last_login_at === null ? "never" : ago(Date.parse(data.last_login_at), now)],
              ["Failed since then", String(data.failed_logins)],
            ],
            look,
          ),
        ),
      ),
    ),
)
