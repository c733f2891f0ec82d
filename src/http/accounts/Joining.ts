import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { InvitationNotFound } from "../../commands/accountErrors.ts"
import { type Asker, Commands, type HandleError } from "../../commands/Commands.ts"
import { accessQueries, type InvitationRow } from "../../projections/access.ts"
import { actorOf } from "../api/actor.ts"
import type { DomainError, Failure } from "../api/envelope.ts"
import { requestId } from "../api/requestId.ts"
import { isSecret, secretHash } from "../api/secrets.ts"
import { Reads } from "../Reads.ts"
import { type LoggedIn, passwordRef } from "./Logins.ts"
import { NewPasswords } from "./NewPasswords.ts"
import { Sessions } from "./Sessions.ts"

const codeForm = /^inv_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/

/** A fresh invitation code `inv_<id>_<secret>`. */
export const newInvitation = () => {
  const invitation = randomBytes(6).toString("hex")
  const secret = randomBytes(32).toString("base64url")
  return { invitation, secretHash: secretHash(secret), code: `inv_${invitation}_${secret}` }
}

/** Taking up an invitation. */
export class Joining extends Context.Tag("fazt/Joining")<
  Joining,
  {
    /** What a code invites to, if it is good. */
    readonly find: (code: string) => Effect.Effect<InvitationRow, InvitationNotFound>
    /** Makes the account and logs it in. */
    readonly accept: (
      req: IncomingMessage,
      joining: { readonly code: string; readonly username: string; readonly password: string },
    ) => Effect.Effect<LoggedIn, Failure | DomainError | HandleError>
  }
>() {
  static readonly layer: Layer.Layer<Joining, never, Commands | NewPasswords | Reads | Sessions> = Layer.effect(
    Joining,
    Effect.gen(function* () {
      const commands = yield* Commands
      const passwords = yield* NewPasswords
      const sessions = yield* Sessions
      const { db } = yield* Reads
      const read = accessQueries(db)

      const find = (code: string): Effect.Effect<InvitationRow, InvitationNotFound> =>
        Effect.clockWith((clock) => {
          const [, id, secret] = codeForm.exec(code) ?? []
          const row = id === undefined ? undefined : read.invitation(id)
          const isGood =
            row !== undefined && row.used_at === null && row.revoked_at === null && clock.unsafeCurrentTimeMillis() < row.expires_at
          return isGood && isSecret(secret!, row.secretHash)
            ? Effect.succeed(row)
            : Effect.fail(new InvitationNotFound({ invitation: id ?? "" }))
        })

      return {
        find,
        accept: (req, { code, username, password }) =>
          Effect.gen(function* () {
            const { invitation, secretHash } = yield* find(code)
            const hashed = yield* passwords.hash(password, [username])
            const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
            const user = randomBytes(6).toString("hex")
            const ref = passwordRef(user)
            const asker: Asker = { actor: actorOf(user), cause: requestId(req) }
            const command = { _tag: "AcceptInvitation", invitation, secretHash, user, username, password: ref, now } as const
            yield* commands.handle(command, asker, [{ ref, secret: hashed }])
            const session = yield* sessions.start(req, { user, method: "invitation", remembered: false, now }, asker)
            return { user: read.user(user)!, session }
          }),
      }
    }),
  )
}
