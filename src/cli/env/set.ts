import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { readValues } from "./values.ts"

const assignments = Args.text({ name: "NAME=value" }).pipe(
  Args.withDescription("A variable and its value; the name alone with --stdin."),
  Args.repeated,
)

const stdin = Options.boolean("stdin").pipe(Options.withDescription("Read the value from standard input, so that no history keeps it."))

const file = Options.text("file").pipe(
  Options.withPseudoName("file"),
  Options.withDescription("Set every variable of a .env file."),
  Options.optional,
)

export const set = verb(
  "set",
  {
    summary: "Set variables of a site's environment.",
    details: ["Values are sealed and never shown again. Several are set all or none; those not named stay as they are."],
    examples: ["fazt env set hello API_KEY=s3cret", "fazt env set hello API_KEY --stdin < key.txt", "fazt env set hello --file .env"],
  },
  { site, assignments, stdin, file, json, ...serverOptions },
  ({ site, assignments, stdin, file, json, ...options }) =>
    Effect.gen(function* () {
      const values = yield* readValues({ assignments, stdin, file })
      const names = Object.keys(values).sort()
      yield* withServer(options, ({ api }) =>
        Effect.flatMap(api.env.setAll({ path: { site: segment(site) }, payload: { values } }), () =>
          answer(
            json,
            { site, set: names },
            ({ paint }) => `${paint.green("✓")} ${names.join(", ")} of ${site} ${names.length === 1 ? "is" : "are"} set`,
          ),
        ),
      )
    }),
)
