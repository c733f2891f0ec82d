import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { minute } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"
import { findUser, user } from "./find.ts"
import { factorsOf, lastLogin, sitesOf } from "./list.ts"

export const show = verb(
  "show",
  { summary: "Show one user.", examples: ["fazt users show ann", "fazt users show owner --json"] },
  { user, json, ...serverOptions },
  ({ user, json, ...options }) =>
    withServer(options, (server) =>
      Effect.flatMap(findUser(server, user), (found) =>
        answer(json, found, (look, now) =>
          pairs(
            [
              ["User", { text: found.username, paint: look.paint.bold }],
              ["Id", found.id],
              ["Role", found.role],
              ["Sites", sitesOf(found)],
              ["Second factor", factorsOf(found)],
              ["Joined", minute(Date.parse(found.created_at))],
              ["Invited by", found.invited_by ?? "nobody"],
              ["Last login", lastLogin(found, now)],
            ],
            look,
          ),
        ),
      ),
    ),
)
