import * as Effect from "effect/Effect"
import type { LimitDescription } from "../../http/api/contract/system.ts"
import { withServer } from "../connection.ts"
import { bytes, grouped } from "../format.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { table } from "../table.ts"
import { verb } from "../verb.ts"

const columns = [{ title: "LIMIT" }, { title: "VALUE", align: "right" }, { title: "SETTING" }, { title: "WHAT IT IS" }] as const

export const limits = verb(
  "limits",
  {
    summary: "Show what limits a server.",
    details: ["Those with a setting are changed by `fazt config set`."],
    examples: ["fazt server limits", "fazt server limits --json | jq .storage"],
  },
  { json, ...serverOptions },
  ({ json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.gen(function* () {
        const { data } = yield* api.system.limits({})
        const { data: schema } = yield* api.system.limitsSchema({})
        const values: Readonly<Record<string, unknown>> = data
        yield* answer(json, data, (look) => {
          const rows = Object.entries(schema).flatMap(([group, limits]) =>
            Object.entries(limits).map(([name, limit]) => [
              `${group}.${name}`,
              { text: shown((values[group] as Readonly<Record<string, number>> | undefined)?.[name], limit), paint: look.paint.bold },
              { text: limit.setting ?? "", paint: look.paint.cyan },
              limit.desc === "" ? limit.label : limit.desc,
            ]),
          )
          return table(columns, rows, look)
        })
      }),
    ),
)

const shown = (value: number | undefined, { unit }: LimitDescription): string => {
  if (value === undefined) return "–"
  return unit === "bytes" ? bytes(value) : `${grouped(value)}${unit === "" ? "" : ` ${unit}`}`
}
