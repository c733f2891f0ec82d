import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { errorCodes } from "../errorCodes.ts"
import { LoginMethod, loginsStream, type SessionEvent, sessionStream } from "../events/sessions.ts"
import type { Decider } from "./decider.ts"

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", { session: Schema.String }) {
  readonly code = "SESSION_NOT_FOUND"
  readonly status = errorCodes.SESSION_NOT_FOUND
  override get message(): string {
    return `There is no session ${this.session}.`
  }
}

/** Logs a user in, as `v1.SessionStarted` records it. `expires` is in epoch milliseconds, `idle` a span of them. */
export const StartSession = Schema.TaggedStruct("StartSession", {
  session: Schema.String,
  user: Schema.String,
  secretHash: Schema.String,
  method: LoginMethod,
  expires: Schema.Int,
  idle: Schema.Int,
  address: Schema.optional(Schema.String),
  agent: Schema.optional(Schema.String),
})

/** Puts off the idle end of a session. */
export const SeeSession = Schema.TaggedStruct("SeeSession", { session: Schema.String })
export const EndSession = Schema.TaggedStruct("EndSession", {
  session: Schema.String,
  reason: Schema.Literal("logout", "ended", "replaced"),
})

/** Notes that somebody tried to log in as a user and could not. */
export const RecordFailedLogin = Schema.TaggedStruct("RecordFailedLogin", {
  user: Schema.String,
  reason: Schema.Literal("password", "totp", "passkey"),
  address: Schema.optional(Schema.String),
})

export const SessionCommand = Schema.Union(StartSession, SeeSession, EndSession, RecordFailedLogin)
export type SessionCommand = typeof SessionCommand.Type

/** Of the session whose stream it is; a stream of failed logins has none. */
type SessionState = "absent" | "started" | "ended"

export const sessionDecider: Decider<SessionCommand, SessionState, SessionEvent, SessionNotFound> = {
  stream: (command) => (command._tag === "RecordFailedLogin" ? loginsStream(command.user) : sessionStream(command.session)),

  initial: "absent",

  decide: (command, state) => {
    switch (command._tag) {
      case "StartSession": {
        const { _tag, ...data } = command
        return Either.right(state === "absent" ? [{ type: "v1.SessionStarted", data }] : [])
      }
      case "SeeSession":
        return Either.right(state === "started" ? [{ type: "v1.SessionSeen", data: { session: command.session } }] : [])
      case "EndSession": {
        const { session, reason } = command
        if (state === "absent") return Either.left(new SessionNotFound({ session }))
        return Either.right(state === "ended" ? [] : [{ type: "v1.SessionEnded", data: { session, reason } }])
      }
      case "RecordFailedLogin": {
        const { _tag, ...data } = command
        return Either.right([{ type: "v1.LoginFailed", data }])
      }
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case "v1.SessionStarted":
        return "started"
      case "v1.SessionEnded":
        // Of a session whose start was erased nothing is left to end.
        return state === "absent" ? "absent" : "ended"
      case "v1.SessionSeen":
      case "v1.LoginFailed":
        return state
    }
  },
}
