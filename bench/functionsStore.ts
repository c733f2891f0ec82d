import { mkdtempSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Figures, generator, keepBusy, median, type Target } from "./functionLoad.ts"
import { hello, store } from "./functionPrograms.ts"
import { load } from "./load.ts"
import { rawSqlite } from "./log.ts"
import { count, percentile, table } from "./report.ts"
import { deploy, getText, startServer } from "./server.ts"

const clients = [1, 16, 128]
const rounds = 3
const ms = 3000
const warmMs = 5000

const host = "store.localhost"

type Question = Pick<Target, "host" | "path" | "numbers">

const spread = (values: ReadonlyArray<number>): string => {
  const sorted = [...values].sort((a, b) => a - b)
  return `${count(median(sorted))} (${count(sorted[0]!)} to ${count(sorted.at(-1)!)})`
}

/** What `kv` of server code gives over HTTP, beside commits of one row by SQLite alone and beside an answer without storage. */
export const benchStore = async (): Promise<void> => {
  const server = await startServer()
  const { port } = server
  await deploy(server, "hello", new Map([["main.js", Buffer.from(hello.code)]]))
  await deploy(server, "store", new Map([["main.js", Buffer.from(store)]]))
  for (let ten = 100; ten < 200; ten++) await getText(port, host, `/fill/${ten}`)

  let next = 0
  const questions: Readonly<Record<string, () => Question>> = {
    "hello, which stores nothing": () => ({ host: "hello.localhost", path: "/" }),
    "get, one of 1,000 keys": () => ({ host, path: "/get/k%n", numbers: { from: 1000, to: 1999 } }),
    "set, a new key each time": () => ({ host, path: "/set/n%n", numbers: { from: next, to: Number.MAX_SAFE_INTEGER } }),
    "incr, all of one key": () => ({ host, path: "/incr/shared" }),
  }
  const ask = async (what: string, connections: number, forMs: number): Promise<Figures> => {
    const figures = await keepBusy({ port, connections, ms: forMs, ...questions[what]!() })
    next += figures.requests + 2 * connections
    return figures
  }
  for (const what of Object.keys(questions)) await ask(what, 128, warmMs)

  const rows: Array<ReadonlyArray<string>> = []
  const raw: Array<number> = []
  for (const connections of clients) {
    const results = new Map(Object.keys(questions).map((what) => [what, [] as Array<Figures>]))
    for (let round = 0; round < rounds; round++) {
      // On the same disk, in the same minutes.
      raw.push(rawSqlite(mkdtempSync(join(dirname(server.db), "raw-")), 1000).perSecond)
      for (const [what, figures] of results) figures.push(await ask(what, connections, ms))
    }
    const plain = median(results.get("hello, which stores nothing")!.map(({ perSecond }) => perSecond))
    for (const [what, figures] of results) {
      const perSecond = figures.map((result) => result.perSecond)
      rows.push([
        what,
        String(connections),
        spread(perSecond),
        (median(perSecond) / median(raw)).toFixed(2),
        (median(perSecond) / plain).toFixed(2),
        `${median(figures.map(({ p50 }) => p50)).toFixed(2)} / ${median(figures.map(({ p99 }) => p99)).toFixed(2)}`,
        String(figures.reduce((sum, { errors }) => sum + errors, 0)),
      ])
    }
  }
  table(
    `kv over HTTP from server code, asked by ${generator}; medians of ${rounds} (a write is answered when it is on the disk)`,
    ["what", "clients", "a second", "ratio to raw SQLite", "ratio to hello", "ms p50 / p99", "failed"],
    [["raw SQLite, one row a transaction", "1", spread(raw), "1.00", "", "", ""], ...rows],
  )

  const { statuses, latencies } = await load({ port, requests: [`GET /incr/hot HTTP/1.1\r\nHost: ${host}\r\n\r\n`], connections: 128, ms })
  const acknowledged = statuses["200"] ?? 0
  const hot = Number(await getText(port, host, "/get/hot"))
  const verdict = hot === acknowledged ? "none is lost" : `${acknowledged - hot} ARE LOST`
  const p99 = percentile(Float64Array.from(latencies).sort(), 99).toFixed(1)
  process.stdout.write(
    `\nAnother counter stands at ${count(hot)} after ${count(acknowledged)} acknowledged increments by 128 clients (p99 ${p99} ms): ${verdict}.\n`,
  )
  await server.stop()
}
