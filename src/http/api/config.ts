import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { Commands } from "../../commands/Commands.ts"
import { customPrefix, isCustomKey, isSettingKey, type SettingKey, settings, UnknownSetting } from "../../commands/config.ts"
import { configQueries } from "../../projections/config.ts"
import { Reads } from "../Reads.ts"
import { Api } from "./Api.ts"
import { Caller } from "./contract/authorization.ts"
import type { ConfigEntry } from "./contract/config.ts"
import { refusal } from "./envelope.ts"
import { refuse } from "./failures.ts"
import { counted } from "./paging.ts"

export const configLayer = HttpApiBuilder.group(Api, "config", (handlers) =>
  Effect.gen(function* () {
    const commands = yield* Commands
    const { db } = yield* Reads
    const { configValue, configBelow } = configQueries(db)

    const entry = (key: SettingKey): ConfigEntry => {
      const { default: byDefault, describe, restart } = settings[key]
      const value = configValue(key)
      return { key, value: value ?? byDefault, default: byDefault, set: value !== undefined, description: describe, restart }
    }
    const view = (key: string) => {
      if (isSettingKey(key)) return Effect.sync(() => ({ data: entry(key) }))
      return isCustomKey(key) ? Effect.sync(() => ({ data: customEntry(key, configValue(key)) })) : Effect.fail(new UnknownSetting({ key }))
    }
    const all = (): ReadonlyArray<ConfigEntry> => [
      ...Object.keys(settings).filter(isSettingKey).map(entry),
      ...configBelow(customPrefix).map(({ key, value }) => customEntry(key, value)),
    ]

    return handlers
      .handle("list", ({ urlParams: { prefix, ...paging } }) =>
        Effect.sync(() =>
          counted(
            all().filter(({ key }) => key.startsWith(prefix)),
            paging,
            (one) => one,
          ),
        ),
      )
      .handle("get", ({ path: { key } }) =>
        isCustomKey(key) && configValue(key) === undefined
          ? Effect.fail(refusal("NOT_FOUND", `There is no setting ${key}. PUT it to make one.`))
          : refuse(view(key)),
      )
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

/** A setting of the owner's own, which has no default but nothing. */
const customEntry = (key: string, value: string | undefined): ConfigEntry => ({
  key,
  value: value ?? "",
  default: "",
  set: value !== undefined,
  description: "a setting of your own",
  restart: false,
})
