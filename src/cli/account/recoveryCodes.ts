import * as Effect from "effect/Effect"
import { withAccount } from "../connection.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"

export const recoveryCodes = verb(
  "recovery-codes",
  {
    summary: "Make new recovery codes and print them, once.",
    details: [whose, "The old ones are void then."],
    examples: ["fazt account recovery-codes"],
  },
  { json, ...accountOptions },
  ({ json, ...options }) =>
    withAccount(options, ({ server: { api }, password }) =>
      Effect.flatMap(api.account.renewRecoveryCodes({ payload: { password } }), ({ data }) =>
        answer(json, data, () => renderCodes(data.recovery_codes)),
      ),
    ),
)

export const renderCodes = (codes: ReadonlyArray<string>): string =>
  ["Recovery codes, shown this once. Each stands in for the app once:", "", ...codes.map((code) => `  ${code}`)].join("\n")
