import type { Event } from "./event.ts"

/** The vault entries that a fact makes worthless: they are shredded in the transaction that appends it. */
export const shreddedBy = (event: Event): ReadonlyArray<string> => {
  switch (event.type) {
    case "v1.EnvPurged":
    case "v1.TotpDisabled":
    case "v1.UserRemoved":
      return event.data.refs
    case "v1.PasswordChanged":
    case "v1.PasswordRehashed":
    case "v1.RecoveryCodesRenewed":
      return [event.data.was]
    default:
      return []
  }
}
