import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Self } from "./account/self.ts"
import type { Server } from "./client.ts"
import type { CredentialOptions } from "./credentials.ts"

/** The flags that name a server. */
export interface ServerOptions {
  readonly to: Option.Option<string>
  readonly token: Option.Option<Redacted.Redacted>
  readonly db: Option.Option<string>
}

/** Runs a verb against the server that its flags mean. The client is loaded for those who need it, so that help is there at once. */
export const withServer = <A, E, R>(options: ServerOptions, use: (server: Server) => Effect.Effect<A, E, R>) =>
  withClient(options, true, use)

/** The same for a verb without an end: it waits for a server, and never holds the cartridge against one that wants to start. */
export const withRunningServer = <A, E, R>(options: ServerOptions, use: (server: Server) => Effect.Effect<A, E, R>) =>
  withClient(options, false, use)

const withClient = <A, E, R>(options: ServerOptions, mayOpen: boolean, use: (server: Server) => Effect.Effect<A, E, R>) =>
  Effect.promise(() => import("./client.ts")).pipe(
    Effect.flatMap(({ connect }) => connect(options, { mayOpen })),
    Effect.flatMap(use),
    Effect.scoped,
  )

/** Runs a verb as a person with an account (`account/self.ts`), since keys have none. */
export const withAccount = <A, E, R>(
  options: Omit<ServerOptions, "token"> & CredentialOptions,
  use: (self: Self) => Effect.Effect<A, E, R>,
) =>
  Effect.promise(() => import("./account/self.ts")).pipe(
    Effect.flatMap(({ asSelf }) => asSelf(options)),
    Effect.flatMap(use),
    Effect.scoped,
  )

/** A part of a path as the typed client needs it, which does not encode them. */
export const segment = (text: string): string => encodeURIComponent(text)
