import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { renderEntry } from "./entries.ts"

const key = Args.text({ name: "key" }).pipe(Args.withDescription("The setting."))

export const unset = verb(
  "unset",
  { summary: "Give a setting its default again.", examples: ["fazt config unset server.domain"] },
  { key, json, ...serverOptions },
  ({ key, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.config.unset({ path: { key: segment(key) } }), ({ data }) =>
        answer(json, data, (look) => renderEntry(data, look)),
      ),
    ),
)
