import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import type { ApiKey } from "../../http/api/contract/keys.ts"
import { type CliError, usageError } from "../errors.ts"
import { wordsOf } from "../words.ts"

export type Scope = ApiKey["scopes"][number]

/** What a key may do, in the order in which help shows it. */
const known: ReadonlyArray<Scope> = ["read", "deploy", "logs", "env", "kv", "audit", "metrics", "admin"]

/** `byDefault`: what holds where no scopes are given. */
export const scopes = (byDefault: string) =>
  Options.text("scopes").pipe(
    Options.withDescription(`What it may do: ${known.join(", ")}; a comma between several (${byDefault}).`),
    Options.repeated,
  )

/** The scopes that were given. */
export const parseScopes = (texts: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Scope>, CliError> =>
  Effect.forEach(wordsOf(texts), (word) => {
    const scope = known.find((scope) => scope === word)
    return scope === undefined ? usageError(`there is no scope '${word}': use ${known.join(", ")}`) : Effect.succeed(scope)
  })

/** One scope at least. */
export const isGiven = (scopes: ReadonlyArray<Scope>): scopes is readonly [Scope, ...Array<Scope>] => scopes.length > 0
