import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Server } from "../client.ts"
import { segment, withServer } from "../connection.ts"
import { newPassword, newPasswordOptions } from "../newPassword.ts"
import { json, serverOptions } from "../options.ts"
import { note, Output, print, printJson } from "../output.ts"
import { verb } from "../verb.ts"
import { findUser, user } from "./find.ts"

export const setPassword = verb(
  "set-password",
  {
    summary: "Give a user a new password; their sessions end.",
    details: [
      "Asks for it, unless it comes from standard input or is made up. An owner who is locked out gets in again this way on the server's machine; over the network no key reaches an owner.",
    ],
    examples: [
      "fazt users set-password ann",
      "fazt users set-password ann --generate --to prod",
      "fazt users set-password owner --password-stdin --db /var/lib/fazt/data.db < password.txt",
    ],
  },
  { user, ...newPasswordOptions, json, ...serverOptions },
  ({ user, passwordStdin, generate, json, ...options }) =>
    withServer(options, (server) => changePassword(server, user, newPassword({ passwordStdin, generate }), json)),
)

/** Gives the user that is meant a password; without one, the server makes one up, which is printed. */
export const changePassword = <E, R>(server: Server, named: string, chosen: Effect.Effect<Option.Option<string>, E, R>, json: boolean) =>
  Effect.gen(function* () {
    const { id, username } = yield* findUser(server, named)
    const payload = Option.match(yield* chosen, { onNone: () => ({}), onSome: (password) => ({ password }) })
    const { data } = yield* server.api.users.resetPassword({ path: { id: segment(id) }, payload })
    if (json) return yield* printJson({ id, username, ...data })
    const { notePaint } = yield* Output
    yield* note(`${notePaint.green("✓")} ${username} has a new password, and their sessions have ended`)
    if (data.password === undefined) return
    yield* note("It is shown this once:")
    yield* print(data.password)
  })
