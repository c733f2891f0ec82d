import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { findUser, user } from "./find.ts"

export const endSessions = verb(
  "end-sessions",
  {
    summary: "Log a user out everywhere.",
    details: ["Their keys go on working: `fazt keys revoke` ends those."],
    examples: ["fazt users end-sessions ann"],
  },
  { user, json, ...serverOptions },
  ({ user, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { id, username } = yield* findUser(server, user)
        const { data } = yield* server.api.users.endSessions({ path: { id: segment(id) } })
        yield* answer(json, { id, username, ...data }, ({ paint }) => `${paint.green("✓")} ${data.message}`)
      }),
    ),
)
