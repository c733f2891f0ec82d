import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { CartridgeWriter } from "../commands/CartridgeWriter.ts"
import { type SettingKey, settings } from "../commands/config.ts"
import { configStream } from "../events/config.ts"
import { configQueries } from "../projections/config.ts"
import type { AdmissionLimits } from "../runtime/admission.ts"
import type { SandboxSettings } from "../runtime/messages.ts"
import type { DeployLimits } from "./deploy/prepare.ts"
import { type ClientLimits, clientLimits } from "./limits/clientLimits.ts"
import type { LiveLimits } from "./live.ts"
import { Reads } from "./Reads.ts"

/** How server code runs. */
export interface FunctionSettings extends SandboxSettings {
  readonly admission: AdmissionLimits
  readonly imageBytes: number
}

/** The cartridge's settings as they are now; a change holds from the next request on. */
export class Settings extends Context.Tag("fazt/Settings")<
  Settings,
  {
    readonly get: (key: SettingKey) => string
    readonly number: (key: SettingKey) => number
    readonly deployLimits: () => DeployLimits
    readonly liveLimits: () => LiveLimits
    /** The same object until a setting changes. */
    readonly functionSettings: () => FunctionSettings
    /** The same object until a setting changes. */
    readonly clientLimits: () => ClientLimits
    /** Calls back after each change of a setting. */
    readonly onChanged: (listener: () => void) => Effect.Effect<void, never, Scope.Scope>
  }
>() {
  static readonly layer: Layer.Layer<Settings, never, Reads | CartridgeWriter> = Layer.scoped(
    Settings,
    Effect.gen(function* () {
      const { db } = yield* Reads
      const writer = yield* CartridgeWriter
      const { configValue } = configQueries(db)
      const known = new Map<SettingKey, string>()
      const listeners = new Set<() => void>()
      let functions: FunctionSettings | undefined
      let clients: ClientLimits | undefined
      yield* writer.onCommitted(({ events }) => {
        // An erased payload can be that of a setting.
        if (!events.some(({ stream, type }) => stream === configStream || type === "v1.PayloadErased")) return
        known.clear()
        functions = undefined
        clients = undefined
        for (const listener of listeners) listener()
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
        functionSettings: () => (functions ??= functionSettings(number, get)),
        clientLimits: () => (clients ??= clientLimits(number, get)),
        onChanged: (listener) =>
          Effect.acquireRelease(
            Effect.sync(() => void listeners.add(listener)),
            () => Effect.sync(() => void listeners.delete(listener)),
          ),
      }
    }),
  )
}

/** Bytes that may cross between server code and the server in one request, for each byte of its memory. */
const crossingsPerByte = 4

const functionSettings = (number: (key: SettingKey) => number, text: (key: SettingKey) => string): FunctionSettings => ({
  run: {
    cpuMs: number("functions.cpu_ms"),
    hostCalls: number("functions.host_calls"),
    hostBytes: crossingsPerByte * number("functions.memory_bytes"),
    responseBytes: number("functions.response_bytes"),
  },
  bindings: {
    subrequests: number("functions.subrequests"),
    subrequestBytes: number("functions.subrequest_bytes"),
    subrequestMs: number("functions.subrequest_ms"),
    allowedHosts: text("functions.allowed_hosts")
      .split(",")
      .map((host) => host.trim())
      .filter((host) => host !== ""),
    storageKeys: number("storage.site_keys"),
    storageBytes: number("storage.site_bytes"),
  },
  wallMs: number("functions.wall_ms"),
  memoryBytes: number("functions.memory_bytes"),
  logLines: number("functions.log_lines"),
  startMs: number("functions.start_ms"),
  admission: {
    concurrency: number("functions.concurrency"),
    queue: number("functions.queue"),
    cpuPerSecond: number("functions.cpu_per_second"),
  },
  imageBytes: number("functions.image_bytes"),
})
