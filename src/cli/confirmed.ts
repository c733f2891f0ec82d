import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { failed, usageError } from "./errors.ts"
import { Output } from "./output.ts"

/** Goes on if the person at the terminal says yes. */
export const confirmed = (question: string) =>
  Effect.flatMap(Output, ({ confirm }) =>
    Option.match(confirm, {
      onNone: () => usageError("there is nobody to ask here: say --yes"),
      onSome: (ask) => Effect.flatMap(ask(question), (sure) => (sure ? Effect.void : failed("DECLINED", "nothing was done"))),
    }),
  )
