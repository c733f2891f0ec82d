import { readdirSync, readlinkSync } from "node:fs"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { CartridgeWriter } from "../../commands/CartridgeWriter.ts"
import { EventLog } from "../../events/EventLog.ts"
import { Queries } from "../../projections/Queries.ts"
import { Cache } from "../Cache.ts"
import { Functions } from "../Functions.ts"
import { machineMemory } from "../machine.ts"
import { Metrics } from "../metrics/Metrics.ts"
import { threads } from "../metrics/process.ts"
import { fileSize } from "../metrics/sources.ts"
import { ServerInfo } from "../ServerInfo.ts"
import { Settings } from "../Settings.ts"
import { Sockets } from "../Sockets.ts"
import { Api } from "./Api.ts"
import { limitDescriptions, limitsNow } from "./systemLimits.ts"

export const systemLayer = HttpApiBuilder.group(Api, "system", (handlers) =>
  Effect.gen(function* () {
    const writer = yield* CartridgeWriter
    const queries = yield* Queries
    const log = yield* EventLog
    const cache = yield* Cache
    const functions = yield* Functions
    const settings = yield* Settings
    const { live } = yield* Sockets
    const { requests } = yield* Metrics
    const info = yield* ServerInfo

    /** The writer's connection and the reader's are the ones that work while others wait. */
    const connections = () => {
      const inUse = Math.min(1, writer.stats().queued) + Math.min(1, queries.waiting())
      return { open: Math.max(inUse, openConnections(info.db)), inUse }
    }
    const limits = () => limitsNow({ memory: machineMemory, number: settings.number })

    return handlers
      .handle("health", () =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const { open, inUse } = connections()
          const { rss, heapUsed } = process.memoryUsage()
          const { waiting, threads: sandboxThreads } = functions.stats()
          return {
            data: {
              status: writer.readOnly === undefined ? ("healthy" as const) : ("read_only" as const),
              uptime_seconds: Math.max(0, Math.floor((now - info.startedAt) / 1000)),
              version: info.version,
              mode: "production" as const,
              memory: {
                used_mb: mebibytes(rss),
                limit_mb: mebibytes(machineMemory().totalBytes),
                vfs_cache_mb: mebibytes(cache.stats().bytes),
                heap_mb: mebibytes(heapUsed),
              },
              database: { path: info.db, open_connections: open, in_use: inUse },
              runtime: {
                queued_events: writer.stats().queued,
                goroutines: threads() ?? 0,
                requests_in_flight: requests.inFlight(),
                queries_waiting: queries.waiting(),
                functions_waiting: waiting,
                sandbox_threads: sandboxThreads,
                sockets: live.stats().sockets,
              },
              head: yield* log.head,
            },
          }
        }),
      )
      .handle("limits", () => Effect.sync(() => ({ data: limits() })))
      .handle("capacity", () => Effect.sync(() => ({ data: limits() })))
      .handle("limitsSchema", () => Effect.succeed({ data: limitDescriptions }))
      .handle("cache", () =>
        Effect.sync(() => {
          const { entries, bytes } = cache.stats()
          return { data: { CachedFiles: entries, CacheSizeBytes: bytes, max_bytes: cache.maxBytes, ...cache.lookups() } }
        }),
      )
      .handle("db", () =>
        Effect.gen(function* () {
          const figures = yield* queries.figures()
          const head = yield* log.head
          const { open, inUse } = connections()
          return {
            data: {
              OpenConnections: open,
              InUse: inUse,
              Idle: open - inUse,
              path: info.db,
              size_bytes: fileSize(info.db),
              wal_bytes: fileSize(`${info.db}-wal`),
              ...figures,
              // Numbered from 1 without a gap.
              events: head.seq,
              head,
            },
          }
        }),
      )
      .handle("config", () =>
        Effect.succeed({
          data: { version: info.version, domain: info.domain, env: "production" as const, https: false, ntfy: false },
        }),
      )
  }),
)

/** To one digit behind the point. */
const mebibytes = (bytes: number): number => Math.round((bytes / 1024 ** 2) * 10) / 10

/** How often this process has a file open. Where it cannot be told: those connections that there always are. */
const openConnections = (path: string): number => {
  const ofEdge = 3
  if (process.platform !== "linux") return ofEdge
  return readdirSync("/proc/self/fd").filter((fd) => linkOf(`/proc/self/fd/${fd}`) === path).length
}

/** A descriptor may be closed before it is looked at. */
const linkOf = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
