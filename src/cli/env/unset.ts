import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import { confirmed } from "../confirmed.ts"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions, site, yes } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"

const name = Args.text({ name: "name" }).pipe(Args.withDescription("The variable."))

const purge = Options.boolean("purge").pipe(
  Options.withDescription("Also shred every value that it ever had; asks, unless --yes. No rollback brings them back."),
)

export const unset = verb(
  "unset",
  {
    summary: "Take a variable out of a site's environment.",
    details: ["Its values stay sealed in the cartridge, unless --purge shreds them."],
    examples: ["fazt env unset hello API_KEY", "fazt env unset hello API_KEY --purge"],
  },
  { site, name, purge, yes, json, ...serverOptions },
  ({ site, name, purge, yes, json, ...options }) =>
    Effect.gen(function* () {
      if (purge && !yes) yield* confirmed(`Shred every value that ${name} of ${site} ever had?`)
      yield* withServer(options, ({ api }) =>
        Effect.flatMap(api.env.unset({ path: { site: segment(site), name: segment(name) }, urlParams: { purge } }), ({ data }) =>
          answer(
            json,
            { site, name, purged: purge, ...data },
            ({ paint }) => `${paint.green("✓")} ${name} of ${site} is unset${purge ? ", and its values are shredded" : ""}`,
          ),
        ),
      )
    }),
)
