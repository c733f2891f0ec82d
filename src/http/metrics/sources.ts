import { statSync } from "node:fs"
import type { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import type { Sqlite } from "../../events/cartridge.ts"
import type { Queries } from "../../projections/Queries.ts"
import type { Functions } from "../../runtime/functions.ts"
import type { BlobCache } from "../blobCache.ts"
import type { Limits } from "../limits/Limits.ts"
import type { Live } from "../live.ts"
import type { Registry } from "./registry.ts"

/** The parts of the server that count for themselves. */
export interface Sources {
  readonly writer: Pick<typeof CartridgeWriter.Service, "stats" | "readOnly">
  readonly queries: Pick<typeof Queries.Service, "waiting">
  readonly db: Sqlite
  readonly path: string
  readonly cache: BlobCache
  readonly functions: Pick<Functions, "stats">
  readonly live: Pick<Live, "stats">
  readonly limits: typeof Limits.Service
}

/** Lets the metrics show what the parts of the server count for themselves. */
export const sourceMetrics = (registry: Registry, sources: Sources): void => {
  logMetrics(registry, sources)
  functionMetrics(registry, sources)
  cacheMetrics(registry, sources)
  limitMetrics(registry, sources)
}

const logMetrics = ({ read }: Registry, { writer, queries, db, path }: Sources): void => {
  const head = db.prepare<[], number>("SELECT seq FROM events ORDER BY seq DESC LIMIT 1").pluck()
  const heads = db.prepare<[], { name: string; seq: number }>("SELECT name, seq FROM projections ORDER BY name")
  read({ name: "fazt_log_head_seq", type: "gauge", help: "Number of the newest event.", read: () => head.get() ?? 0 })
  read({
    name: "fazt_log_read_only",
    type: "gauge",
    help: "1 if the log must not be written to.",
    read: () => Number(writer.readOnly !== undefined),
  })
  read({ name: "fazt_log_events", type: "counter", help: "Events appended since the start.", read: () => writer.stats().events })
  read({
    name: "fazt_writer_requests",
    type: "counter",
    help: "What the writer was asked since the start.",
    read: () => writer.stats().requests,
  })
  read({ name: "fazt_writer_queue_requests", type: "gauge", help: "Requests that wait for the writer.", read: () => writer.stats().queued })
  read({
    name: "fazt_writer_failures",
    type: "counter",
    help: "Transactions that storage has failed.",
    read: () => writer.stats().failures,
  })
  read({
    name: "fazt_writer_commit_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Transactions of the writer, each of all requests that waited, with the flush to the disk.",
    read: () => [[{}, writer.stats().duration]],
  })
  read({
    name: "fazt_reader_queue_requests",
    type: "gauge",
    help: "Queries that the reader thread has not answered yet.",
    read: queries.waiting,
  })
  read({
    name: "fazt_projection_lag_events",
    type: "gauge",
    help: "Events that a projection does not show yet.",
    read: () => {
      const last = head.get() ?? 0
      return heads.all().map(({ name, seq }) => [{ projection: name }, last - seq])
    },
  })
  read({
    name: "fazt_database_size_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Size of the cartridge's file.",
    read: () => fileSize(path),
  })
  read({
    name: "fazt_database_wal_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Size of its write-ahead log.",
    read: () => fileSize(`${path}-wal`),
  })
}

const functionMetrics = ({ read }: Registry, { functions, live }: Sources): void => {
  const stats = functions.stats
  read({ name: "fazt_function_runs", type: "counter", help: "Runs of server code, repeated ones included.", read: () => stats().runs })
  read({
    name: "fazt_function_killed_threads",
    type: "counter",
    help: "Sandbox threads that hung and were replaced.",
    read: () => stats().killed,
  })
  read({
    name: "fazt_function_requeued",
    type: "counter",
    help: "Runs begun again for a thread that was replaced.",
    read: () => stats().requeued,
  })
  read({
    name: "fazt_function_conflicts",
    type: "counter",
    help: "Runs begun again since others had changed what they read.",
    read: () => stats().conflicts,
  })
  read({ name: "fazt_function_queue_requests", type: "gauge", help: "Requests that wait for a sandbox.", read: () => stats().waiting })
  read({ name: "fazt_sandbox_threads", type: "gauge", help: "Sandbox threads.", read: () => stats().threads })
  read({ name: "fazt_function_images", type: "gauge", help: "Programs whose images are in memory.", read: () => stats().images.count })
  read({
    name: "fazt_function_image_bytes",
    type: "gauge",
    unit: "bytes",
    help: "What their images take.",
    read: () => stats().images.bytes,
  })
  read({ name: "fazt_websockets_open", type: "gauge", help: "Open WebSockets of sites.", read: () => live.stats().sockets })
  read({
    name: "fazt_websockets_dropped",
    type: "counter",
    help: "WebSockets closed because the client read too slowly.",
    read: () => live.stats().dropped,
  })
}

const cacheMetrics = ({ read }: Registry, { cache }: Sources): void => {
  read({ name: "fazt_cache_files", type: "gauge", help: "Files and pieces of files in memory.", read: () => cache.stats().entries })
  read({ name: "fazt_cache_size_bytes", type: "gauge", unit: "bytes", help: "What they take.", read: () => cache.stats().bytes })
  read({
    name: "fazt_cache_hits",
    type: "counter",
    help: "Bytes that were in memory when they were asked for.",
    read: () => cache.lookups().hits,
  })
  read({
    name: "fazt_cache_misses",
    type: "counter",
    help: "Bytes that had to be read from the cartridge.",
    read: () => cache.lookups().misses,
  })
}

const limitMetrics = ({ read }: Registry, { limits }: Sources): void => {
  read({
    name: "fazt_refused_connections",
    type: "counter",
    help: "Connections that were refused: too many in all, or from one address.",
    read: () => Object.entries(limits.connections.stats().refused).map(([reason, refused]) => [{ reason }, refused]),
  })
  read({
    name: "fazt_refused_requests",
    type: "counter",
    help: "Requests that were refused: too many from one address, or a body that came too slowly.",
    read: () => [
      [{ reason: "address" }, limits.requests.refused()],
      [{ reason: "slow_body" }, limits.bodies.cut()],
    ],
  })
  read({
    name: "fazt_api_rate_limited",
    type: "counter",
    help: "Requests to the API that were one too many, by what they wanted.",
    read: () => Object.entries(limits.api.refused()).map(([kind, refused]) => [{ class: kind }, refused]),
  })
}

export const fileSize = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
