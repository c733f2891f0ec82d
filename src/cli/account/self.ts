import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { findTarget, type Server, serverOf } from "../client.ts"
import type { ServerOptions } from "../connection.ts"
import type { CredentialOptions } from "../credentials.ts"
import { logIn } from "../session.ts"
import { local } from "../transport.ts"

/** A server as a person with an account reaches it. */
export interface Self {
  readonly server: Server
  /** What changes to the account ask for; empty at the machine itself, where it does not matter. */
  readonly password: string
  readonly isHere: boolean
}

/**
 * The person with the account: on this machine the owner of the cartridge, who needs no password there; on another server whoever logs in
 * for as long as the scope lasts.
 */
export const asSelf = (options: Omit<ServerOptions, "token"> & CredentialOptions) =>
  Effect.gen(function* () {
    const target = yield* findTarget({ ...options, token: Option.none() })
    if (target.kind === "remote") return { ...(yield* logIn(target.url, options)), isHere: false }
    return { server: serverOf(yield* local(target.db, true)), password: "", isHere: true }
  })
