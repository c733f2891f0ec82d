import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
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

export const init = verb(
  "init",
  {
    summary: "Make a cartridge with its owner and a first API key.",
    details: ["Not needed before `fazt server start`, which does the same when there is no cartridge yet."],
    examples: ["fazt server init", "fazt server init --domain example.com --port 80 --db /var/lib/fazt/data.db"],
  },
  { username, password, domain, port, db, json },
  ({ username, password, domain, port, db, json }) =>
    Effect.gen(function* () {
      const file = yield* cartridge(db)
      const { initCartridge } = yield* Effect.promise(() => import("../serve.ts"))
      const made = yield* initCartridge({ db: file, username, password, domain, port })
      const generated = Option.isNone(password)
      const result = { db: file, username: made.username, ...(generated ? { password: made.password } : {}), token: made.token }
      yield* answer(json, result, (look) => {
        const rows: Array<readonly [string, string]> = [["Username", made.username]]
        if (generated) rows.push(["Password", made.password])
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
