import * as Command from "@effect/cli/Command"
import { document } from "../verb.ts"
import { me } from "./me.ts"
import { passkeys, removePasskey } from "./passkeys.ts"
import { password } from "./password.ts"
import { recoveryCodes } from "./recoveryCodes.ts"
import { endSession, endSessions, sessions } from "./sessions.ts"
import { totp } from "./totp.ts"

const verbs = [password, sessions, endSession, endSessions, totp, recoveryCodes, passkeys, removePasskey] as const

export const account = document(me.pipe(Command.withSubcommands(verbs)), { verb: "account", manual: me.manual, verbs, runs: true })
