import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type AccessEvent, keyStream, ownerStream, Scope } from "../events/access.ts"
import type { Decider } from "./decider.ts"

export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", { key: Schema.String }) {
  readonly code = "KEY_NOT_FOUND"
  readonly status = 404
  override get message(): string {
    return `There is no API key ${this.key}.`
  }
}

export class OwnerExists extends Schema.TaggedError<OwnerExists>()("OwnerExists", {}) {
  readonly code = "CONFLICT"
  readonly status = 409
  override get message(): string {
    return "This cartridge has an owner already."
  }
}

export const AccessError = Schema.Union(KeyNotFound, OwnerExists)
export type AccessError = typeof AccessError.Type

/** Gives a new cartridge its owner. `password` is the vault entry that holds the hash. */
export const EnrollOwner = Schema.TaggedStruct("EnrollOwner", {
  username: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
  password: Schema.String,
})

export const CreateKey = Schema.TaggedStruct("CreateKey", {
  key: Schema.String,
  name: Schema.String.pipe(Schema.minLength(1), Schema.maxLength(64)),
  scopes: Schema.Array(Scope).pipe(Schema.minItems(1)),
  secretHash: Schema.String,
})
export const RevokeKey = Schema.TaggedStruct("RevokeKey", { key: Schema.String })

export const AccessCommand = Schema.Union(EnrollOwner, CreateKey, RevokeKey)
export type AccessCommand = typeof AccessCommand.Type

type AccessState = "absent" | "present" | "revoked"

/** Serves both the owner's stream and the keys': each knows only whether its one thing is there. */
export const accessDecider: Decider<AccessCommand, AccessState, AccessEvent, AccessError> = {
  stream: (command) => (command._tag === "EnrollOwner" ? ownerStream : keyStream(command.key)),

  initial: "absent",

  decide: (command, state) => {
    switch (command._tag) {
      case "EnrollOwner": {
        const { username, password } = command
        return state === "absent"
          ? Either.right([{ type: "v1.OwnerEnrolled", data: { username, password } }])
          : Either.left(new OwnerExists({}))
      }
      case "CreateKey": {
        const { key, name, scopes, secretHash } = command
        return Either.right(state === "absent" ? [{ type: "v1.KeyCreated", data: { key, name, scopes, secretHash } }] : [])
      }
      case "RevokeKey":
        if (state === "absent") return Either.left(new KeyNotFound({ key: command.key }))
        return Either.right(state === "revoked" ? [] : [{ type: "v1.KeyRevoked", data: { key: command.key } }])
    }
  },

  evolve: (_, event) => (event.type === "v1.KeyRevoked" ? "revoked" : "present"),
}
