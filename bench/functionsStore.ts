import { dirname } from "node:path"
import { store } from "./functionPrograms.ts"
import { type LoadResult, load } from "./load.ts"
import { rawSqlite } from "./log.ts"
import { count, percentile, table } from "./report.ts"
import { deploy, getText, startServer } from "./server.ts"

const clients = [1, 16, 128]
const ms = 4000
const warmMs = 1000

const host = "store.localhost"
const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

const row = (what: string, at: number, { requests, seconds, latencies, errors }: LoadResult, raw: number): ReadonlyArray<string> => {
  const sorted = Float64Array.from(latencies).sort()
  const perSecond = requests / seconds
  return [
    what,
    String(at),
    count(perSecond),
    (perSecond / raw).toFixed(2),
    `${percentile(sorted, 50).toFixed(2)} / ${percentile(sorted, 99).toFixed(2)}`,
    String(errors),
  ]
}

/** What `kv` of server code gives over HTTP, beside commits of one row by SQLite alone. */
export const benchStore = async (): Promise<void> => {
  const server = await startServer()
  await deploy(server, "store", new Map([["main.js", Buffer.from(store)]]))
  for (let ten = 0; ten < 100; ten++) await getText(server.port, host, `/fill/${ten}-`)
  const keys = Array.from({ length: 1000 }, (_, n) => request(`/get/k${Math.floor(n / 10)}-${n % 10}`))
  await load({ port: server.port, requests: keys, connections: 16, ms: 6000 })

  // On the same disk, in the same minutes.
  const raw = rawSqlite(dirname(server.db), 3000)
  const sortedRaw = Float64Array.from(raw.latencies).sort()
  const rows: Array<ReadonlyArray<string>> = [
    [
      "raw SQLite, one row a transaction",
      "1",
      count(raw.perSecond),
      "1.00",
      `${percentile(sortedRaw, 50).toFixed(2)} / ${percentile(sortedRaw, 99).toFixed(2)}`,
      "",
    ],
  ]
  let next = 0
  let acknowledged = 0
  const measured = async (what: string, connections: number, requests: ReadonlyArray<string>, numberFrom?: number): Promise<number> => {
    const options = { port: server.port, requests, connections, ...(numberFrom === undefined ? {} : { numberFrom }) }
    const warm = await load({ ...options, ms: warmMs })
    const first = numberFrom === undefined ? {} : { numberFrom: numberFrom + warm.requests + connections }
    const result = await load({ ...options, ...first, ms })
    rows.push(row(what, connections, result, raw.perSecond))
    const good = ({ statuses }: LoadResult): number => statuses["200"] ?? 0
    next += warm.requests + result.requests + 2 * connections
    return good(warm) + good(result)
  }
  for (const connections of clients) await measured("get, one of 1,000 keys", connections, keys)
  for (const connections of clients) await measured("set, a new key each time", connections, [request("/set/n%n")], next)
  for (const connections of clients) acknowledged += await measured("incr, all of one key", connections, [request("/incr/hot")])
  const hot = Number(await getText(server.port, host, "/get/hot"))

  table(
    "kv over HTTP from server code (a write is answered when it is on the disk)",
    ["what", "clients", "a second", "ratio to raw", "ms p50 / p99", "failed"],
    rows,
  )
  const verdict = hot === acknowledged ? "none is lost" : `${acknowledged - hot} ARE LOST`
  process.stdout.write(`\nThe counter stands at ${count(hot)} after ${count(acknowledged)} acknowledged increments: ${verdict}.\n`)
  await server.stop()
}
