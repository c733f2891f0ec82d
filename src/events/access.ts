import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"

/** What a key may do: `read` sites and history, `deploy` (and read), or everything (`admin`). */
export const Scope = Schema.Literal("read", "deploy", "admin")
export type Scope = typeof Scope.Type

export const accessEvents = [
  /** The owner's first credentials were set; `password` names a vault entry that holds the password's scrypt hash. */
  defineEvent("v1.OwnerEnrolled", { username: Schema.String, password: Schema.String }),
  /** An API key was issued. `secretHash` is the SHA-256 (hex) of its 256-bit random secret. */
  defineEvent("v1.KeyCreated", { key: Schema.String, name: Schema.String, scopes: Schema.Array(Scope), secretHash: Schema.String }),
  /** An API key stopped working, for ever. */
  defineEvent("v1.KeyRevoked", { key: Schema.String }),
] as const

export type AccessEvent = EventOf<(typeof accessEvents)[number]>

export const ownerStream = "owner"
export const keyStream = (key: string): string => `key/${key}`
