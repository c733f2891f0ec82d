import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"

/** How a session began. */
export const LoginMethod = Schema.Literal("password", "totp", "recovery_code", "passkey", "invitation", "password_change")
export type LoginMethod = typeof LoginMethod.Type

export const sessionEvents = [
  /**
   * A user logged in. `secretHash` is the SHA-256 (hex) of the session's 256-bit token. It ends at `expires` (epoch milliseconds), and sooner
   * when it is not used for `idle` milliseconds. `address` and `agent` say where from.
   */
  defineEvent(
    "v1.SessionStarted",
    {
      session: Schema.String,
      user: Schema.String,
      secretHash: Schema.String,
      method: LoginMethod,
      expires: Schema.Int,
      idle: Schema.Int,
      address: Schema.optional(Schema.String),
      agent: Schema.optional(Schema.String),
    },
    { erasable: true },
  ),
  /** A session was used: so often as its idle end needs it, not with every request. */
  defineEvent("v1.SessionSeen", { session: Schema.String }),
  defineEvent("v1.SessionEnded", { session: Schema.String, reason: Schema.Literal("logout", "ended", "replaced") }),
  /** Somebody tried to log in as `user` and could not. What throttling refuses is not recorded. */
  defineEvent(
    "v1.LoginFailed",
    { user: Schema.String, reason: Schema.Literal("password", "totp", "passkey"), address: Schema.optional(Schema.String) },
    { erasable: true },
  ),
] as const

export type SessionEvent = EventOf<(typeof sessionEvents)[number]>

export const sessionStream = (session: string): string => `session/${session}`

/** The stream of a user's failed logins. */
export const loginsStream = (user: string): string => `logins/${user}`
