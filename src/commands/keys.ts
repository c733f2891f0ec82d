import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { errorCodes } from "../errorCodes.ts"
import { type KeyEvent, keyStream, Scope } from "../events/keys.ts"
import { SiteName } from "../events/site.ts"
import type { Decider } from "./decider.ts"

export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", { key: Schema.String }) {
  readonly code = "KEY_NOT_FOUND"
  readonly status = errorCodes.KEY_NOT_FOUND
  override get message(): string {
    return `There is no API key ${this.key}.`
  }
}

/** Issues an API key, as `v1.KeyCreated` records it. `user` makes it; `expires` is in epoch milliseconds. */
export const CreateKey = Schema.TaggedStruct("CreateKey", {
  key: Schema.String,
  name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
  scopes: Schema.Array(Scope).pipe(Schema.minItems(1)),
  secretHash: Schema.String,
  user: Schema.optional(Schema.String),
  sites: Schema.optional(Schema.Array(SiteName)),
  expires: Schema.optional(Schema.Int),
  maker: Schema.optional(Schema.String),
})
export const RevokeKey = Schema.TaggedStruct("RevokeKey", { key: Schema.String })

/** Notes that a key was used. How often that is worth an event is for the caller to say. */
export const UseKey = Schema.TaggedStruct("UseKey", { key: Schema.String })

export const KeyCommand = Schema.Union(CreateKey, RevokeKey, UseKey)
export type KeyCommand = typeof KeyCommand.Type

type KeyState = "absent" | "present" | "revoked"

export const keyDecider: Decider<KeyCommand, KeyState, KeyEvent, KeyNotFound> = {
  stream: (command) => keyStream(command.key),

  initial: "absent",

  decide: (command, state) => {
    switch (command._tag) {
      case "CreateKey": {
        const { _tag, ...data } = command
        return Either.right(state === "absent" ? [{ type: "v1.KeyCreated", data }] : [])
      }
      case "RevokeKey":
        if (state === "absent") return Either.left(new KeyNotFound({ key: command.key }))
        return Either.right(state === "revoked" ? [] : [{ type: "v1.KeyRevoked", data: { key: command.key } }])
      case "UseKey":
        return Either.right(state === "present" ? [{ type: "v1.KeyUsed", data: { key: command.key } }] : [])
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case "v1.KeyCreated":
        return "present"
      case "v1.KeyUsed":
        return state
      case "v1.KeyRevoked":
        return "revoked"
    }
  },
}
