import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { type SettingKey, settings } from "../commands/config.ts"
import { configStream } from "../events/config.ts"
import { configQueries } from "../projections/config.ts"
import type { DeployLimits } from "./deploy/prepare.ts"
import type { LiveLimits } from "./live.ts"
import { Reads } from "./Reads.ts"

/** The cartridge's settings as they are now; a change holds from the next request on. */
export class Settings extends Context.Tag("fazt/Settings")<
  Settings,
  {
    readonly get: (key: SettingKey) => string
    readonly number: (key: SettingKey) => number
    readonly deployLimits: () => DeployLimits
    readonly liveLimits: () => LiveLimits
  }
>() {
  static readonly layer: Layer.Layer<Settings, never, Reads | CartridgeWriter> = Layer.scoped(
    Settings,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const writer = yield* CartridgeWriter
      const { configValue } = configQueries(db)
      const known = new Map<SettingKey, string>()
      yield* writer.onCommitted(({ events }) => {
        // An erased payload can be that of a setting.
        if (events.some(({ stream, type }) => stream === configStream || type === "v1.PayloadErased")) known.clear()
      })
      const get = (key: SettingKey): string => {
        const value = known.get(key) ?? configValue(key) ?? settings[key].default
        known.set(key, value)
        return value
      }
      const number = (key: SettingKey): number => Number(get(key))
      return {
        get,
        number,
        deployLimits: () => ({
          maxFiles: number("limits.site_files"),
          maxFileBytes: number("limits.file_bytes"),
          maxTotalBytes: number("limits.site_bytes"),
          maxRatio: number("limits.zip_ratio"),
        }),
        liveLimits: () => ({
          messageBytes: number("live.message_bytes"),
          messagesPerSecond: number("live.messages_per_second"),
          channels: number("live.channels"),
          siteSockets: number("live.site_sockets"),
          sockets: number("live.sockets"),
          addressSockets: number("live.address_sockets"),
          backlogBytes: number("live.backlog_bytes"),
        }),
      }
    }),
  )
}
