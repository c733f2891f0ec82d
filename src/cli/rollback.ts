import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { segment, withServer } from "./connection.ts"
import { db, given, json, server, site, token } from "./options.ts"
import { answer } from "./output.ts"
import { verb } from "./verb.ts"

const to = Options.text("to").pipe(
  Options.withPseudoName("deploy"),
  Options.withDescription("A deploy's id or its beginning; without it, the one that was live before."),
  Options.optional,
)

export const rollback = verb(
  "rollback",
  {
    summary: "Make an earlier deploy of a site live again.",
    details: [
      "A rollback is itself part of the history: `fazt rollback <site> --to <deploy>` undoes it. Rolling back again goes one further back. Here --to names the deploy, and --server the server.",
    ],
    examples: ["fazt rollback hello", "fazt rollback hello --to 4k2j", "fazt rollback hello --server prod"],
  },
  { site, to, json, server, token, db },
  ({ site, to, json, server, token, db }) =>
    withServer({ to: server, token, db }, ({ api }) =>
      Effect.flatMap(api.deploys.rollback({ path: { site: segment(site) }, payload: given("to", to) }), ({ data }) =>
        answer(json, data, ({ paint }) => `${paint.green("✓")} ${data.site} is back at ${data.deploy ?? "nothing"}: ${data.url}`),
      ),
    ),
)
