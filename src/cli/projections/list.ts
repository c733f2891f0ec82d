import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { table } from "../table.ts"
import { document, verb } from "../verb.ts"
import { rebuild } from "./rebuild.ts"

const columns = [{ title: "PROJECTION" }, { title: "VERSION", align: "right" }, { title: "EVENTS", align: "right" }, { title: "" }] as const

const list = verb(
  "projections",
  {
    summary: "List the read models and how far each has read the log.",
    examples: ["fazt projections", "fazt projections rebuild"],
  },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.server.projections({ urlParams: { limit: 100, offset: 0 } }), ({ data }) =>
        answer(json, data, (look) => {
          const rows = data.map(({ name, version, seq, rebuilding }) => [
            { text: name, paint: look.paint.bold },
            String(version),
            grouped(seq),
            rebuilding === null ? "" : `rebuilding: ${grouped(rebuilding.seq)} of ${grouped(rebuilding.total)}`,
          ])
          return table(columns, rows, look)
        }),
      ),
    ),
)

const verbs = [rebuild] as const

export const projections = document(list.pipe(Command.withSubcommands(verbs)), {
  verb: "projections",
  manual: list.manual,
  verbs,
  runs: true,
})
