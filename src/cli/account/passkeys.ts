import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withAccount } from "../connection.ts"
import { ago } from "../format.ts"
import { andMore, most, wholeList } from "../lists.ts"
import { json } from "../options.ts"
import { answer } from "../output.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"
import { accountOptions, whose } from "./options.ts"

const columns = [{ title: "ID" }, { title: "NAME" }, { title: "ADDED" }, { title: "USED" }]

export const passkeys = verb(
  "passkeys",
  { summary: "List one's own passkeys.", details: [whose, "A browser adds them."], examples: ["fazt account passkeys"] },
  { most, json, ...accountOptions },
  ({ most, json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(
        wholeList(most, (urlParams) => api.account.passkeys({ urlParams })),
        (whole) =>
          answer(json, whole.items, (look, now) => {
            if (whole.items.length === 0) return "There are no passkeys: the admin's pages add them."
            const rows = whole.items.map(({ id, name, created_at, last_used_at }) => [
              id,
              { text: name, paint: look.paint.bold },
              ago(Date.parse(created_at), now),
              last_used_at === null ? "never" : ago(Date.parse(last_used_at), now),
            ])
            return table(columns, rows, look) + andMore(whole, look)
          }),
      ),
    ),
)

const id = Args.text({ name: "id" }).pipe(Args.withDescription("The passkey's id, as `fazt account passkeys` shows it."))

export const removePasskey = verb(
  "remove-passkey",
  { summary: "Remove one of one's own passkeys.", details: [whose], examples: ["fazt account remove-passkey q2vTf0w"] },
  { id, json, ...accountOptions },
  ({ id, json, ...options }) =>
    withAccount(options, ({ server: { api } }) =>
      Effect.flatMap(api.account.removePasskey({ path: { id: segment(id) } }), ({ data }) =>
        answer(json, { id, ...data }, ({ paint }) => `${paint.green("✓")} the passkey is removed`),
      ),
    ),
)
