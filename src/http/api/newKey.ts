import { randomBytes } from "node:crypto"
import type { Scope } from "../../events/keys.ts"
import { secretHash } from "./secrets.ts"

/** Whose key it is, and what limits it (`v1.KeyCreated`). */
interface KeyLimits {
  readonly user?: string
  readonly sites?: ReadonlyArray<string>
  readonly expires?: number
  readonly maker?: string
}

/** A fresh API key `fazt_<id>_<secret>`: the token to show once, and the command that issues it. */
export const newKey = (name: string, scopes: ReadonlyArray<Scope>, limits: KeyLimits = {}) => {
  const key = randomBytes(6).toString("hex")
  const secret = randomBytes(32).toString("base64url")
  return {
    token: `fazt_${key}_${secret}`,
    command: { _tag: "CreateKey", key, name, scopes, secretHash: secretHash(secret), ...limits },
  } as const
}
