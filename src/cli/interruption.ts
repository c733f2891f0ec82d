import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/** What a signal means for the verb that runs: it was cut short, unless the verb says that this is how it ends. */
export class Interruption extends Context.Tag("fazt/Interruption")<Interruption, { readonly isTheEnd: Effect.Effect<void> }>() {}
