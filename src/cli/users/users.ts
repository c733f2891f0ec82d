import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { endSessions } from "./endSessions.ts"
import { invitations, revokeInvitation } from "./invitations.ts"
import { invite } from "./invite.ts"
import { list } from "./list.ts"
import { remove } from "./remove.ts"
import { resetFactors } from "./resetFactors.ts"
import { setPassword } from "./setPassword.ts"
import { setRole } from "./setRole.ts"
import { show } from "./show.ts"

const verbs = [show, invite, invitations, revokeInvitation, setRole, remove, setPassword, resetFactors, endSessions] as const

export const users = document(list.pipe(Command.withSubcommands(verbs)), { verb: "users", manual: list.manual, verbs, runs: true })
