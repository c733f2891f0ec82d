import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Data, Failure } from "../envelope.ts"
import { Authorization } from "./authorization.ts"
import { Count } from "./common.ts"

/** The newest event; its hash commits to all of history. */
const Head = Schema.Struct({ seq: Count, hash: Schema.String })

/** A count or a size, in words. */
const count = (description: string) => Count.annotations({ jsonSchema: { type: "integer", minimum: 0, description } })
const mebibytes = (description: string) => Schema.Number.annotations({ description: `${description}, in MiB.` })

/** Where Fazt 0.9 told of connections of a pool. */
const connections = {
  open: count("How often the process has the cartridge's file open."),
  inUse: count("How many of these connections have something to do."),
}

/** The names of Fazt 0.9, with what they mean here, and more of our own. */
export const Health = Schema.Struct({
  status: Schema.Literal("healthy", "read_only").annotations({
    description: "`read_only`: a newer release has written to the log, so this one must not.",
  }),
  uptime_seconds: Count,
  version: Schema.String,
  mode: Schema.Literal("production").annotations({ description: "Always this: there is no other mode." }),
  memory: Schema.Struct({
    used_mb: mebibytes("Memory of the process"),
    limit_mb: mebibytes("What the process may use on this machine"),
    vfs_cache_mb: mebibytes("Files in memory"),
    heap_mb: mebibytes("The main thread's heap"),
  }),
  database: Schema.Struct({ path: Schema.String, open_connections: connections.open, in_use: connections.inUse }),
  runtime: Schema.Struct({
    queued_events: count("Requests that wait for the writer, whose events are yet to be written."),
    goroutines: count("Threads of the process, which has no goroutines."),
    requests_in_flight: count("Requests that are not over yet, this one included."),
    queries_waiting: count("Queries that the reader thread has not answered yet."),
    functions_waiting: count("Requests to server code that wait for a sandbox."),
    sandbox_threads: count("Threads that run server code."),
    sockets: count("Open WebSockets of sites."),
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
  TotalRAM: count("Bytes that the server may use on this machine."),
  AvailableRAM: count("Bytes of them that are free."),
  CPUCount: Count,
  MaxVFSBytes: count("Memory for files that are served often."),
  MaxUploadBytes: count("The largest upload."),
  ...limitGroups,
}).annotations({ identifier: "Limits" })

export const LimitDescription = Schema.Struct({
  label: Schema.String,
  desc: Schema.String,
  unit: Schema.String,
  min: Schema.NullOr(Count),
  max: Schema.NullOr(Count),
  read_only: Schema.Boolean,
  setting: Schema.NullOr(Schema.String).annotations({
    description: "The setting that it is changed by; `null` where it cannot be changed.",
  }),
}).annotations({ identifier: "LimitDescription" })
export type LimitDescription = typeof LimitDescription.Type

/** Group → name → what it is, with the groups and names of `Limits`. */
const LimitsSchema = Schema.Record({
  key: Schema.String,
  value: Schema.Record({ key: Schema.String, value: LimitDescription }),
}).annotations({ identifier: "LimitsSchema" })

const CacheStatus = Schema.Struct({
  CachedFiles: count("Files, and pieces of large ones."),
  CacheSizeBytes: Count,
  max_bytes: count("What they may take, from the start on."),
  hits: count("How often bytes were there when they were asked for, since the start."),
  misses: count("How often they had to be read from the cartridge."),
}).annotations({ identifier: "CacheStatus" })

const DatabaseStatus = Schema.Struct({
  OpenConnections: connections.open,
  InUse: connections.inUse,
  Idle: count("Those that have nothing to do."),
  path: Schema.String,
  size_bytes: Count,
  wal_bytes: Count,
  page_size: Count,
  page_count: Count,
  free_pages: count("Pages that hold nothing any more, and are used before the file grows."),
  sqlite_version: Schema.String,
  schema_version: count("Migrations of the file's tables that have been made."),
  events: Count,
  head: Head,
  blobs: Count,
  blob_bytes: Count,
}).annotations({ identifier: "DatabaseStatus" })

const SystemConfig = Schema.Struct({
  version: Schema.String,
  domain: Schema.String,
  env: Schema.Literal("production").annotations({ description: "Always this." }),
  https: Schema.Boolean.annotations({ description: "Whether the server itself speaks TLS." }),
  ntfy: Schema.Boolean.annotations({ description: "Whether it sends notifications." }),
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
