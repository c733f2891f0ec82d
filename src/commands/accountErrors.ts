import * as Schema from "effect/Schema"
import { errorCodes } from "../errorCodes.ts"
import { issue } from "./issue.ts"

export class OwnerExists extends Schema.TaggedError<OwnerExists>()("OwnerExists", {}) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return "This cartridge has an owner already."
  }
}

/** Whoever asks may not do this to that user. */
export class NotAllowed extends Schema.TaggedError<NotAllowed>()("NotAllowed", { reason: Schema.String }) {
  readonly code = "FORBIDDEN"
  readonly status = errorCodes.FORBIDDEN
  override get message(): string {
    return this.reason
  }
}

export class LastOwner extends Schema.TaggedError<LastOwner>()("LastOwner", {}) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return "This is the only owner, and one must remain. Make another user an owner first."
  }
}

export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { user: Schema.String }) {
  readonly code = "USER_NOT_FOUND"
  readonly status = errorCodes.USER_NOT_FOUND
  override get message(): string {
    return `There is no user ${this.user}.`
  }
}

/** The id of the new user was another's: ids are never used again. */
export class UserExists extends Schema.TaggedError<UserExists>()("UserExists", { user: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return `There is or was a user ${this.user} already.`
  }
}

export class UsernameInvalid extends Schema.TaggedError<UsernameInvalid>()("UsernameInvalid", {
  username: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = errorCodes.VALIDATION_FAILED
  get details() {
    return issue("username", this.reason)
  }
  override get message(): string {
    return `${JSON.stringify(this.username.slice(0, 80))} cannot be a username: ${this.reason}`
  }
}

export class UsernameTaken extends Schema.TaggedError<UsernameTaken>()("UsernameTaken", { username: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return `The username ${this.username} is taken.`
  }
}

export class TooManyUsers extends Schema.TaggedError<TooManyUsers>()("TooManyUsers", { limit: Schema.Int }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return `There are ${this.limit} users already, and no more fit.`
  }
}

/** The named sites do not go with the role. */
export class RoleSitesInvalid extends Schema.TaggedError<RoleSitesInvalid>()("RoleSitesInvalid", {
  role: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = errorCodes.VALIDATION_FAILED
  get details() {
    return issue("sites", this.reason)
  }
  override get message(): string {
    return this.reason
  }
}

export class TooManyInvitations extends Schema.TaggedError<TooManyInvitations>()("TooManyInvitations", { limit: Schema.Int }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return `There are ${this.limit} open invitations already. Revoke some first.`
  }
}

/** Unknown, used, revoked, expired or with another secret: whoever asks is not told which. */
export class InvitationNotFound extends Schema.TaggedError<InvitationNotFound>()("InvitationNotFound", { invitation: Schema.String }) {
  readonly code = "INVITATION_NOT_FOUND"
  readonly status = errorCodes.INVITATION_NOT_FOUND
  override get message(): string {
    return "There is no such invitation, or it is used up, revoked or expired. Ask for another."
  }
}

/** What was sent to log in is not good: whoever asks is not told why. */
export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>()("InvalidCredentials", {}) {
  readonly code = "INVALID_CREDENTIALS"
  readonly status = errorCodes.INVALID_CREDENTIALS
  override get message(): string {
    return "These credentials are not valid."
  }
}

export class TotpIsOn extends Schema.TaggedError<TotpIsOn>()("TotpIsOn", {}) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return "A login takes a code already. Turn that off first."
  }
}

export class TotpIsOff extends Schema.TaggedError<TotpIsOff>()("TotpIsOff", {}) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return "A login takes no code, so there are no recovery codes. Turn that on first."
  }
}

export class PasskeyNotFound extends Schema.TaggedError<PasskeyNotFound>()("PasskeyNotFound", { passkey: Schema.String }) {
  readonly code = "PASSKEY_NOT_FOUND"
  readonly status = errorCodes.PASSKEY_NOT_FOUND
  override get message(): string {
    return `This user has no passkey ${this.passkey}.`
  }
}

export class PasskeyExists extends Schema.TaggedError<PasskeyExists>()("PasskeyExists", { passkey: Schema.String }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return "This passkey is registered already."
  }
}

export class TooManyPasskeys extends Schema.TaggedError<TooManyPasskeys>()("TooManyPasskeys", { limit: Schema.Int }) {
  readonly code = "CONFLICT"
  readonly status = errorCodes.CONFLICT
  override get message(): string {
    return `A user can have ${this.limit} passkeys. Remove one first.`
  }
}

export const AccountError = Schema.Union(
  OwnerExists,
  NotAllowed,
  LastOwner,
  UserNotFound,
  UserExists,
  UsernameInvalid,
  UsernameTaken,
  TooManyUsers,
  RoleSitesInvalid,
  TooManyInvitations,
  InvitationNotFound,
  InvalidCredentials,
  TotpIsOn,
  TotpIsOff,
  PasskeyNotFound,
  PasskeyExists,
  TooManyPasskeys,
)
export type AccountError = typeof AccountError.Type
