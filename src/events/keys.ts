import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { SiteName } from "./site.ts"

/** What a key may do; `http/api/policy.ts` says what each of them opens. */
export const Scope = Schema.Literal("read", "deploy", "logs", "env", "kv", "audit", "metrics", "admin")
export type Scope = typeof Scope.Type

export const keyEvents = [
  /**
   * An API key was issued. `secretHash` is the SHA-256 (hex) of its 256-bit random secret. `user` made it, and it never may more than they may;
   * without `sites` it is good for all of theirs, without `expires` (epoch milliseconds) for ever. `maker` is the key that made it, if one did: they
   * are revoked together.
   */
  defineEvent("v1.KeyCreated", {
    key: Schema.String,
    name: Schema.String,
    scopes: Schema.Array(Scope),
    secretHash: Schema.String,
    user: Schema.optional(Schema.String),
    sites: Schema.optional(Schema.Array(SiteName)),
    expires: Schema.optional(Schema.Int),
    maker: Schema.optional(Schema.String),
  }),
  /** An API key was used: at most one such event an hour and key. */
  defineEvent("v1.KeyUsed", { key: Schema.String }),
  /** An API key stopped working, for ever, and every key that it has made. */
  defineEvent("v1.KeyRevoked", { key: Schema.String }),
] as const

export type KeyEvent = EventOf<(typeof keyEvents)[number]>

export const keyStream = (key: string): string => `key/${key}`
