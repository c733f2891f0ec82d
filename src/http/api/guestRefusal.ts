import * as Effect from "effect/Effect"
import { GuestError } from "../../runtime/host.ts"
import { type Failure, invalid, refusal } from "./envelope.ts"

/** Checks a field by the rules that hold for server code, and answers what those refuse as the API does. */
export const checked = <A>(field: string, check: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: check, catch: (error) => error }).pipe(
    Effect.catchAll((error) => {
      const failure = error instanceof GuestError ? failureOf(field, error) : undefined
      return failure === undefined ? Effect.die(error) : Effect.fail(failure)
    }),
  )

const failureOf = (field: string, { code, message }: GuestError): Failure | undefined => {
  if (code === "DS_INVALID") return invalid(field, message)
  return code === "DS_TOO_MUCH" ? refusal("PAYLOAD_TOO_LARGE", message) : undefined
}
