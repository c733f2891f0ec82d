import { isIP, isIPv4 } from "node:net"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type ConfigEvent, configStream } from "../events/config.ts"
import type { Decider } from "./decider.ts"
import { issue } from "./issue.ts"

export class UnknownSetting extends Schema.TaggedError<UnknownSetting>()("UnknownSetting", { key: Schema.String }) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("key", `one of ${knownSettings()}`)
  }
  override get message(): string {
    return `There is no setting ${JSON.stringify(this.key.slice(0, 80))}. The settings are: ${knownSettings()}.`
  }
}

export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  key: Schema.String,
  value: Schema.String,
  reason: Schema.String,
}) {
  readonly code = "VALIDATION_FAILED"
  readonly status = 400
  get details() {
    return issue("value", this.reason)
  }
  override get message(): string {
    return `${this.key} cannot be ${JSON.stringify(this.value.slice(0, 80))}: ${this.reason}`
  }
}

const knownSettings = (): string => `${Object.keys(settings).join(", ")}, and those of your own, as custom.colour`

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
  /** Where it is a whole number: the least and the most that it may be. */
  readonly min?: number
  readonly max?: number
}

const wholeNumber = (min: number, max: number) => (value: string) =>
  /^\d{1,15}$/.test(value) && Number(value) >= min && Number(value) <= max ? undefined : `use a whole number from ${min} to ${max}.`

const hostName = (value: string) =>
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(value)
    ? undefined
    : "use a lower-case host name such as example.com, without scheme, port or path."

const hostList = (value: string) =>
  value === "" || value.split(",").every((entry) => hostName(entry.trim().replace(/^\*\./, "")) === undefined)
    ? undefined
    : "use host names with commas between them, such as api.example.com,*.example.org, or nothing for any public host."

const proxyList = (value: string) =>
  value === "" || value.split(",").every((entry) => isProxy(entry.trim()))
    ? undefined
    : "use IP addresses and ranges with commas between them, such as loopback,10.0.0.0/8,2001:db8::1, or nothing if no proxy is believed."

/** An address, a CIDR range, or the word for this machine. */
const isProxy = (entry: string): boolean => {
  const [, address = "", bits] = /^([0-9a-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/i.exec(entry) ?? []
  return entry === "loopback" || (isIP(address) !== 0 && Number(bits ?? 0) <= (isIPv4(address) ? 32 : 128))
}

const gibibyte = 1024 ** 3

/** A setting that is a whole number. */
const setting = (byDefault: string, describe: string, min: number, max: number, restart = false): Setting => ({
  default: byDefault,
  describe,
  restart,
  problem: wholeNumber(min, max),
  min,
  max,
})

/** Every setting there is. */
export const settings = {
  "server.domain": { default: "localhost", describe: "the domain that sites are subdomains of", restart: true, problem: hostName },
  "server.port": setting("4698", "the port to listen on", 0, 65_535, true),
  "server.trusted_proxies": {
    default: "",
    describe: "proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and CIDR ranges, or loopback for this machine",
    restart: false,
    problem: proxyList,
  },
  "limits.connections": setting("10000", "connections that may be open, 0 for no limit", 0, 1_000_000),
  "limits.address_connections": setting("200", "connections from one address, other than from this machine; 0 for no limit", 0, 1_000_000),
  "limits.address_requests_per_second": setting(
    "500",
    "requests from one address in a second, other than from this machine, twice as many at once; 0 for no limit",
    0,
    1_000_000,
  ),
  "limits.slow_body_seconds": setting("30", "seconds after which the pace is looked at in which a request's body comes", 1, 3600),
  "limits.slow_body_bytes_per_second": setting("1024", "the slowest pace of a request's body, in bytes a second; 0 for any", 0, 1024 ** 2),
  "limits.api_auth_per_minute": setting("30", "attempts to log in or to change how, from one address; 0 for no limit", 0, 1_000_000),
  "limits.api_write_per_minute": setting("600", "other changes over the API by one caller in a minute, 0 for no limit", 0, 1_000_000),
  "limits.api_read_per_minute": setting("3000", "reads over the API by one caller in a minute, 0 for no limit", 0, 1_000_000),
  "limits.api_upload_per_minute": setting("6000", "deploys and uploaded files of one caller in a minute, 0 for no limit", 0, 1_000_000),
  "limits.deploys_per_minute": setting("120", "deploys that one API key may make in a minute, 0 for no limit", 0, 1_000_000),
  "limits.file_bytes": setting(String(100 * 1024 ** 2), "the largest file of a deploy, in bytes", 1, 100 * gibibyte),
  "limits.site_bytes": setting(String(gibibyte), "the most bytes that a deploy's files may have together", 1, 1000 * gibibyte),
  "limits.site_files": setting("20000", "the most files that a deploy may have", 1, 1_000_000),
  "limits.zip_ratio": setting("200", "how many times larger than its archive an unpacked zip may be", 1, 100_000),
  "functions.cpu_ms": setting("100", "processor time that one request of server code may use, in milliseconds", 1, 60_000),
  "functions.wall_ms": setting(
    "10000",
    "time that one request of server code may take in all, waiting included, in milliseconds",
    10,
    600_000,
  ),
  "functions.start_ms": setting("2000", "processor time for loading the server code of a deploy, in milliseconds", 10, 60_000),
  "functions.memory_bytes": setting(String(32 * 1024 ** 2), "memory of one request of server code, in bytes", 1024 ** 2, 512 * 1024 ** 2),
  "functions.body_bytes": setting(String(1024 ** 2), "the largest request body that server code is given, in bytes", 0, 16 * 1024 ** 2),
  "functions.response_bytes": setting(
    String(10 * 1024 ** 2),
    "the largest response that server code may make, in bytes",
    1024,
    256 * 1024 ** 2,
  ),
  "functions.log_lines": setting("100", "lines that one request may log", 0, 10_000),
  "functions.host_calls": setting(
    "10000",
    "calls from server code to the server (storage, console, fetch …) in one request",
    10,
    10_000_000,
  ),
  "functions.subrequests": setting("50", "calls to other servers in one request, redirects included", 0, 10_000),
  "functions.subrequest_ms": setting("5000", "time that one call to another server may take, in milliseconds", 10, 600_000),
  "functions.subrequest_bytes": setting(
    String(5 * 1024 ** 2),
    "the largest body of a call to another server, either way, in bytes",
    1024,
    256 * 1024 ** 2,
  ),
  "functions.concurrency": setting("50", "requests of one site that run or wait for something at the same time", 1, 10_000),
  "functions.queue": setting("1000", "requests of one site that wait for their turn; further ones get 429", 0, 1_000_000),
  "functions.cpu_per_second": setting(
    "500",
    "milliseconds of processor time a second for a site whose requests take more than 8 ms each; beyond it they get 429; 0 for no limit",
    0,
    1_000_000,
  ),
  "functions.threads": setting("0", "sandbox threads for quick requests; 0: one for each processor but one", 0, 256, true),
  "functions.warm_programs": setting("1000", "programs that each sandbox thread keeps ready to run", 1, 100_000),
  "functions.image_bytes": setting(String(128 * 1024 ** 2), "memory for the images of server code, in bytes", 0, 100 * gibibyte),
  "storage.site_keys": setting("1000000", "keys, documents and objects that one site may store together", 0, 1_000_000_000),
  "storage.site_bytes": setting(
    String(gibibyte),
    "bytes that one site may store in keys, documents and objects together",
    0,
    1000 * gibibyte,
  ),
  "cache.bytes": setting(String(64 * 1024 ** 2), "memory for files that are served often, in bytes", 0, 100 * gibibyte, true),
  "functions.allowed_hosts": {
    default: "",
    describe: "hosts that functions may call, with commas between them (*.example.com means its subdomains); nothing for any public host",
    restart: false,
    problem: hostList,
  },
  "live.message_bytes": setting(String(64 * 1024), "the largest message that a WebSocket client may send, in bytes", 128, 16 * 1024 ** 2),
  "live.messages_per_second": setting(
    "20",
    "messages of a WebSocket client in a second, twice as many at once; 0 for no limit",
    0,
    100_000,
  ),
  "live.channels": setting("50", "channels that one WebSocket client may subscribe to", 1, 10_000),
  "live.site_sockets": setting("1000", "WebSockets that may be open on one site", 0, 1_000_000),
  "live.sockets": setting("10000", "WebSockets that may be open on the server", 0, 1_000_000),
  "live.address_sockets": setting("100", "WebSockets from one address, other than from this machine; 0 for no limit", 0, 1_000_000),
  "live.backlog_bytes": setting(String(1024 ** 2), "bytes that may wait for a slow WebSocket client before it is dropped", 1024, gibibyte),
  "live.event_streams": setting("100", "streams of live events that may be open on the server", 0, 100_000),
} as const satisfies Record<string, Setting>

/** Settings of the owner's own: their meaning is not Fazt's business. They are no place for secrets. */
export const customPrefix = "custom."
const customKey = /^custom\.[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const longestCustomKey = 100
const mostCustomBytes = 4096
export const mostCustomSettings = 1000

/** Whether it can be the name of a setting of the owner's own. */
export const isCustomKey = (key: string): boolean => key.length <= longestCustomKey && customKey.test(key)

const customProblem = (key: string, value: string, state: ConfigState): string | undefined => {
  if (Buffer.byteLength(value) > mostCustomBytes) return `use at most ${mostCustomBytes} bytes.`
  const isFull = !HashMap.has(state, key) && HashMap.size(HashMap.filter(state, (_, other) => isCustomKey(other))) >= mostCustomSettings
  return isFull ? `there are ${mostCustomSettings} settings under ${customPrefix} already.` : undefined
}

export type SettingKey = keyof typeof settings

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settings, key)

/** What is set; everything else has its default. */
type ConfigState = HashMap.HashMap<string, string>

export const configDecider: Decider<ConfigCommand, ConfigState, ConfigEvent, ConfigError> = {
  stream: () => configStream,

  initial: HashMap.empty(),

  decide: (command, state) => {
    const { key } = command
    if (!isSettingKey(key) && !isCustomKey(key)) return Either.left(new UnknownSetting({ key }))
    const current = Option.getOrUndefined(HashMap.get(state, key))
    if (command._tag === "UnsetConfig") return Either.right(current === undefined ? [] : [{ type: "v1.ConfigUnset", data: { key } }])
    const { value } = command
    const reason = isSettingKey(key) ? settings[key].problem(value) : customProblem(key, value, state)
    if (reason !== undefined) return Either.left(new InvalidSetting({ key, value, reason }))
    return Either.right(current === value ? [] : [{ type: "v1.ConfigSet", data: { key, value } }])
  },

  evolve: (state, event) =>
    event.type === "v1.ConfigSet" ? HashMap.set(state, event.data.key, event.data.value) : HashMap.remove(state, event.data.key),
}
