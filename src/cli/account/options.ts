import { credentialOptions } from "../credentials.ts"
import { db, to } from "../options.ts"

/** How a verb about one's own account finds it: keys have no account, so none is named. */
export const accountOptions = { to, db, ...credentialOptions }

/** What every verb about one's own account says of itself. */
export const whose = "On this machine it is the owner's account; on another server that of whoever logs in, for as long as this takes."
