import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { Environment } from "../config.ts"
import { existingVaultKey, vaultReader } from "../events/vault.ts"
import { type Failure, refusal } from "./api/envelope.ts"
import { Reads } from "./Reads.ts"

/** A secret is sealed with another key than the one at hand. */
export class SecretUnreadable extends Error {
  override readonly name = "SecretUnreadable"
}

/** What the vault holds, opened. Needs a cartridge that its writer has opened before, which makes the key. */
export class Secrets extends Context.Tag("fazt/Secrets")<
  Secrets,
  {
    /** The secret, or nothing if it was never put or has been shredded. Plain and synchronous. Throws `SecretUnreadable`. */
    readonly get: (ref: string) => string | undefined
    /** The same for whoever answers a request: 503 where the vault cannot be opened. */
    readonly open: (ref: string) => Effect.Effect<string | undefined, Failure>
  }
>() {
  static readonly layer: Layer.Layer<Secrets, never, Reads | CartridgeWriter | Environment> = Layer.effect(
    Secrets,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const { masterKey } = yield* Environment
      const { get } = vaultReader(db, existingVaultKey(db, Option.getOrUndefined(Option.map(masterKey, Redacted.value))))
      const read = (ref: string): string | undefined => {
        try {
          return get(ref)
        } catch (cause) {
          throw new SecretUnreadable("The vault cannot be opened. Is FAZT_MASTER_KEY the one that it was sealed with?", { cause })
        }
      }
      return {
        get: read,
        open: (ref) => Effect.try({ try: () => read(ref), catch: (error) => refusal("SERVICE_UNAVAILABLE", (error as Error).message) }),
      }
    }),
  )
}
