import * as Effect from "effect/Effect"
import { confirmed } from "../confirmed.ts"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions, yes } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { findUser, user } from "./find.ts"

export const remove = verb(
  "remove",
  {
    summary: "Remove a user, with their sessions and keys.",
    details: ["What they did stays in the history. Their name is free again."],
    examples: ["fazt users remove ann", "fazt users remove ann --yes"],
  },
  { user, yes, json, ...serverOptions },
  ({ user, yes, json, ...options }) =>
    withServer(options, (server) =>
      Effect.gen(function* () {
        const { id, username, role } = yield* findUser(server, user)
        if (!yes) yield* confirmed(`Remove ${username} (${role}), with their sessions and keys?`)
        const { data } = yield* server.api.users.remove({ path: { id: segment(id) } })
        yield* answer(json, { id, username, ...data }, ({ paint }) => `${paint.green("✓")} ${username} is removed`)
      }),
    ),
)
