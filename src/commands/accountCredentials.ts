import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AccountEvent } from "../events/accounts.ts"
import {
  type AccountError,
  InvalidCredentials,
  PasskeyExists,
  PasskeyNotFound,
  TooManyPasskeys,
  TotpIsOff,
  TotpIsOn,
  UserNotFound,
} from "./accountErrors.ts"
import { type AccountsState, actedOn, type User, userOf } from "./accountState.ts"

/** Passkeys that one user may have. */
export const maxPasskeys = 20

/**
 * `password`, here and below, is a new vault entry that holds the hash. `by` is the id of the user who asks, or `local`. Refused if it is not
 * `was` that is replaced, where that is given.
 */
export const ChangePassword = Schema.TaggedStruct("ChangePassword", {
  user: Schema.String,
  password: Schema.String,
  by: Schema.String,
  was: Schema.optional(Schema.String),
})

/** Replaces a hash by a better one of the same password, unless that is not `was` any more. */
export const RehashPassword = Schema.TaggedStruct("RehashPassword", { user: Schema.String, password: Schema.String, was: Schema.String })

/**
 * Asks for a code (RFC 6238) at logins from now on. `secret` and `recovery` are new vault entries. `step` is the time step of the code that
 * proved that the user has the secret: it is used up by that.
 */
export const EnableTotp = Schema.TaggedStruct("EnableTotp", {
  user: Schema.String,
  secret: Schema.String,
  recovery: Schema.String,
  step: Schema.optional(Schema.Int),
})
export const DisableTotp = Schema.TaggedStruct("DisableTotp", { user: Schema.String, by: Schema.String })
/** Takes the second factor and every passkey away, so that the password alone is enough. */
export const ResetFactors = Schema.TaggedStruct("ResetFactors", { user: Schema.String, by: Schema.String })
export const RenewRecoveryCodes = Schema.TaggedStruct("RenewRecoveryCodes", { user: Schema.String, recovery: Schema.String })

/** Uses up the code of a time step, and with it all before. Refused if that has happened already. */
export const UseTotp = Schema.TaggedStruct("UseTotp", { user: Schema.String, step: Schema.Int })

/** Uses up a recovery code, which is named by its place in the list, from 0. */
export const UseRecoveryCode = Schema.TaggedStruct("UseRecoveryCode", { user: Schema.String, code: Schema.Int })

/** Lets a passkey log the user in: its credential id and COSE key are base64url. */
export const AddPasskey = Schema.TaggedStruct("AddPasskey", {
  user: Schema.String,
  passkey: Schema.String,
  name: Schema.String,
  publicKey: Schema.String,
  counter: Schema.Int,
  transports: Schema.Array(Schema.String),
})

/** Notes that a passkey has logged its user in. Refused if its counter says that it has been copied (WebAuthn 7.2, step 22). */
export const UsePasskey = Schema.TaggedStruct("UsePasskey", { user: Schema.String, passkey: Schema.String, counter: Schema.Int })
export const RemovePasskey = Schema.TaggedStruct("RemovePasskey", { user: Schema.String, passkey: Schema.String, by: Schema.String })

export const CredentialCommand = Schema.Union(
  ChangePassword,
  RehashPassword,
  EnableTotp,
  DisableTotp,
  ResetFactors,
  RenewRecoveryCodes,
  UseTotp,
  UseRecoveryCode,
  AddPasskey,
  UsePasskey,
  RemovePasskey,
)
export type CredentialCommand = typeof CredentialCommand.Type

type Decision = Either.Either<ReadonlyArray<AccountEvent>, AccountError>

/** What users log in with. */
export const decideCredentials = (command: CredentialCommand, state: AccountsState): Decision => {
  switch (command._tag) {
    case "ChangePassword":
      return Either.flatMap(actedOn(state, command.by, command.user), ({ password: was }) => {
        if (command.was !== undefined && command.was !== was) return refuse
        return events({ type: "v1.PasswordChanged", data: { user: command.user, password: command.password, was } })
      })
    case "RehashPassword": {
      const { user, password, was } = command
      return events(userOf(state, user)?.password === was && { type: "v1.PasswordRehashed", data: { user, password, was } })
    }
    case "EnableTotp":
      return enableTotp(command, state)
    case "DisableTotp":
      return Either.flatMap(actedOn(state, command.by, command.user), ({ totp }) =>
        events(totp !== undefined && { type: "v1.TotpDisabled", data: { user: command.user, refs: [totp.secret, totp.recovery] } }),
      )
    case "ResetFactors":
      return Either.map(actedOn(state, command.by, command.user), (user) => factorsTaken(command.user, user))
    case "RenewRecoveryCodes":
      return renewRecoveryCodes(command, state)
    case "UseTotp": {
      const { user, step } = command
      const known = userOf(state, user)
      if (known?.totp === undefined || step <= known.step) return refuse
      return events({ type: "v1.TotpUsed", data: { user, step } })
    }
    case "UseRecoveryCode": {
      const { user, code } = command
      const totp = userOf(state, user)?.totp
      if (totp === undefined || HashSet.has(totp.used, code)) return refuse
      return events({ type: "v1.RecoveryCodeUsed", data: { user, code } })
    }
    case "AddPasskey":
      return addPasskey(command, state)
    case "UsePasskey":
      return usePasskey(command, state)
    case "RemovePasskey":
      return Either.flatMap(actedOn(state, command.by, command.user), ({ passkeys }) => {
        const { user, passkey } = command
        if (!HashMap.has(passkeys, passkey)) return fail(new PasskeyNotFound({ passkey }))
        return events({ type: "v1.PasskeyRemoved", data: { user, passkey } })
      })
  }
}

const events = (...list: ReadonlyArray<AccountEvent | false>): Decision => Either.right(list.filter((event) => event !== false))

const fail = (error: AccountError): Decision => Either.left(error)

/** Of those who are not logged in yet, none is told what was wrong. */
const refuse: Decision = fail(new InvalidCredentials({}))

const known = (state: AccountsState, user: string): Either.Either<User, UserNotFound> => {
  const found = userOf(state, user)
  return found === undefined ? Either.left(new UserNotFound({ user })) : Either.right(found)
}

const enableTotp = ({ user, secret, recovery, step }: typeof EnableTotp.Type, state: AccountsState): Decision =>
  Either.flatMap(known(state, user), (found) => {
    if (found.totp !== undefined) return fail(new TotpIsOn({}))
    if (step !== undefined && step <= found.step) return refuse
    return events(
      { type: "v1.TotpEnabled", data: { user, secret, recovery } },
      step !== undefined && { type: "v1.TotpUsed", data: { user, step } },
    )
  })

const renewRecoveryCodes = ({ user, recovery }: typeof RenewRecoveryCodes.Type, state: AccountsState): Decision =>
  Either.flatMap(known(state, user), ({ totp }) => {
    if (totp === undefined) return fail(new TotpIsOff({}))
    return events({ type: "v1.RecoveryCodesRenewed", data: { user, recovery, was: totp.recovery } })
  })

const addPasskey = ({ _tag, ...data }: typeof AddPasskey.Type, state: AccountsState): Decision =>
  Either.flatMap(known(state, data.user), ({ passkeys }) => {
    // A credential id names its user at a login, so it is one user's only.
    if (HashMap.some(state.users, (user) => HashMap.has(user.passkeys, data.passkey)))
      return fail(new PasskeyExists({ passkey: data.passkey }))
    if (HashMap.size(passkeys) >= maxPasskeys) return fail(new TooManyPasskeys({ limit: maxPasskeys }))
    return events({ type: "v1.PasskeyAdded", data })
  })

const usePasskey = ({ _tag, ...data }: typeof UsePasskey.Type, state: AccountsState): Decision => {
  const passkeys = userOf(state, data.user)?.passkeys
  const stored = passkeys === undefined ? undefined : Option.getOrUndefined(HashMap.get(passkeys, data.passkey))
  if (stored === undefined || data.counter < 0) return refuse
  // Authenticators that do not count always say 0.
  const counts = data.counter > 0 || stored > 0
  if (counts && data.counter <= stored) return refuse
  return events({ type: "v1.PasskeyUsed", data })
}

const factorsTaken = (id: string, { totp, passkeys }: User): ReadonlyArray<AccountEvent> => [
  ...(totp === undefined ? [] : [{ type: "v1.TotpDisabled", data: { user: id, refs: [totp.secret, totp.recovery] } } as const]),
  ...[...HashMap.keys(passkeys)].sort().map((passkey) => ({ type: "v1.PasskeyRemoved", data: { user: id, passkey } }) as const),
]
