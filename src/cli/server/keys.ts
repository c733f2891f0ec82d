import { createVerb } from "../keys/create.ts"
import { listVerb } from "../keys/list.ts"
import { revokeVerb } from "../keys/revoke.ts"

/** `fazt keys` under the names that it had first. */
export const createKey = createVerb("create-key", "server create-key")
export const keys = listVerb("keys", "server keys")
export const revokeKey = revokeVerb("revoke-key", "server revoke-key")
