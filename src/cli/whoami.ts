import * as Effect from "effect/Effect"
import { withServer } from "./connection.ts"
import { CliError } from "./errors.ts"
import { exitCodes } from "./exitCodes.ts"
import { json, serverOptions } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

export const whoami = verb(
  "whoami",
  {
    summary: "Show as which user commands ask a server.",
    details: ["On this machine as its owner; on another server as whoever made the key, which may be good for less than they are."],
    examples: ["fazt whoami", "fazt whoami --to prod --json"],
  },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.gen(function* () {
        const { user } = (yield* api.session.status({})).data
        if (user === undefined) return yield* nobody
        yield* answer(json, user, () => `${user.username} (${user.role}${user.sites === null ? "" : ` of ${user.sites.join(", ")}`})`)
      }),
    ),
)

const nobody = new CliError({
  code: "UNAUTHORIZED",
  message: "as nobody: there is no key for that server, or it has ended",
  hint: "log in with `fazt login <server>`",
  exitCode: exitCodes.notAuthorised,
})
