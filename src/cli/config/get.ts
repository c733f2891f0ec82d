import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { segment, withServer } from "../connection.ts"
import { json, serverOptions } from "../options.ts"
import { answer } from "../output.ts"
import { verb } from "../verb.ts"
import { showSettings } from "./list.ts"

const key = Args.text({ name: "key" }).pipe(Args.withDescription("The setting; without it, all of them."), Args.optional)

export const get = verb(
  "get",
  { summary: "Show one setting's value, or all settings.", examples: ["fazt config get", "fazt config get server.domain"] },
  { key, json, ...serverOptions },
  ({ key, json, ...options }) =>
    withServer(options, (server) =>
      Option.match(key, {
        onNone: () => showSettings(server, "", json),
        onSome: (key) =>
          Effect.flatMap(server.api.config.get({ path: { key: segment(key) } }), ({ data }) => answer(json, data, () => data.value)),
      }),
    ),
)
