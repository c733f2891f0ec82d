import * as Effect from "effect/Effect"
import type { EnvVariable } from "../../http/api/contract/env.ts"
import { segment, withServer } from "../connection.ts"
import { ago, minute } from "../format.ts"
import { json, serverOptions, site } from "../options.ts"
import { answer } from "../output.ts"
import { type Look, table } from "../table.ts"
import { verb } from "../verb.ts"

export const list = verb(
  "list",
  {
    summary: "List the variables of a site's environment.",
    details: ["Names only: no command and no API shows a value."],
    examples: ["fazt env list hello", "fazt env list hello --json | jq -r '.[].name'"],
  },
  { site, json, ...serverOptions },
  ({ site, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.env.list({ path: { site: segment(site) }, urlParams: { limit: 1000, offset: 0 } }), ({ data }) =>
        answer(json, data, (look, now) => variableTable(site, data, look, now)),
      ),
    ),
)

const variableTable = (site: string, variables: ReadonlyArray<EnvVariable>, look: Look, now: number): string =>
  variables.length === 0
    ? `${site} has no variables: set one with \`fazt env set ${site} NAME=value\`.`
    : table(
        [{ title: "NAME" }, { title: "SET" }, { title: "" }, { title: "BY" }],
        variables.map(({ name, set_at, set_by }) => [
          { text: name, paint: look.paint.bold },
          ago(Date.parse(set_at), now),
          { text: minute(Date.parse(set_at)), paint: look.paint.dim },
          set_by,
        ]),
        look,
      )
