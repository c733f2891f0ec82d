import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import { type AccountEvent, localUser, ownerUser, type Role } from "../events/accounts.ts"
import { NotAllowed, UserNotFound } from "./accountErrors.ts"

/** A user who is there. */
export interface User {
  readonly username: string
  readonly role: Role
  readonly sites: ReadonlyArray<string>
  /** Names the vault entry of the password's hash. */
  readonly password: string
  readonly totp: Totp | undefined
  /** The last time step that a code was used for, with whatever secret; -1 before the first. */
  readonly step: number
  /** What each passkey's authenticator counted last. */
  readonly passkeys: HashMap.HashMap<string, number>
}

/** The second factor. `secret` and `recovery` name vault entries; `used` are the places of recovery codes that are used up. */
export interface Totp {
  readonly secret: string
  readonly recovery: string
  readonly used: HashSet.HashSet<number>
}

export interface Invitation {
  readonly role: Role
  readonly sites: ReadonlyArray<string>
  readonly secretHash: string
  readonly expires: number
  /** Who invites. */
  readonly by: string
}

export interface AccountsState {
  readonly users: HashMap.HashMap<string, User>
  /** Who is gone: their ids are never used again. */
  readonly removed: HashSet.HashSet<string>
  /** Invitations that are neither used nor revoked; they may have expired. */
  readonly invitations: HashMap.HashMap<string, Invitation>
  readonly used: HashSet.HashSet<string>
  readonly revoked: HashSet.HashSet<string>
}

export const noAccounts: AccountsState = {
  users: HashMap.empty(),
  removed: HashSet.empty(),
  invitations: HashMap.empty(),
  used: HashSet.empty(),
  revoked: HashSet.empty(),
}

export const userOf = (state: AccountsState, id: string): User | undefined => Option.getOrUndefined(HashMap.get(state.users, id))

/** An invitation that is neither used nor revoked. */
export const invitationOf = (state: AccountsState, id: string): Invitation | undefined =>
  Option.getOrUndefined(HashMap.get(state.invitations, id))

export const owners = (state: AccountsState): number =>
  HashMap.reduce(state.users, 0, (count, { role }) => count + (role === "owner" ? 1 : 0))

const roleOf = (state: AccountsState, by: string): Role | undefined => {
  // Until somebody is enrolled there is nothing to manage.
  if (by === localUser) return HashMap.isEmpty(state.users) ? undefined : "owner"
  return userOf(state, by)?.role
}

/** Whether somebody with this role may manage users with that one, and give it. */
const mayManage = (role: Role | undefined, other: Role): boolean => role === "owner" || (role === "admin" && other !== "owner")

/** Why `by` may not manage users with these roles, if they may not. */
export const refusalFor = (state: AccountsState, by: string, ...roles: ReadonlyArray<Role>): NotAllowed | undefined => {
  const role = roleOf(state, by)
  if (role !== "owner" && role !== "admin") return new NotAllowed({ reason: "Only owners and admins may manage users." })
  if (roles.every((other) => mayManage(role, other))) return undefined
  return new NotAllowed({ reason: "Only an owner may change owners, or make somebody one." })
}

/** The user, if `by` may act on them: on themself, or by their role. */
export const actedOn = (state: AccountsState, by: string, id: string): Either.Either<User, NotAllowed | UserNotFound> => {
  const user = userOf(state, id)
  if (user !== undefined && by === id) return Either.right(user)
  const refusal = refusalFor(state, by, ...(user === undefined ? [] : [user.role]))
  if (refusal !== undefined) return Either.left(refusal)
  return user === undefined ? Either.left(new UserNotFound({ user: id })) : Either.right(user)
}

/** Revokes the open invitations of a user that they may not give with this role; `undefined` for no role at all. */
export const revokeInvitationsBeyond = (state: AccountsState, by: string, role: Role | undefined): ReadonlyArray<AccountEvent> =>
  [...HashMap.entries(state.invitations)]
    .filter(([, invitation]) => invitation.by === by && !mayManage(role, invitation.role))
    .map(([invitation]) => invitation)
    .sort()
    .map((invitation) => ({ type: "v1.InvitationRevoked", data: { invitation } }))

export const evolveAccounts = (state: AccountsState, event: AccountEvent): AccountsState => {
  switch (event.type) {
    case "v1.OwnerEnrolled":
      return withUser(state, ownerUser, newUser(event.data.username, "owner", [], event.data.password))
    case "v1.UserInvited": {
      const { invitation, role, sites, secretHash, expires, by } = event.data
      return { ...state, invitations: HashMap.set(state.invitations, invitation, { role, sites, secretHash, expires, by }) }
    }
    case "v1.InvitationRevoked": {
      const { invitation } = event.data
      return { ...withoutInvitation(state, invitation), revoked: HashSet.add(state.revoked, invitation) }
    }
    case "v1.UserJoined": {
      const { user, invitation, username, role, sites, password } = event.data
      const joined = withUser(state, user, newUser(username, role, sites, password))
      return { ...withoutInvitation(joined, invitation), used: HashSet.add(state.used, invitation) }
    }
    case "v1.UserRemoved": {
      const { user } = event.data
      return { ...state, users: HashMap.remove(state.users, user), removed: HashSet.add(state.removed, user) }
    }
    default:
      return { ...state, users: HashMap.modify(state.users, event.data.user, (user) => changed(user, event)) }
  }
}

const newUser = (username: string, role: Role, sites: ReadonlyArray<string>, password: string): User => ({
  username,
  role,
  sites,
  password,
  totp: undefined,
  step: -1,
  passkeys: HashMap.empty(),
})

const withUser = (state: AccountsState, id: string, user: User): AccountsState => ({ ...state, users: HashMap.set(state.users, id, user) })

const withoutInvitation = (state: AccountsState, invitation: string): AccountsState => ({
  ...state,
  invitations: HashMap.remove(state.invitations, invitation),
})

type UserEvent = Exclude<
  AccountEvent,
  { readonly type: `v1.${"OwnerEnrolled" | "UserInvited" | "InvitationRevoked" | "UserJoined" | "UserRemoved"}` }
>

/** What happens to one user. */
const changed = (user: User, event: UserEvent): User => {
  switch (event.type) {
    case "v1.UserRoleChanged":
      return { ...user, role: event.data.role, sites: event.data.sites }
    case "v1.PasswordChanged":
    case "v1.PasswordRehashed":
      return { ...user, password: event.data.password }
    case "v1.TotpEnabled":
      return { ...user, totp: { secret: event.data.secret, recovery: event.data.recovery, used: HashSet.empty() } }
    case "v1.TotpDisabled":
      return { ...user, totp: undefined }
    case "v1.RecoveryCodesRenewed":
      return withTotp(user, (totp) => ({ ...totp, recovery: event.data.recovery, used: HashSet.empty() }))
    case "v1.TotpUsed":
      return { ...user, step: event.data.step }
    case "v1.RecoveryCodeUsed":
      return withTotp(user, (totp) => ({ ...totp, used: HashSet.add(totp.used, event.data.code) }))
    case "v1.PasskeyAdded":
    case "v1.PasskeyUsed":
      return { ...user, passkeys: HashMap.set(user.passkeys, event.data.passkey, event.data.counter) }
    case "v1.PasskeyRemoved":
      return { ...user, passkeys: HashMap.remove(user.passkeys, event.data.passkey) }
  }
}

const withTotp = (user: User, change: (totp: Totp) => Totp): User => (user.totp === undefined ? user : { ...user, totp: change(user.totp) })
