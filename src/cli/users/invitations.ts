import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { ago, minute } from "../format.ts"
import { andMore, most, wholeList } from "../lists.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"
import { sitesOf } from "./list.ts"

const columns = [
  { title: "ID" },
  { title: "ROLE" },
  { title: "SITES" },
  { title: "BY" },
  { title: "MADE" },
  { title: "UNTIL" },
  { title: "NOTE" },
]

export const invitations = verb(
  "invitations",
  { summary: "List the invitations that nobody has taken up yet.", examples: ["fazt users invitations"] },
  { most, json, ...serverOptions },
  ({ most, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(
        wholeList(most, (urlParams) => api.users.invitations({ urlParams })),
        (whole) =>
          answer(json, whole.items, (look, now) => {
            if (whole.items.length === 0) return "There are no open invitations: make one with `fazt users invite --role <role>`."
            const rows = whole.items.map((invitation) => [
              { text: invitation.id, paint: look.paint.bold },
              invitation.role,
              sitesOf(invitation),
              invitation.created_by,
              ago(Date.parse(invitation.created_at), now),
              minute(Date.parse(invitation.expires_at)),
              invitation.note ?? "",
            ])
            return table(columns, rows, look) + andMore(whole, look)
          }),
      ),
    ),
)

const id = Args.text({ name: "id" }).pipe(Args.withDescription("The invitation's id, as `fazt users invitations` shows it."))

export const revokeInvitation = verb(
  "revoke-invitation",
  { summary: "Make an invitation void.", examples: ["fazt users revoke-invitation 9c41d07be2aa"] },
  { id, json, ...serverOptions },
  ({ id, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.users.revokeInvitation({ path: { id: segment(id) } }), ({ data }) =>
        answer(json, { id, ...data }, ({ paint }) => `${paint.green("✓")} invitation ${id} is void`),
      ),
    ),
)
