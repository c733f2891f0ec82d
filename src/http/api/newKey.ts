import { randomBytes } from "node:crypto"
import type { Scope } from "../../events/access.ts"
import { secretHash } from "./auth.ts"

/** A fresh API key `fazt_<id>_<secret>`: the token to show once, and the command that issues it. */
export const newKey = (name: string, scopes: ReadonlyArray<Scope>) => {
  const key = randomBytes(6).toString("hex")
  const secret = randomBytes(32).toString("base64url")
  return {
    token: `fazt_${key}_${secret}`,
    command: { _tag: "CreateKey", key, name, scopes, secretHash: secretHash(secret) },
  } as const
}
