import * as Effect from "effect/Effect"
import type { ErrorCode } from "../../errorCodes.ts"
import { GuestError } from "../../runtime/host.ts"
import { type Failure, refusal } from "./envelope.ts"

const codes: Readonly<Record<string, ErrorCode>> = { DS_INVALID: "VALIDATION_FAILED", DS_TOO_MUCH: "PAYLOAD_TOO_LARGE" }

/** Checks something by the rules that hold for server code, and answers what those refuse as the API does. */
export const checked = <A>(check: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: check, catch: (error) => error }).pipe(
    Effect.catchAll((error) => {
      const code = error instanceof GuestError ? codes[error.code ?? ""] : undefined
      return code === undefined ? Effect.die(error) : Effect.fail(refusal(code, (error as GuestError).message))
    }),
  )
