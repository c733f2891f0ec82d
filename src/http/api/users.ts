import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { UserNotFound } from "../../commands/accountErrors.ts"
import { Commands } from "../../commands/Commands.ts"
import type { Role } from "../../events/accounts.ts"
import { accessQueries, type InvitationRow, type UserRow } from "../../projections/access.ts"
import { newInvitation } from "../accounts/Joining.ts"
import { passwordRef } from "../accounts/Logins.ts"
import { NewPasswords } from "../accounts/NewPasswords.ts"
import { newPassword } from "../accounts/password.ts"
import { Reads } from "../Reads.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Api } from "./Api.ts"
import { actingUser } from "./actor.ts"
import { Caller } from "./contract/authorization.ts"
import type { Invitation, User } from "./contract/users.ts"
import { type Failure, refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import type { Principal } from "./policy.ts"
import { time, timeOrNull } from "./views.ts"

const hour = 3_600_000
const usualLife = 7 * 24

const invitationView = ({ invitation, role, sites, note, by, invited_at, expires_at }: InvitationRow): Invitation => ({
  id: invitation,
  role,
  sites,
  note,
  created_by: by,
  created_at: time(invited_at),
  expires_at: time(expires_at),
})

export const usersLayer = HttpApiBuilder.group(Api, "users", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const passwords = yield* NewPasswords
    const { addresses } = yield* ServerInfo
    const { db } = yield* Reads
    const read = accessQueries(db)

    const view = ({ user, username, role, sites, totp, invited_by, joined_at, last_login_at }: UserRow): User => ({
      id: user,
      username,
      role,
      sites,
      totp: totp !== null,
      passkeys: read.passkeysOf(user).length,
      invited_by,
      created_at: time(joined_at),
      last_login: timeOrNull(last_login_at),
    })

    const present = (id: string): Effect.Effect<UserRow, UserNotFound> =>
      Effect.suspend(() => {
        const row = read.user(id)
        return row === undefined || row.removed_at !== null ? Effect.fail(new UserNotFound({ user: id })) : Effect.succeed(row)
      })

    /**
     * A user whose way to log in may be taken from them by this one. Whoever has a key could otherwise become the owner by it, and whoever
     * is logged in change their own password without knowing it.
     */
    const inReach = (id: string): Effect.Effect<UserRow, UserNotFound | Failure, Caller> =>
      Effect.gen(function* () {
        const caller = yield* Caller
        const row = yield* present(id)
        const refused = reachProblem(caller, row)
        return refused === undefined ? row : yield* Effect.fail(refused)
      })

    const setRole = (id: string, role: Role, sites: ReadonlyArray<string> = []) =>
      Effect.gen(function* () {
        const caller = yield* Caller
        yield* unlessByKey(caller, [role, (yield* present(id)).role])
        yield* commands.handle({ _tag: "ChangeRole", user: id, role, sites, by: actingUser(caller) }, caller)
        return { data: view(yield* present(id)) }
      })

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.sync(() => ({ data: read.users(urlParams).map(view), meta: { total: read.userCount(), ...urlParams } })),
      )
      .handle("get", ({ path: { id } }) => Effect.map(present(id), (row) => ({ data: view(row) })).pipe(refuse))
      .handle("update", ({ path: { id }, payload: { role, sites } }) => setRole(id, role, sites).pipe(refuse))
      .handle("setRole", ({ payload: { user_id, username, role, sites } }) =>
        Effect.gen(function* () {
          const id = user_id ?? (username === undefined ? undefined : read.userByName(username)?.user)
          if (id !== undefined) return yield* setRole(id, role, sites)
          if (username === undefined) return yield* Effect.fail(refusal("MISSING_FIELD", "Name the user: `user_id` or `username`."))
          return yield* Effect.fail(new UserNotFound({ user: username.slice(0, 80) }))
        }).pipe(refuse),
      )
      .handle("remove", ({ path: { id } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const { username, role } = yield* present(id)
          yield* unlessByKey(caller, [role])
          // A session that somebody has got hold of must not be enough to end the account.
          if (caller.via !== "local" && id === caller.user) return yield* Effect.fail(notOneself)
          yield* commands.handle({ _tag: "RemoveUser", user: id, by: actingUser(caller) }, caller)
          return { data: { message: `${username} is removed, with their sessions and keys.` } }
        }).pipe(refuse),
      )
      .handle("resetPassword", ({ path: { id }, payload: { password } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const { username } = yield* inReach(id)
          const chosen = password ?? newPassword()
          const hashed = yield* passwords.hash(chosen, [username])
          // That took its time: meanwhile they may have become somebody whose password this one may not set.
          yield* inReach(id)
          const ref = passwordRef(id)
          yield* commands.handle({ _tag: "ChangePassword", user: id, password: ref, by: actingUser(caller) }, caller, [
            { ref, secret: hashed },
          ])
          const message = `${username} has a new password, and their sessions have ended.`
          return { data: { message, ...(password === undefined ? { password: chosen } : {}) } }
        }).pipe(refuse),
      )
      .handle("resetFactors", ({ path: { id } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const { username } = yield* inReach(id)
          yield* commands.handle({ _tag: "ResetFactors", user: id, by: actingUser(caller) }, caller)
          return { data: { message: `${username} logs in by the password alone.` } }
        }).pipe(refuse),
      )
      .handle("endSessions", ({ path: { id } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const { username } = yield* inReach(id)
          const open = read.sessionsOf(id, yield* Clock.currentTimeMillis)
          const end = ({ session }: { readonly session: string }) =>
            commands.handle({ _tag: "EndSession", session, reason: "ended" }, caller)
          yield* Effect.forEach(open, end, { discard: true })
          return { data: { message: `${open.length} ${open.length === 1 ? "session" : "sessions"} of ${username} ended.` } }
        }).pipe(refuse),
      )
      .handle("invitations", ({ urlParams }) =>
        Effect.clockWith((clock) => {
          const now = clock.unsafeCurrentTimeMillis()
          const rows = read.invitations({ ...urlParams, now })
          return Effect.succeed({ data: rows.map(invitationView), meta: { total: read.invitationCount(now), ...urlParams } })
        }),
      )
      .handle("invite", ({ payload: { role, sites = [], note, expires_in_hours = usualLife } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          yield* unlessByKey(caller, [role])
          const now = yield* Clock.currentTimeMillis
          const { code, ...made } = newInvitation()
          const asked = {
            role,
            sites,
            expires: now + expires_in_hours * hour,
            now,
            by: actingUser(caller),
            ...(note === undefined ? {} : { note }),
          }
          yield* commands.handle({ _tag: "InviteUser", ...made, ...asked }, caller)
          const shown = invitationView(read.invitation(made.invitation)!)
          return { data: { ...shown, code, url: `${addresses.admin()}/auth/invite/${code}` } }
        }).pipe(refuse),
      )
      .handle("revokeInvitation", ({ path: { id } }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          yield* commands.handle({ _tag: "RevokeInvitation", invitation: id, by: actingUser(caller) }, caller)
          return { data: { message: "The invitation is revoked." } }
        }).pipe(refuse),
      )
  }),
)

/** Owners are made and unmade by people: whoever finds a key of an owner must not become one by it. */
const unlessByKey = ({ via }: Principal, roles: ReadonlyArray<Role>): Effect.Effect<void, Failure> =>
  via === "key" && roles.includes("owner") ? Effect.fail(ownerOutOfReach) : Effect.void

/** Why this one may not take the user's password, factors or sessions away, whatever their roles. */
const reachProblem = (caller: Principal, { user, role }: UserRow): Failure | undefined => {
  if (caller.via === "local") return undefined
  if (role === "owner" && (caller.via === "key" || caller.role !== "owner")) return ownerOutOfReach
  return user === caller.user ? ownWay : undefined
}

const ownerOutOfReach = refusal(
  "FORBIDDEN",
  "Only an owner who is logged in, or `fazt users` on the server itself, can do that to an owner.",
)
const notOneself = refusal("FORBIDDEN", "Nobody removes themself: another owner or admin can.")
const ownWay = refusal("FORBIDDEN", "For yourself there is /api/user, which asks for your password.")
