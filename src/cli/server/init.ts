import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { stdinLine } from "../asked.ts"
import { usageError } from "../errors.ts"
import { passwordStdin } from "../newPassword.ts"
import { cartridge, db, domain, json, port } from "../options.ts"
import { answer } from "../output.ts"
import { pairs } from "../table.ts"
import { verb } from "../verb.ts"

const username = Options.text("username").pipe(Options.withDescription("The owner's name (default admin)."), Options.withDefault("admin"))
const password = Options.redacted("password").pipe(
  Options.withPseudoName("password"),
  Options.withDescription("The owner's password; without it, one is made up and shown once."),
  Options.optional,
)

const passwordHash = Options.redacted("password-hash").pipe(
  Options.withPseudoName("hash"),
  Options.withDescription("A hash of the owner's password instead, as an earlier server kept it: bcrypt, scrypt or Argon2id."),
  Options.optional,
)

export const init = verb(
  "init",
  {
    summary: "Make a cartridge with its owner and a first API key.",
    details: [
      "Not needed before `fazt server start`, which does the same when there is no cartridge yet.",
      "A hash that is taken over lets the owner of a Go server log in as before, and is replaced by a better one then.",
    ],
    examples: [
      "fazt server init",
      "fazt server init --domain example.com --port 80 --db /var/lib/fazt/data.db",
      "fazt server init --username me --password-hash '$2a$12$…'",
    ],
  },
  { username, password, passwordStdin, passwordHash, domain, port, db, json },
  ({ username, password, passwordStdin, passwordHash, domain, port, db, json }) =>
    Effect.gen(function* () {
      const file = yield* cartridge(db)
      const chosen = yield* ownerPassword(password, passwordStdin, passwordHash)
      const { initCartridge } = yield* Effect.promise(() => import("../serve.ts"))
      const made = yield* initCartridge({ db: file, username, password: chosen, domain, port })
      const result = { db: file, ...made }
      yield* answer(json, result, (look) => {
        const rows: Array<readonly [string, string]> = [["Username", made.username]]
        if (made.password !== undefined) rows.push(["Password", made.password])
        rows.push(["API key", made.token])
        return [
          `${look.paint.green("✓")} ${file} is ready. Start it with: fazt server start --db ${file}`,
          "",
          look.paint.bold("Shown this once, so keep it:"),
          pairs(rows, look).replaceAll(/^/gm, "  "),
        ].join("\n")
      })
    }),
)

const ownerPassword = (
  password: Option.Option<Redacted.Redacted>,
  passwordStdin: boolean,
  passwordHash: Option.Option<Redacted.Redacted>,
) =>
  Effect.gen(function* () {
    if ([passwordStdin, Option.isSome(password), Option.isSome(passwordHash)].filter((is) => is).length > 1) {
      return yield* usageError("the password can come from one place only")
    }
    if (Option.isSome(passwordHash)) return { kind: "hash", hash: passwordHash.value } as const
    if (Option.isSome(password)) return { kind: "given", password: password.value } as const
    return passwordStdin ? ({ kind: "given", password: Redacted.make(yield* stdinLine(0)) } as const) : ({ kind: "made up" } as const)
  })
