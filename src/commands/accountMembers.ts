import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Schema from "effect/Schema"
import { type AccountEvent, localUser, ownerUser, Role } from "../events/accounts.ts"
import { SiteName } from "../events/site.ts"
import {
  type AccountError,
  InvitationNotFound,
  LastOwner,
  NotAllowed,
  OwnerExists,
  RoleSitesInvalid,
  TooManyInvitations,
  TooManyUsers,
  UserExists,
  UsernameInvalid,
  UsernameTaken,
} from "./accountErrors.ts"
import { type AccountsState, actedOn, invitationOf, owners, refusalFor, revokeInvitationsBeyond, type User } from "./accountState.ts"

/** Users that a server may have at a time. */
export const maxUsers = 1000

/** Invitations that may be open at a time. */
export const maxInvitations = 100

/** Gives a new cartridge its owner. `password` is the vault entry that holds the hash. */
export const EnrollOwner = Schema.TaggedStruct("EnrollOwner", { username: Schema.String, password: Schema.String })

/**
 * Lets somebody join, once, until `expires`. `secretHash` is the SHA-256 (hex) of the secret that they have to bring; `now` and `expires` are
 * epoch milliseconds. A deployer is given sites, and nobody else is. `by`, here and below, is the id of the user who asks, or `local`.
 */
export const InviteUser = Schema.TaggedStruct("InviteUser", {
  invitation: Schema.String,
  role: Role,
  sites: Schema.Array(SiteName),
  secretHash: Schema.String,
  expires: Schema.Int,
  note: Schema.optional(Schema.String),
  by: Schema.String,
  now: Schema.Int,
})

export const RevokeInvitation = Schema.TaggedStruct("RevokeInvitation", { invitation: Schema.String, by: Schema.String })

/** Makes whoever brings the secret of an invitation the user `user`, a new id. `password` is the vault entry that holds the hash. */
export const AcceptInvitation = Schema.TaggedStruct("AcceptInvitation", {
  invitation: Schema.String,
  secretHash: Schema.String,
  user: Schema.String,
  username: Schema.String,
  password: Schema.String,
  now: Schema.Int,
})

export const ChangeRole = Schema.TaggedStruct("ChangeRole", {
  user: Schema.String,
  role: Role,
  sites: Schema.Array(SiteName),
  by: Schema.String,
})

/** Takes a user away, or has one leave. Their name is free again, their id is not. */
export const RemoveUser = Schema.TaggedStruct("RemoveUser", { user: Schema.String, by: Schema.String })

export const MemberCommand = Schema.Union(EnrollOwner, InviteUser, RevokeInvitation, AcceptInvitation, ChangeRole, RemoveUser)
export type MemberCommand = typeof MemberCommand.Type

type Decision = Either.Either<ReadonlyArray<AccountEvent>, AccountError>

/** Why nobody can be called that, if so. */
export const usernameProblem = (username: string): string | undefined =>
  /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/.test(username)
    ? undefined
    : "use at most 64 letters, digits and the characters . _ @ + -, beginning with a letter or digit."

/** Who joins, who may what, and who goes. */
export const decideMembers = (command: MemberCommand, state: AccountsState): Decision => {
  switch (command._tag) {
    case "EnrollOwner":
      return enroll(command, state)
    case "InviteUser":
      return invite(command, state)
    case "RevokeInvitation":
      return revokeInvitation(command, state)
    case "AcceptInvitation":
      return accept(command, state)
    case "ChangeRole":
      return changeRole(command, state)
    case "RemoveUser":
      return remove(command, state)
  }
}

const fail = (error: AccountError): Decision => Either.left(error)

const enroll = ({ username, password }: typeof EnrollOwner.Type, state: AccountsState): Decision => {
  if (!HashMap.isEmpty(state.users)) return fail(new OwnerExists({}))
  const reason = usernameProblem(username)
  if (reason !== undefined) return fail(new UsernameInvalid({ username, reason }))
  return Either.right([{ type: "v1.OwnerEnrolled", data: { username, password } }])
}

const invite = ({ _tag, now, ...data }: typeof InviteUser.Type, state: AccountsState): Decision => {
  const { invitation, role, by } = data
  const refusal = refusalFor(state, by, role)
  if (refusal !== undefined) return fail(refusal)
  const sites = [...new Set(data.sites)]
  const invalid = sitesRefusal(role, sites)
  if (invalid !== undefined) return fail(invalid)
  if (HashMap.has(state.invitations, invitation) || isClosed(state, invitation)) return Either.right([])
  const open = HashMap.reduce(state.invitations, 0, (count, { expires }) => count + (now < expires ? 1 : 0))
  if (open >= maxInvitations) return fail(new TooManyInvitations({ limit: maxInvitations }))
  return Either.right([{ type: "v1.UserInvited", data: { ...data, sites } }])
}

const isClosed = ({ used, revoked }: AccountsState, invitation: string): boolean =>
  HashSet.has(used, invitation) || HashSet.has(revoked, invitation)

const sitesRefusal = (role: Role, sites: ReadonlyArray<string>): RoleSitesInvalid | undefined => {
  if (role === "deployer") {
    return sites.length > 0
      ? undefined
      : new RoleSitesInvalid({ role, reason: "A deployer needs at least one site: name those they deploy to." })
  }
  return sites.length === 0 ? undefined : new RoleSitesInvalid({ role, reason: "Only deployers have sites of their own: name none." })
}

const revokeInvitation = ({ invitation, by }: typeof RevokeInvitation.Type, state: AccountsState): Decision => {
  const found = invitationOf(state, invitation)
  const refusal = refusalFor(state, by, ...(found === undefined ? [] : [found.role]))
  if (refusal !== undefined) return fail(refusal)
  if (found !== undefined) return Either.right([{ type: "v1.InvitationRevoked", data: { invitation } }])
  return HashSet.has(state.revoked, invitation) ? Either.right([]) : fail(new InvitationNotFound({ invitation }))
}

const accept = (command: typeof AcceptInvitation.Type, state: AccountsState): Decision => {
  const { invitation, secretHash, user, username, password, now } = command
  const found = invitationOf(state, invitation)
  if (found === undefined || found.secretHash !== secretHash || now >= found.expires) return fail(new InvitationNotFound({ invitation }))
  const reason = usernameProblem(username)
  if (reason !== undefined) return fail(new UsernameInvalid({ username, reason }))
  if (isTaken(state, username)) return fail(new UsernameTaken({ username }))
  if (HashMap.size(state.users) >= maxUsers) return fail(new TooManyUsers({ limit: maxUsers }))
  if (isUsed(state, user)) return fail(new UserExists({ user }))
  const { role, sites } = found
  return Either.right([{ type: "v1.UserJoined", data: { user, invitation, username, role, sites, password } }])
}

/** Whether an id stands for somebody: authority and history hang on it, so it is never given to another. */
const isUsed = ({ users, removed }: AccountsState, id: string): boolean =>
  id === ownerUser || id === localUser || HashMap.has(users, id) || HashSet.has(removed, id)

const isTaken = ({ users }: AccountsState, username: string): boolean =>
  HashMap.some(users, (other) => other.username.toLowerCase() === username.toLowerCase())

const changeRole = (command: typeof ChangeRole.Type, state: AccountsState): Decision => {
  const { user: id, role, by } = command
  if (by === id) return fail(new NotAllowed({ reason: "Nobody can change their own role: another owner or admin can." }))
  const refusal = refusalFor(state, by, role)
  if (refusal !== undefined) return fail(refusal)
  const sites = [...new Set(command.sites)]
  return Either.flatMap(actedOn(state, by, id), (user) => {
    const invalid = sitesRefusal(role, sites)
    if (invalid !== undefined) return fail(invalid)
    if (role === user.role && isSame(sites, user.sites)) return Either.right([])
    if (role !== "owner" && isLastOwner(state, user)) return fail(new LastOwner({}))
    return Either.right([...revokeInvitationsBeyond(state, id, role), { type: "v1.UserRoleChanged", data: { user: id, role, sites } }])
  })
}

const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => a.length === b.length && a.every((site) => b.includes(site))

const isLastOwner = (state: AccountsState, user: User): boolean => user.role === "owner" && owners(state) === 1

const remove = ({ user: id, by }: typeof RemoveUser.Type, state: AccountsState): Decision =>
  Either.flatMap(actedOn(state, by, id), (user) => {
    if (isLastOwner(state, user)) return fail(new LastOwner({}))
    const { password, totp } = user
    const refs = totp === undefined ? [password] : [password, totp.secret, totp.recovery]
    return Either.right([...revokeInvitationsBeyond(state, id, undefined), { type: "v1.UserRemoved", data: { user: id, refs } }])
  })
