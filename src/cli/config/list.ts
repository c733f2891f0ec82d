import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Server } from "../client.ts"
import { withServer } from "../connection.ts"
import { wholeList } from "../lists.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { renderEntries } from "./entries.ts"

const prefix = Options.text("prefix").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("Only settings whose names begin so, such as functions. or custom."),
  Options.withDefault(""),
)

export const list = verb(
  "list",
  {
    summary: "Show all settings.",
    details: [
      "The server's own by subject, then those under custom., which are yours: any name, for programs that keep something beside them.",
    ],
    examples: ["fazt config list", "fazt config list --prefix custom."],
  },
  { prefix, json, ...serverOptions },
  ({ prefix, json, ...options }) => withServer(options, (server) => showSettings(server, prefix, json)),
)

/** Prints the settings whose names begin so. */
export const showSettings = ({ api }: Server, prefix: string, json: boolean) =>
  Effect.flatMap(
    wholeList(Option.none(), (page) => api.config.list({ urlParams: { prefix, ...page } })),
    ({ items }) => answer(json, items, (look) => (items.length === 0 ? "There are no such settings." : renderEntries(items, look))),
  )
