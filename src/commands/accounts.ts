import * as Schema from "effect/Schema"
import { type AccountEvent, accountsStream } from "../events/accounts.ts"
import { CredentialCommand, decideCredentials } from "./accountCredentials.ts"
import type { AccountError } from "./accountErrors.ts"
import { decideMembers, MemberCommand } from "./accountMembers.ts"
import { type AccountsState, evolveAccounts, noAccounts } from "./accountState.ts"
import type { Decider } from "./decider.ts"

export const AccountCommand = Schema.Union(MemberCommand, CredentialCommand)
export type AccountCommand = typeof AccountCommand.Type

/** Decides over all accounts in one stream. Who may do what to whom is decided here, by the roles that users have at that moment. */
export const accountsDecider: Decider<AccountCommand, AccountsState, AccountEvent, AccountError> = {
  stream: () => accountsStream,
  initial: noAccounts,
  decide: (command, state) => {
    switch (command._tag) {
      case "EnrollOwner":
      case "InviteUser":
      case "RevokeInvitation":
      case "AcceptInvitation":
      case "ChangeRole":
      case "RemoveUser":
        return decideMembers(command, state)
      default:
        return decideCredentials(command, state)
    }
  },
  evolve: evolveAccounts,
}
