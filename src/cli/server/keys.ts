import * as Effect from "effect/Effect"
import { withServer } from "../connection.ts"
import { ago } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"

const columns = [{ title: "ID" }, { title: "NAME" }, { title: "SCOPES" }, { title: "CREATED" }, { title: "REVOKED" }]

export const keys = verb(
  "keys",
  { summary: "List the API keys.", examples: ["fazt server keys"] },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.keys.list({ urlParams: { limit: 1000, offset: 0 } }), ({ data }) =>
        answer(json, data, (look, now) => {
          if (data.length === 0) return "There are no API keys: make one with `fazt server create-key --name <name>`."
          const rows = data.map(({ id, name, scopes, created_at, revoked_at }) => {
            const paint = revoked_at === null ? (text: string) => text : look.paint.dim
            const cells = [
              id,
              name,
              scopes.join(", "),
              ago(Date.parse(created_at), now),
              revoked_at === null ? "" : ago(Date.parse(revoked_at), now),
            ]
            return cells.map((text) => ({ text, paint }))
          })
          return table(columns, rows, look)
        }),
      ),
    ),
)
