import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { findUser, user } from "./find.ts"

export const resetFactors = verb(
  "reset-factors",
  {
    summary: "Take authenticator app and passkeys from a user who has lost them.",
    details: ["From then on they log in by the password alone, and can set up new ones."],
    examples: ["fazt users reset-factors ann"],
  },
  { user, json, ...serverOptions },
  ({ user, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { id, username } = yield* findUser(server, user)
        const { data } = yield* server.api.users.resetFactors({ path: { id: segment(id) } })
        yield* answer(json, { id, username, ...data }, ({ paint }) => `${paint.green("✓")} ${username} logs in by the password alone now`)
      }),
    ),
)
