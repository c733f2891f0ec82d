import * as Effect from "effect/Effect"
import { asked } from "./asked.ts"
import { failed } from "./errors.ts"

/** Goes on if the person at the terminal says yes. */
export const confirmed = (question: string) =>
  Effect.flatMap(asked(`${question} [y/N] `, "say --yes"), (reply) =>
    /^y(es)?$/i.test(reply.trim()) ? Effect.void : failed("DECLINED", "nothing was done"),
  )
