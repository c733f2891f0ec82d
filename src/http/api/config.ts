import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { isSettingKey, type SettingKey, settings, UnknownSetting } from "../../commands/config.ts"
import { configQueries } from "../../projections/config.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import type { ConfigEntry } from "./contract/config.ts"
import { refuse } from "./failures.ts"

export const configLayer = HttpApiBuilder.group(Api, "config", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    const { configValue } = configQueries(db)

    const entry = (key: SettingKey): ConfigEntry => {
      const { default: byDefault, describe, restart } = settings[key]
      const value = configValue(key)
      return { key, value: value ?? byDefault, default: byDefault, set: value !== undefined, description: describe, restart }
    }
    const view = (key: string) => (isSettingKey(key) ? Effect.sync(() => ({ data: entry(key) })) : Effect.fail(new UnknownSetting({ key })))

    return handlers
      .handle("list", () => Effect.sync(() => ({ data: Object.keys(settings).filter(isSettingKey).map(entry) })))
      .handle("get", ({ path }) => view(path.key).pipe(refuse))
      .handle("set", ({ path: { key }, payload: { value } }) =>
        Effect.flatMap(Caller, (caller) => commands.handle({ _tag: "SetConfig", key, value }, caller)).pipe(
          Effect.zipRight(view(key)),
          refuse,
        ),
      )
      .handle("unset", ({ path: { key } }) =>
        Effect.flatMap(Caller, (caller) => commands.handle({ _tag: "UnsetConfig", key }, caller)).pipe(Effect.zipRight(view(key)), refuse),
      )
  }),
)
