import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { SiteName } from "./site.ts"

/** What a user may do; `http/api/policy.ts` says what each role opens. A deployer has the sites that are named. */
export const Role = Schema.Literal("owner", "admin", "deployer", "viewer")
export type Role = typeof Role.Type

/** The user id of whoever enrolled with the cartridge. */
export const ownerUser = "owner"

/** Stands in the place of a user's id for whoever is at the machine itself, who may what an owner may, whatever became of the users. */
export const localUser = "local"

const user = Schema.String
/** Names a vault entry. */
const ref = Schema.String

export const accountEvents = [
  /** The owner's first credentials were set; `password` names a vault entry that holds the password's hash. The owner's user id is `owner`. */
  defineEvent("v1.OwnerEnrolled", { username: Schema.String, password: ref }),
  /**
   * Somebody may join, once, until `expires` (epoch milliseconds). `secretHash` is the SHA-256 (hex) of the invitation's random secret. `by` is
   * the user who invites: the invitation is revoked when they may not invite so any more.
   */
  defineEvent("v1.UserInvited", {
    invitation: Schema.String,
    role: Role,
    sites: Schema.Array(SiteName),
    secretHash: Schema.String,
    expires: Schema.Int,
    note: Schema.optional(Schema.String),
    by: user,
  }),
  /** An invitation is void. */
  defineEvent("v1.InvitationRevoked", { invitation: Schema.String }),
  /** A user took up an invitation, which is used up by it. */
  defineEvent("v1.UserJoined", {
    user,
    invitation: Schema.String,
    username: Schema.String,
    role: Role,
    sites: Schema.Array(SiteName),
    password: ref,
  }),
  /** A user may other things from now on. All their sessions end. */
  defineEvent("v1.UserRoleChanged", { user, role: Role, sites: Schema.Array(SiteName) }),
  /** A user is gone, with their sessions and keys; `refs` were shredded. */
  defineEvent("v1.UserRemoved", { user, refs: Schema.Array(ref) }),
  /** A user has a new password; the old one's hash (`was`) was shredded. All their sessions end. */
  defineEvent("v1.PasswordChanged", { user, password: ref, was: ref }),
  /** The same password was hashed anew at a login, by today's algorithm and cost; `was` was shredded. */
  defineEvent("v1.PasswordRehashed", { user, password: ref, was: ref }),
  /** A login takes a code from now on: `secret` names the TOTP secret, `recovery` the hashes of the recovery codes (a JSON array). */
  defineEvent("v1.TotpEnabled", { user, secret: ref, recovery: ref }),
  /** A login takes no code any more; `refs` were shredded. */
  defineEvent("v1.TotpDisabled", { user, refs: Schema.Array(ref) }),
  /** The recovery codes were replaced; `was` was shredded. */
  defineEvent("v1.RecoveryCodesRenewed", { user, recovery: ref, was: ref }),
  /** A TOTP code was used: that of time step `step` (RFC 6238), which none may be used for again, nor one before it. */
  defineEvent("v1.TotpUsed", { user, step: Schema.Int }),
  /** A recovery code was used up: its place in the list, from 0. */
  defineEvent("v1.RecoveryCodeUsed", { user, code: Schema.Int }),
  /** A passkey (WebAuthn) may log the user in. `passkey` is its credential id and `publicKey` its COSE key, both base64url. */
  defineEvent("v1.PasskeyAdded", {
    user,
    passkey: Schema.String,
    name: Schema.String,
    publicKey: Schema.String,
    counter: Schema.Int,
    transports: Schema.Array(Schema.String),
  }),
  /** A passkey logged its user in; `counter` is what the authenticator counted. */
  defineEvent("v1.PasskeyUsed", { user, passkey: Schema.String, counter: Schema.Int }),
  defineEvent("v1.PasskeyRemoved", { user, passkey: Schema.String }),
] as const

export type AccountEvent = EventOf<(typeof accountEvents)[number]>

/** All accounts share one history, which the owner's enrolment begins: so names are unique, and an invitation is taken up once. */
export const accountsStream = "owner"
