import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type ConfigEvent, configStream } from "../events/config.ts"
import type { Decider } from "./decider.ts"

export class UnknownSetting extends Schema.TaggedError<UnknownSetting>()("UnknownSetting", { key: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  override get message(): string {
    return `There is no setting ${JSON.stringify(this.key.slice(0, 80))}. The settings are: ${Object.keys(settings).join(", ")}.`
  }
}

export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  key: Schema.String,
  value: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  override get message(): string {
    return `${this.key} cannot be ${JSON.stringify(this.value.slice(0, 80))}: ${this.reason}`
  }
}

export const ConfigError = Schema.Union(UnknownSetting, InvalidSetting)
export type ConfigError = typeof ConfigError.Type

export const SetConfig = Schema.TaggedStruct("SetConfig", { key: Schema.String, value: Schema.String })
export const UnsetConfig = Schema.TaggedStruct("UnsetConfig", { key: Schema.String })
export const ConfigCommand = Schema.Union(SetConfig, UnsetConfig)
export type ConfigCommand = typeof ConfigCommand.Type

/** One setting of a cartridge. `restart`: a running server takes it up at its next start. */
interface Setting {
  readonly default: string
  readonly describe: string
  readonly restart: boolean
  /** What is wrong with a value, if anything is. */
  readonly problem: (value: string) => string | undefined
}

const wholeNumber = (min: number, max: number) => (value: string) =>
  /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max ? undefined : `use a whole number from ${min} to ${max}.`

const hostName = (value: string) =>
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(value)
    ? undefined
    : "use a lower-case host name such as example.com, without scheme, port or path."

const gibibyte = 1024 ** 3

/** Every setting there is. */
export const settings = {
  "server.domain": { default: "localhost", describe: "the domain that sites are subdomains of", restart: true, problem: hostName },
  "server.port": { default: "4698", describe: "the port to listen on", restart: true, problem: wholeNumber(0, 65535) },
  "limits.deploys_per_minute": {
    default: "120",
    describe: "deploys that one API key may make in a minute, 0 for no limit",
    restart: false,
    problem: wholeNumber(0, 1_000_000),
  },
  "limits.file_bytes": {
    default: String(100 * 1024 ** 2),
    describe: "the largest file of a deploy, in bytes",
    restart: false,
    problem: wholeNumber(1, 100 * gibibyte),
  },
  "limits.site_bytes": {
    default: String(gibibyte),
    describe: "the most bytes that a deploy's files may have together",
    restart: false,
    problem: wholeNumber(1, 1000 * gibibyte),
  },
  "limits.site_files": {
    default: "20000",
    describe: "the most files that a deploy may have",
    restart: false,
    problem: wholeNumber(1, 1_000_000),
  },
  "limits.zip_ratio": {
    default: "200",
    describe: "how many times larger than its archive an unpacked zip may be",
    restart: false,
    problem: wholeNumber(1, 100_000),
  },
  "cache.bytes": {
    default: "67108864",
    describe: "memory for files that are served often, in bytes",
    restart: true,
    problem: wholeNumber(0, 100 * gibibyte),
  },
} as const satisfies Record<string, Setting>

export type SettingKey = keyof typeof settings

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settings, key)

/** What is set; everything else has its default. */
type ConfigState = HashMap.HashMap<string, string>

export const configDecider: Decider<ConfigCommand, ConfigState, ConfigEvent, ConfigError> = {
  stream: () => configStream,

  initial: HashMap.empty(),

  decide: (command, state) => {
    const { key } = command
    if (!isSettingKey(key)) return Either.left(new UnknownSetting({ key }))
    const current = Option.getOrUndefined(HashMap.get(state, key))
    if (command._tag === "UnsetConfig") return Either.right(current === undefined ? [] : [{ type: "v1.ConfigUnset", data: { key } }])
    const { value } = command
    const reason = settings[key].problem(value)
    if (reason !== undefined) return Either.left(new InvalidSetting({ key, value, reason }))
    return Either.right(current === value ? [] : [{ type: "v1.ConfigSet", data: { key, value } }])
  },

  evolve: (state, event) =>
    event.type === "v1.ConfigSet" ? HashMap.set(state, event.data.key, event.data.value) : HashMap.remove(state, event.data.key),
}
