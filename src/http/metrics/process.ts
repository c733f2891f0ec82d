import { readdirSync, readFileSync } from "node:fs"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import type { Registry } from "./registry.ts"

/** How the process is, under the names that dashboards of Prometheus know. Gives what ends the measuring. */
export const processMetrics = (registry: Registry, startedAt: number): (() => void) => {
  const delay = delayOnDemand()
  registry.read({
    name: "process_cpu_seconds",
    type: "counter",
    unit: "seconds",
    help: "Processor time of all threads, in user and system mode.",
    read: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    },
  })
  registry.read({
    name: "process_resident_memory_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Memory of all threads that is in use.",
    read: process.memoryUsage.rss,
  })
  registry.read({
    name: "process_start_time_seconds",
    type: "gauge",
    unit: "seconds",
    help: "When the server was started, since the epoch.",
    read: () => startedAt / 1000,
  })
  registry.read({ name: "process_open_fds", type: "gauge", help: "Open file descriptors.", read: openDescriptors })
  registry.read({ name: "process_max_fds", type: "gauge", help: "File descriptors that may be open.", read: maxDescriptors })
  registry.read({ name: "process_threads", type: "gauge", help: "Threads of the process.", read: threads })
  registry.read({
    name: "nodejs_heap_size_used_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Heap of the main thread that is in use.",
    read: () => getHeapStatistics().used_heap_size,
  })
  registry.read({
    name: "nodejs_heap_size_total_bytes",
    type: "gauge",
    unit: "bytes",
    help: "Heap of the main thread.",
    read: () => getHeapStatistics().total_heap_size,
  })
  registry.read({
    name: "nodejs_eventloop_active_seconds",
    type: "counter",
    unit: "seconds",
    help: "Time in which the main thread was not waiting for events.",
    read: () => performance.eventLoopUtilization().active / 1000,
  })
  for (const [name, percentile] of [
    ["p50", 50],
    ["p99", 99],
    ["max", 100],
  ] as const) {
    registry.read({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      type: "gauge",
      unit: "seconds",
      help: `How late the main thread's event loop is, ${name} since the first scrape.`,
      read: () => delay.read(percentile),
    })
  }
  return delay.stop
}

/** Measuring wakes the thread many times a second, so it begins when somebody first asks. Nothing until it has measured something. */
const delayOnDemand = () => {
  let measuring: ReturnType<typeof monitorEventLoopDelay> | undefined
  return {
    read: (percentile: number): number | undefined => {
      if (measuring === undefined) {
        measuring = monitorEventLoopDelay({ resolution: 20 })
        measuring.enable()
      }
      return measuring.count === 0 ? undefined : measuring.percentile(percentile) / 1e9
    },
    stop: (): void => {
      measuring?.disable()
    },
  }
}

/** What `/proc` (Linux) tells. Nothing where there is none, or no descriptor is left to read it with: that must not end a scrape. */
const fromProc = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

const numberIn = (file: string, pattern: RegExp): number | undefined =>
  fromProc(() => {
    const [, digits] = pattern.exec(readFileSync(file, "utf8")) ?? []
    return digits === undefined ? undefined : Number(digits)
  })

const openDescriptors = (): number | undefined => fromProc(() => readdirSync("/proc/self/fd").length)
const maxDescriptors = (): number | undefined => numberIn("/proc/self/limits", /^Max open files +(\d+)/m)

/** Threads of this process, those of the engine and of the system's libraries included. */
export const threads = (): number | undefined => numberIn("/proc/self/status", /^Threads:\s+(\d+)/m)
