import { availableParallelism } from "node:os"
import { type SettingKey, settings } from "../../commands/config.ts"
import type { Memory } from "../machine.ts"
import type { LimitDescription, LimitGroups } from "./contract/system.ts"

/** Where the numbers come from. */
export interface LimitSources {
  readonly memory: () => Memory
  /** A setting that is a whole number. */
  readonly number: (key: SettingKey) => number
}

/** A limit that nobody sets, or one that is a setting. */
type Limit =
  | { readonly label: string; readonly unit: string; readonly desc: string; readonly read: (sources: LimitSources) => number }
  | { readonly label: string; readonly unit: string; readonly setting: SettingKey }

const given = (label: string, unit: string, desc: string, read: (sources: LimitSources) => number): Limit => ({ label, unit, desc, read })
const set = (label: string, unit: string, setting: SettingKey): Limit => ({ label, unit, setting })

const limits: { readonly [G in keyof LimitGroups]: { readonly [N in keyof LimitGroups[G]]: Limit } } = {
  hardware: {
    total_ram: given("Total RAM", "bytes", "memory that the server may use on this machine", ({ memory }) => memory().totalBytes),
    available_ram: given("Available RAM", "bytes", "memory that is free", ({ memory }) => memory().availableBytes),
    cpu_cores: given("CPU cores", "cores", "processors that the server may use", availableParallelism),
  },
  storage: {
    max_vfs: set("File cache", "bytes", "cache.bytes"),
    max_upload: set("Upload", "bytes", "limits.site_bytes"),
    max_file_size: set("File", "bytes", "limits.file_bytes"),
    max_site_size: set("Site", "bytes", "limits.site_bytes"),
    max_site_files: set("Files of a site", "files", "limits.site_files"),
    max_zip_ratio: set("Zip ratio", "times", "limits.zip_ratio"),
    max_site_keys: set("Stored items of a site", "items", "storage.site_keys"),
    max_site_data: set("Stored data of a site", "bytes", "storage.site_bytes"),
  },
  runtime: {
    exec_timeout: set("Time", "ms", "functions.wall_ms"),
    cpu_time: set("Processor time", "ms", "functions.cpu_ms"),
    start_time: set("Loading time", "ms", "functions.start_ms"),
    max_memory: set("Memory", "bytes", "functions.memory_bytes"),
    max_req_body: set("Request body", "bytes", "functions.body_bytes"),
    max_response: set("Response", "bytes", "functions.response_bytes"),
    host_calls: set("Host calls", "calls", "functions.host_calls"),
    log_lines: set("Log lines", "lines", "functions.log_lines"),
    concurrency: set("Requests of a site at once", "requests", "functions.concurrency"),
    queue: set("Requests of a site that wait", "requests", "functions.queue"),
    cpu_per_second: set("Processor time of a slow site", "ms per second", "functions.cpu_per_second"),
    threads: set("Sandbox threads", "threads", "functions.threads"),
    images: set("Images of server code", "bytes", "functions.image_bytes"),
  },
  capacity: {
    max_requests: set("Connections", "connections", "limits.connections"),
    timeout_ms: set("Time", "ms", "functions.wall_ms"),
    address_connections: set("Connections of an address", "connections", "limits.address_connections"),
    address_requests: set("Requests of an address", "requests per second", "limits.address_requests_per_second"),
    deploys: set("Deploys of a key", "deploys per minute", "limits.deploys_per_minute"),
    api_auth: set("Logins of an address", "requests per minute", "limits.api_auth_per_minute"),
    api_reads: set("API reads of a caller", "requests per minute", "limits.api_read_per_minute"),
    api_writes: set("API changes of a caller", "requests per minute", "limits.api_write_per_minute"),
    api_uploads: set("API uploads of a caller", "requests per minute", "limits.api_upload_per_minute"),
  },
  net: {
    max_calls: set("Calls to other servers", "calls", "functions.subrequests"),
    call_timeout: set("Time of a call", "ms", "functions.subrequest_ms"),
    max_body: set("Body of a call", "bytes", "functions.subrequest_bytes"),
  },
  live: {
    sockets: set("WebSockets", "sockets", "live.sockets"),
    site_sockets: set("WebSockets of a site", "sockets", "live.site_sockets"),
    address_sockets: set("WebSockets of an address", "sockets", "live.address_sockets"),
    channels: set("Channels of a client", "channels", "live.channels"),
    max_message: set("Message", "bytes", "live.message_bytes"),
    messages: set("Messages of a client", "messages per second", "live.messages_per_second"),
    backlog: set("Backlog of a client", "bytes", "live.backlog_bytes"),
  },
}

const eachLimit = <A>(use: (limit: Limit) => A): Record<string, Record<string, A>> =>
  Object.fromEntries(
    Object.entries(limits).map(([group, names]) => [
      group,
      Object.fromEntries(Object.entries(names).map(([name, limit]) => [name, use(limit as Limit)])),
    ]),
  )

const describe = (limit: Limit): LimitDescription => {
  const { label, unit } = limit
  if ("read" in limit) return { label, desc: limit.desc, unit, min: null, max: null, read_only: true, setting: null }
  const { describe: desc, min = null, max = null } = settings[limit.setting] as { describe: string; min?: number; max?: number }
  return { label, desc, unit, min, max, read_only: false, setting: limit.setting }
}

/** What each limit means, by group and name. */
export const limitDescriptions: Readonly<Record<string, Readonly<Record<string, LimitDescription>>>> = eachLimit(describe)

/** The limits as they are now, in groups and by the names that Fazt 0.9 had. */
export const limitsNow = (sources: LimitSources) => {
  const groups = eachLimit((limit) => ("read" in limit ? limit.read(sources) : sources.number(limit.setting))) as unknown as LimitGroups
  const { hardware, storage } = groups
  return {
    TotalRAM: hardware.total_ram,
    AvailableRAM: hardware.available_ram,
    CPUCount: hardware.cpu_cores,
    MaxVFSBytes: storage.max_vfs,
    MaxUploadBytes: storage.max_upload,
    ...groups,
  }
}
