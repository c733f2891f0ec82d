import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { siteOfEnvStream } from "../events/env.ts"
import { envQueries } from "../projections/envVars.ts"
import { Reads } from "./Reads.ts"
import { Secrets } from "./Secrets.ts"

/** A variable's value is sealed with another key than the one at hand. */
export class EnvUnreadable extends Error {
  override readonly name = "EnvUnreadable"
}

/** The environment variables of sites, opened from the vault as they are now; a change holds from the next call on. */
export class SiteEnv extends Context.Tag("fazt/SiteEnv")<
  SiteEnv,
  {
    /** A site's variables; the same object until they change. Plain and synchronous. Throws `EnvUnreadable`. */
    readonly values: (site: string) => Readonly<Record<string, string>>
    /** Calls back, after the commit, when a site's variables have changed. Gives back what ends that. */
    readonly onChanged: (listener: (site: string) => void) => () => void
  }
>() {
  static readonly layer: Layer.Layer<SiteEnv, never, Reads | CartridgeWriter | Secrets> = Layer.scoped(
    SiteEnv,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const writer = yield* CartridgeWriter
      const secrets = yield* Secrets
      const { variables } = envQueries(db)
      const known = new Map<string, Readonly<Record<string, string>>>()
      const listeners = new Set<(site: string) => void>()

      const runtime = yield* Effect.runtime()
      /** Whatever a listener does, others hear of the change too, and the commit stands. */
      const tell = (listener: (site: string) => void, site: string): void => {
        try {
          listener(site)
        } catch (error) {
          Runtime.runFork(runtime)(Effect.logError(`The changed environment of ${site} could not be taken up.`, Cause.die(error)))
        }
      }

      yield* writer.onCommitted(({ events }) => {
        const changed = new Set(events.flatMap(({ stream }) => siteOfEnvStream(stream) ?? []))
        for (const site of changed) known.delete(site)
        for (const site of changed) for (const listener of listeners) tell(listener, site)
      })

      const open = (site: string, name: string, ref: string): string | undefined => {
        try {
          return secrets.get(ref)
        } catch (cause) {
          const hint = "Is FAZT_MASTER_KEY the one that it was set with? If that is lost, set the variable again."
          throw new EnvUnreadable(`The variable ${name} of ${site} cannot be opened. ${hint}`, { cause })
        }
      }

      return {
        values: (site) => {
          const cached = known.get(site)
          if (cached !== undefined) return cached
          const values: Record<string, string> = {}
          for (const { name, ref } of variables(site)) {
            const value = open(site, name, ref)
            if (value !== undefined) values[name] = value
          }
          known.set(site, Object.freeze(values))
          return values
        },
        onChanged: (listener) => {
          listeners.add(listener)
          return () => {
            listeners.delete(listener)
          }
        },
      }
    }),
  )
}
