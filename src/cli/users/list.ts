import * as Effect from "effect/Effect"
import type { User } from "../../http/api/contract/users.ts"
import { withServer } from "../connection.ts"
import { ago } from "../format.ts"
import { andMore, most } from "../lists.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, table } from "../table.ts"
import { verb } from "../verb.ts"
import { allUsers } from "./find.ts"

export const list = verb(
  "users",
  {
    summary: "List the users of a server.",
    details: ["Others join by invitation (`fazt users invite`), as admin, as deployer of some sites, or as viewer."],
    examples: ["fazt users", "fazt users --to prod --json | jq -r '.[].username'"],
  },
  { most, json, ...serverOptions },
  ({ most, json, ...options }) =>
    withServer(options, (server) =>
      Effect.flatMap(allUsers(server, most), (whole) =>
        answer(json, whole.items, (look, now) =>
          whole.items.length === 0
            ? "There are no users: the cartridge has no owner yet."
            : userTable(whole.items, look, now) + andMore(whole, look),
        ),
      ),
    ),
)

const columns = [
  { title: "USER" },
  { title: "ID" },
  { title: "ROLE" },
  { title: "SITES" },
  { title: "2ND FACTOR" },
  { title: "LAST LOGIN" },
]

const userTable = (users: ReadonlyArray<User>, look: Look, now: number): string =>
  table(
    columns,
    users.map((user) => [
      { text: user.username, paint: look.paint.bold },
      { text: user.id, paint: look.paint.dim },
      user.role,
      sitesOf(user),
      factorsOf(user),
      lastLogin(user, now),
    ]),
    look,
  )

/** The sites that a user has. */
export const sitesOf = ({ role, sites }: Pick<User, "role" | "sites">): string => (role === "deployer" ? sites.join(", ") : "all")

export const factorsOf = ({ totp, passkeys }: User): string =>
  [totp ? "app" : "", passkeys === 0 ? "" : passkeys === 1 ? "passkey" : `${passkeys} passkeys`].filter((part) => part !== "").join(", ") ||
  "none"

export const lastLogin = ({ last_login }: User, now: number): string => (last_login === null ? "never" : ago(Date.parse(last_login), now))
