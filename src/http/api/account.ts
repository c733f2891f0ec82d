import { randomUUIDv7 } from "node:crypto"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import type { Command } from "../../commands/command.ts"
import { SessionNotFound } from "../../commands/sessions.ts"
import { accessQueries, type PasskeyRow, type SessionRow, type UserRow } from "../../projections/access.ts"
import { Cookies } from "../accounts/Cookies.ts"
import { Logins, passwordRef } from "../accounts/Logins.ts"
import { NewPasswords } from "../accounts/NewPasswords.ts"
import { pendingTotps } from "../accounts/pendingTotps.ts"
import { hashRecoveryCode, newRecoveryCodes } from "../accounts/recoveryCodes.ts"
import { lifetimes, Sessions } from "../accounts/Sessions.ts"
import { totpStep, totpUri } from "../accounts/totp.ts"
import { Reads } from "../Reads.ts"
import { Secrets } from "../Secrets.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Api } from "./Api.ts"
import { actingUser } from "./actor.ts"
import type { Passkey, SessionView } from "./contract/account.ts"
import { Caller } from "./contract/authorization.ts"
import { invalid, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { counted } from "./paging.ts"
import type { Principal } from "./policy.ts"
import { meView } from "./session.ts"
import { time, timeOrNull } from "./views.ts"

type Request = { readonly request: HttpServerRequest.HttpServerRequest }

const incoming = ({ request }: Request) => NodeHttpServerRequest.toIncomingMessage(request)

const sessionView = (row: SessionRow, current: string | undefined): SessionView => ({
  id: row.session,
  current: row.session === current,
  method: row.method,
  address: row.address,
  agent: row.agent,
  started_at: time(row.started_at),
  last_seen_at: time(row.last_seen_at),
  expires_at: time(Math.min(row.expires_at, row.last_seen_at + row.idle)),
})

const passkeyView = ({ passkey, name, added_at, used_at }: PasskeyRow): Passkey => ({
  id: passkey,
  name,
  created_at: time(added_at),
  last_used_at: timeOrNull(used_at),
})

export const accountLayer = HttpApiBuilder.group(Api, "account", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const cookies = yield* Cookies
    const logins = yield* Logins
    const passwords = yield* NewPasswords
    const secrets = yield* Secrets
    const sessions = yield* Sessions
    const { version, domain } = yield* ServerInfo
    const { db } = yield* Reads
    const read = accessQueries(db)
    const pending = pendingTotps()

    /** The user on whose account it is, who was there when the request was let in. */
    const self = Effect.map(Caller, (caller) => ({ caller, user: read.user(caller.user)! }))

    /** The same, once they have given their password. */
    const confirmed = (request: Request, password: string) =>
      Effect.tap(self, ({ caller, user }) => (caller.via === "local" ? Effect.void : logins.confirm(incoming(request), user, password)))

    const newRecovery = (user: string) => {
      const codes = newRecoveryCodes()
      const ref = `user/${user}/recovery/${randomUUIDv7()}`
      return { codes, ref, sealed: { ref, secret: JSON.stringify(codes.map(hashRecoveryCode)) } }
    }

    const left = ({ recovery, used_codes }: UserRow) =>
      recovery === null
        ? Effect.succeed(0)
        : Effect.map(secrets.open(recovery), (hashes) => (hashes === undefined ? 0 : JSON.parse(hashes).length - used_codes.length))

    const endSession = (session: string, caller: Principal) =>
      commands.handle({ _tag: "EndSession", session, reason: "ended" } satisfies Command, caller)

    return handlers
      .handle("me", () =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          const session = caller.session === undefined ? undefined : read.session(caller.session)
          return {
            data: {
              ...meView(user),
              version,
              totp: user.totp !== null,
              recovery_codes: yield* left(user),
              passkeys: read.passkeysOf(user.user).length,
              last_login_at: timeOrNull(user.last_login_at),
              failed_logins: session?.failed_logins ?? user.failed_logins,
            },
          }
        }),
      )
      .handle("changePassword", (request) =>
        Effect.gen(function* () {
          const { caller, user } = yield* confirmed(request, request.payload.password)
          const hashed = yield* passwords.hash(request.payload.new_password, [user.username])
          const ref = passwordRef(user.user)
          // The password that was given is not good for anything once another is set.
          const change = { _tag: "ChangePassword", user: user.user, password: ref, by: actingUser(caller), was: user.password } as const
          yield* commands.handle(change, caller, [{ ref, secret: hashed }])
          if (caller.via === "session") {
            const now = yield* Clock.currentTimeMillis
            const remembered = read.session(caller.session ?? "")?.idle === lifetimes.remembered.idle
            const begun = { user: user.user, method: "password_change", remembered, now } as const
            // The session by which this was asked for has ended with the others.
            const { actor, cause } = caller
            cookies.give(request.request, yield* sessions.start(incoming(request), begun, { actor, cause }))
          }
          return { data: { message: "The password is changed, and all other sessions have ended." } }
        }).pipe(refuse),
      )
      .handle("sessions", ({ urlParams }) =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          const rows = read.sessionsOf(user.user, yield* Clock.currentTimeMillis)
          return counted(rows, urlParams, (row) => sessionView(row, caller.session))
        }),
      )
      .handle("endSessions", () =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          const others = read.sessionsOf(user.user, yield* Clock.currentTimeMillis).filter(({ session }) => session !== caller.session)
          yield* Effect.forEach(others, ({ session }) => endSession(session, caller), { discard: true })
          return { data: { message: `${others.length} other ${others.length === 1 ? "session has" : "sessions have"} ended.` } }
        }).pipe(refuse),
      )
      .handle("endSession", ({ request, path: { id } }) =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          if (read.session(id)?.user !== user.user) return yield* Effect.fail(new SessionNotFound({ session: id }))
          yield* endSession(id, caller)
          if (id === caller.session) cookies.take(request)
          return { data: { message: "The session has ended." } }
        }).pipe(refuse),
      )
      .handle("beginTotp", (request) =>
        Effect.gen(function* () {
          const { caller, user } = yield* confirmed(request, request.payload.password)
          const secret = pending.begin(caller.session ?? "local", yield* Clock.currentTimeMillis)
          return { data: { secret, uri: totpUri({ secret, issuer: `Fazt ${domain}`, account: user.username }) } }
        }).pipe(refuse),
      )
      .handle("confirmTotp", ({ payload: { code } }) =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          const now = yield* Clock.currentTimeMillis
          const secret = pending.find(caller.session ?? "local", now)
          if (secret === undefined) return yield* Effect.fail(notBegun)
          const step = totpStep({ secret, code, now })
          if (step === undefined) return yield* Effect.fail(wrongCode)
          const recovery = newRecovery(user.user)
          const ref = `user/${user.user}/totp/${randomUUIDv7()}`
          const enable = { _tag: "EnableTotp", user: user.user, secret: ref, recovery: recovery.ref, step } as const
          yield* commands.handle(enable, caller, [{ ref, secret }, recovery.sealed])
          pending.forget(caller.session ?? "local")
          return { data: { recovery_codes: recovery.codes } }
        }).pipe(refuse),
      )
      .handle("disableTotp", (request) =>
        Effect.gen(function* () {
          const { caller, user } = yield* confirmed(request, request.payload.password)
          yield* commands.handle({ _tag: "DisableTotp", user: user.user, by: actingUser(caller) }, caller)
          return { data: { message: "A login takes no code any more." } }
        }).pipe(refuse),
      )
      .handle("renewRecoveryCodes", (request) =>
        Effect.gen(function* () {
          const { caller, user } = yield* confirmed(request, request.payload.password)
          const { codes, ref, sealed } = newRecovery(user.user)
          yield* commands.handle({ _tag: "RenewRecoveryCodes", user: user.user, recovery: ref }, caller, [sealed])
          return { data: { recovery_codes: codes } }
        }).pipe(refuse),
      )
      .handle("passkeys", ({ urlParams }) => Effect.map(self, ({ user }) => counted(read.passkeysOf(user.user), urlParams, passkeyView)))
      .handle("passkeyOptions", (request) =>
        Effect.gen(function* () {
          const { user } = yield* confirmed(request, request.payload.password)
          const party = yield* logins.party(incoming(request))
          const existing = read.passkeysOf(user.user).map(({ passkey, transports }) => ({ id: passkey, transports }))
          const asked = { party, user: user.user, username: user.username, existing }
          return { data: { ...(yield* Effect.promise(() => logins.passkeys.registrationOptions(asked))) } }
        }).pipe(refuse),
      )
      .handle("addPasskey", (request) =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          const { name, response } = request.payload
          const party = yield* logins.party(incoming(request))
          const verified = yield* Effect.promise(() => logins.passkeys.verifyRegistration({ party, user: user.user, response }))
          if (!verified.ok) return yield* Effect.fail(badPasskey(verified.reason))
          const { id, publicKey, counter, transports } = verified.passkey
          yield* commands.handle({ _tag: "AddPasskey", user: user.user, passkey: id, name, publicKey, counter, transports }, caller)
          return { data: passkeyView(read.passkey(id)!) }
        }).pipe(refuse),
      )
      .handle("removePasskey", ({ path: { id } }) =>
        Effect.gen(function* () {
          const { caller, user } = yield* self
          yield* commands.handle({ _tag: "RemovePasskey", user: user.user, passkey: id, by: actingUser(caller) }, caller)
          return { data: { message: "The passkey is removed." } }
        }).pipe(refuse),
      )
  }),
)

const notBegun = refusal(
  "CONFLICT",
  "No authenticator app is being set up in this session, or it took longer than ten minutes. Begin again.",
)
const wrongCode = invalid("code", "This is not the code of the app. Is the clock of the device right?", "the code that the app shows now")
const badPasskey = (reason: string) => invalid("response", `This passkey cannot be added: ${reason}`, reason)
