import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { renderEntry } from "./entries.ts"

const key = Args.text({ name: "key" }).pipe(Args.withDescription("The setting."))
const value = Args.text({ name: "value" }).pipe(Args.withDescription("Its new value; after `--` if it begins with a dash."))

export const set = verb(
  "set",
  { summary: "Change a setting.", examples: ["fazt config set server.domain example.com"] },
  { key, value, json, ...serverOptions },
  ({ key, value, json, ...options }) =>
    withServer(options, ({ api }) =>
      Effect.flatMap(api.config.set({ path: { key: segment(key) }, payload: { value } }), ({ data }) =>
        answer(json, data, (look) => renderEntry(data, look)),
      ),
    ),
)
