import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count } from "./common.ts"

const Head = Schema.Struct({ seq: Count, hash: Schema.String })

/** The names of Fazt 0.9, with what they mean here, and more of our own. */
export const Health = Schema.Struct({
  status: Schema.Literal("healthy", "read_only"),
  uptime_seconds: Count,
  version: Schema.String,
  /** Always this: there is no other mode. */
  mode: Schema.Literal("production"),
  /** MiB. `used_mb`: memory of the process; `limit_mb`: what it may use on this machine; `vfs_cache_mb`: files in memory. */
  memory: Schema.Struct({ used_mb: Schema.Number, limit_mb: Schema.Number, vfs_cache_mb: Schema.Number, heap_mb: Schema.Number }),
  /** How often the process has the cartridge's file open, and how many of these connections have something to do. */
  database: Schema.Struct({ path: Schema.String, open_connections: Count, in_use: Count }),
  runtime: Schema.Struct({
    /** Requests that wait for the writer, whose events are yet to be written. */
    queued_events: Count,
    /** Threads of the process. */
    goroutines: Count,
    requests_in_flight: Count,
    /** Queries that the reader thread has not answered yet. */
    queries_waiting: Count,
    functions_waiting: Count,
    sandbox_threads: Count,
    sockets: Count,
  }),
  head: Head,
}).annotations({ identifier: "Health" })

/** A number for each of the names. */
const numbers = <const Name extends string>(...names: ReadonlyArray<Name>) =>
  Schema.Struct(Object.fromEntries(names.map((name) => [name, Count])) as { readonly [N in Name]: typeof Count })

/** What limits this server. The names of Fazt 0.9, and in groups those of later Go servers, as far as there is such a limit here. */
const limitGroups = {
  hardware: numbers("total_ram", "available_ram", "cpu_cores"),
  storage: numbers(
    "max_vfs",
    "max_upload",
    "max_file_size",
    "max_site_size",
    "max_site_files",
    "max_zip_ratio",
    "max_site_keys",
    "max_site_data",
  ),
  runtime: numbers(
    "exec_timeout",
    "cpu_time",
    "start_time",
    "max_memory",
    "max_req_body",
    "max_response",
    "host_calls",
    "log_lines",
    "concurrency",
    "queue",
    "cpu_per_second",
    "threads",
    "images",
  ),
  capacity: numbers(
    "max_requests",
    "timeout_ms",
    "address_connections",
    "address_requests",
    "deploys",
    "api_auth",
    "api_reads",
    "api_writes",
    "api_uploads",
  ),
  net: numbers("max_calls", "call_timeout", "max_body"),
  live: numbers("sockets", "site_sockets", "address_sockets", "channels", "max_message", "messages", "backlog"),
}

const LimitGroups = Schema.Struct(limitGroups)
export type LimitGroups = typeof LimitGroups.Type

export const Limits = Schema.Struct({
  /** Bytes. */
  TotalRAM: Count,
  AvailableRAM: Count,
  CPUCount: Count,
  MaxVFSBytes: Count,
  MaxUploadBytes: Count,
  ...limitGroups,
}).annotations({ identifier: "Limits" })

export const LimitDescription = Schema.Struct({
  label: Schema.String,
  desc: Schema.String,
  unit: Schema.String,
  min: Schema.NullOr(Count),
  max: Schema.NullOr(Count),
  read_only: Schema.Boolean,
  /** The setting that it is changed by; `null` where it cannot be changed. */
  setting: Schema.NullOr(Schema.String),
}).annotations({ identifier: "LimitDescription" })
export type LimitDescription = typeof LimitDescription.Type

/** Group → name → what it is, with the groups and names of `Limits`. */
const LimitsSchema = Schema.Record({
  key: Schema.String,
  value: Schema.Record({ key: Schema.String, value: LimitDescription }),
}).annotations({ identifier: "LimitsSchema" })

const CacheStatus = Schema.Struct({
  CachedFiles: Count,
  CacheSizeBytes: Count,
  max_bytes: Count,
  /** Since the start. */
  hits: Count,
  misses: Count,
}).annotations({ identifier: "CacheStatus" })

const DatabaseStatus = Schema.Struct({
  /** How often the process has the file open; how many of these connections have something to do. */
  OpenConnections: Count,
  InUse: Count,
  Idle: Count,
  path: Schema.String,
  size_bytes: Count,
  wal_bytes: Count,
  page_size: Count,
  page_count: Count,
  free_pages: Count,
  sqlite_version: Schema.String,
  schema_version: Count,
  events: Count,
  head: Head,
  blobs: Count,
  blob_bytes: Count,
}).annotations({ identifier: "DatabaseStatus" })

/** `https`: whether the server itself speaks TLS; `ntfy`: whether it sends notifications. */
const SystemConfig = Schema.Struct({
  version: Schema.String,
  domain: Schema.String,
  env: Schema.Literal("production"),
  https: Schema.Boolean,
  ntfy: Schema.Boolean,
}).annotations({ identifier: "SystemConfig" })

/** How the server is and what limits it. */
export class SystemGroup extends HttpApiGroup.make("system")
  .add(HttpApiEndpoint.get("health", "/system/health").addSuccess(Data(Health)).annotate(OpenApi.Summary, "How the server is"))
  .add(HttpApiEndpoint.get("limits", "/system/limits").addSuccess(Data(Limits)).annotate(OpenApi.Summary, "What limits the server"))
  .add(
    HttpApiEndpoint.get("limitsSchema", "/system/limits/schema")
      .addSuccess(Data(LimitsSchema))
      .annotate(OpenApi.Summary, "What each limit means, and the setting that changes it"),
  )
  .add(
    HttpApiEndpoint.get("capacity", "/system/capacity")
      .addSuccess(Data(Limits))
      .annotate(OpenApi.Summary, "The limits, by their other name"),
  )
  .add(HttpApiEndpoint.get("cache", "/system/cache").addSuccess(Data(CacheStatus)).annotate(OpenApi.Summary, "Files in memory"))
  .add(HttpApiEndpoint.get("db", "/system/db").addSuccess(Data(DatabaseStatus)).annotate(OpenApi.Summary, "The cartridge's file"))
  .add(
    HttpApiEndpoint.get("config", "/system/config")
      .addSuccess(Data(SystemConfig))
      .annotate(OpenApi.Summary, "What the server is, in the form of Fazt 0.9"),
  )
  .middleware(Authorization)
  .addError(Failure)
  .annotate(OpenApi.Description, "How the server is and what limits it.") {}
