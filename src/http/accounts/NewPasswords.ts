import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Failure, invalid } from "../api/envelope.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { LoginsBusy } from "./gate.ts"
import { hashPassword } from "./password.ts"
import { passwordProblem } from "./passwordRules.ts"

/** Passwords that people choose: checked, then hashed. */
export class NewPasswords extends Context.Tag("fazt/NewPasswords")<
  NewPasswords,
  {
    /** The hash of a password that may be used; `context` is what it must not be, such as the username. */
    readonly hash: (password: string, context: ReadonlyArray<string>) => Effect.Effect<string, Failure | LoginsBusy>
  }
>() {
  static readonly layer: Layer.Layer<NewPasswords, never, ServerInfo> = Layer.effect(
    NewPasswords,
    Effect.map(ServerInfo, ({ domain }) => ({
      hash: (password, context) => {
        const problem = passwordProblem(password, [...context, domain, "fazt"])
        if (problem !== undefined) return Effect.fail(weak(problem))
        return Effect.tryPromise({ try: () => hashPassword(password), catch: (error) => error }).pipe(
          Effect.catchAll((error) => (error instanceof LoginsBusy ? Effect.fail(error) : Effect.die(error))),
        )
      },
    })),
  )
}

const weak = (problem: string): Failure => invalid("password", problem)
