import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { load } from "./load.ts"
import { percentile } from "./report.ts"
import { cpuOf } from "./server.ts"

/** What a load over many connections came to. */
export interface Figures {
  readonly perSecond: number
  readonly requests: number
  readonly p50: number
  readonly p99: number
  readonly errors: number
  /** How much of one processor the load generator took, from 0 to 1. */
  readonly busy: number
}

export interface Target {
  readonly port: number
  readonly host: string
  /** `%n` in it is a number: another one each time, from `from` to `to` and again. */
  readonly path: string
  readonly numbers?: { readonly from: number; readonly to: number } | undefined
  readonly connections: number
  readonly ms: number
}

const hasWrk = spawnSync("wrk", ["--version"], { stdio: "ignore" }).error === undefined

/** The name of the generator that `keepBusy` uses. */
export const generator = hasWrk ? "wrk" : "bench/load.ts"

/** As many requests as go, each connection with one in flight: by `wrk` where the machine has it, since it costs less. */
export const keepBusy = async (target: Target): Promise<Figures> => (hasWrk ? byWrk(target) : byOurs(target))

const byOurs = async ({ port, host, path, numbers, connections, ms }: Target): Promise<Figures> => {
  const request = (at: string): string => `GET ${at} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  const cycle = numbers === undefined || numbers.to - numbers.from > 10_000 ? undefined : numbers
  const requests =
    cycle === undefined
      ? [request(path)]
      : Array.from({ length: cycle.to - cycle.from + 1 }, (_, i) => request(path.replace("%n", String(cycle.from + i))))
  const result = await load({ port, requests, connections, ms, ...(numbers === undefined ? {} : { numberFrom: numbers.from }) })
  const sorted = Float64Array.from(result.latencies).sort()
  return {
    perSecond: result.requests / result.seconds,
    requests: result.requests,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    errors: result.errors,
    busy: result.busy,
  }
}

const unit: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

/** A script of `wrk` that counts. */
const counting = (path: string, { from, to }: NonNullable<Target["numbers"]>): string => {
  const [before, after] = path.split("%n")
  return `local n = ${from - 1}
request = function()
  n = n + 1
  if n > ${to} then n = ${from} end
  return wrk.format("GET", "${before}" .. n .. "${after}")
end
`
}

const byWrk = ({ port, host, path, numbers, connections, ms }: Target): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const folder = mkdtempSync(join(tmpdir(), "fazt-wrk-"))
    const script = join(folder, "count.lua")
    if (numbers !== undefined) writeFileSync(script, counting(path, numbers))
    const args = [
      "-t1",
      `-c${connections}`,
      `-d${Math.ceil(ms / 1000)}s`,
      "--latency",
      "-H",
      `Host: ${host}`,
      ...(numbers === undefined ? [] : ["-s", script]),
      `http://127.0.0.1:${port}${path}`,
    ]
    const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] })
    let cpu = 0
    const watching = setInterval(() => {
      try {
        cpu = cpuOf(child.pid!)
      } catch {
        // It has just ended.
      }
    }, 50)
    let out = ""
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString()
    })
    child.once("close", () => {
      clearInterval(watching)
      rmSync(folder, { recursive: true })
      const number = (pattern: RegExp): number => Number(pattern.exec(out)?.[1] ?? 0)
      const latency = (percent: number): number => {
        const [, value, name] = new RegExp(`\\s${percent}%\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(out) ?? []
        return Number(value) * unit[name ?? "ms"]!
      }
      const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(out) ?? []
      if (requests === undefined) return reject(new Error(`wrk said: ${out}`))
      resolve({
        perSecond: Number(requests) / Number(seconds),
        requests: Number(requests),
        p50: latency(50),
        p99: latency(99),
        errors:
          number(/Non-2xx or 3xx responses: (\d+)/) +
          [...out.matchAll(/(?:connect|read|write|timeout) (\d+)/g)].reduce((n, [, m]) => n + Number(m), 0),
        busy: cpu / 1e6 / Number(seconds),
      })
    })
  })

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
