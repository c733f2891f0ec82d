import * as Schema from "effect/Schema"
import { defineEvent, type EventOf } from "./define.ts"
import { SiteName } from "./site.ts"

/** An environment variable's name. */
export const EnvName = Schema.String.pipe(Schema.maxLength(128), Schema.pattern(/^[A-Z][A-Z0-9_]*$/)).annotations({ identifier: "EnvName" })

export const envEvents = [
  /** A site's variable was given a value, which is sealed in the vault as `ref`: each value has a ref of its own. */
  defineEvent("v1.EnvSet", { site: SiteName, name: EnvName, ref: Schema.String }),
  /** A site's variable was taken away. Its values stay sealed, so that a rollback may take the environment back too. */
  defineEvent("v1.EnvUnset", { site: SiteName, name: EnvName }),
  /** Every value that the variable ever had was shredded: the vault has nothing under these refs any more. */
  defineEvent("v1.EnvPurged", { site: SiteName, name: EnvName, refs: Schema.Array(Schema.String) }),
] as const

export type EnvEvent = EventOf<(typeof envEvents)[number]>

/** The stream of one site's environment. */
export const envStream = (site: string): string => `env/${site}`

/** The site whose environment a stream is, if it is one. */
export const siteOfEnvStream = (stream: string): string | undefined => (stream.startsWith("env/") ? stream.slice("env/".length) : undefined)
