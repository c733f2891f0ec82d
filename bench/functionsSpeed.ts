import { spawnSync } from "node:child_process"
import { request } from "node:http"
import { cpus } from "node:os"
import { type Figures, generator, keepBusy, median } from "./functionLoad.ts"
import { type BenchProgram, hello, items } from "./functionPrograms.ts"
import { naiveRival, type Rival, rawRival, workerdRival } from "./functionRivals.ts"
import type { RawAnswer } from "./functionsRaw.ts"
import { count, megabytes, table } from "./report.ts"
import { cpuOf, deploy, rssOf, startServer } from "./server.ts"

const rounds = 5
const connections = 32
/** Until the engine has compiled what is used often, which takes some ten thousand requests. */
const warmMs = 8000
const ms = 3000

const ourName = "fazt, a fresh state for each request"

/** What a site of ours answers, for a server that is to answer the same. */
const answerOf = (port: number, host: string, path: string): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", path, headers: { host }, agent: false }, (res) => {
      let body = ""
      res.setEncoding("utf8").on("data", (text) => {
        body += text
      })
      const { rawHeaders } = res
      const skipped = new Set(["date", "connection", "keep-alive"])
      const headers = rawHeaders.filter((_, i) => !skipped.has(rawHeaders[i - (i % 2)]!.toLowerCase()))
      res.on("end", () => resolve({ status: res.statusCode!, headers, body }))
    })
      .once("error", reject)
      .end()
  })

type Round = Figures & { readonly micros: number; readonly rss: number }

/** One after the other, again and again, so that what else the machine does falls on all of them. */
const interleaved = async (
  rivals: ReadonlyArray<Rival>,
  path: string,
  times: number,
): Promise<ReadonlyMap<Rival, ReadonlyArray<Round>>> => {
  const results = new Map<Rival, Array<Round>>(rivals.map((rival) => [rival, []]))
  for (const { port, host } of rivals) await keepBusy({ port, host, path, connections, ms: warmMs })
  for (let round = 0; round < times; round++) {
    for (const [rival, all] of results) {
      const { port, host, pid } = rival
      const before = cpuOf(pid)
      const figures = await keepBusy({ port, host, path, connections, ms })
      all.push({ ...figures, micros: (cpuOf(pid) - before) / figures.requests, rss: rssOf(pid) })
    }
  }
  return results
}

const report = (title: string, results: ReadonlyMap<Rival, ReadonlyArray<Round>>): void => {
  const of = (rounds: ReadonlyArray<Round> | undefined, figure: (round: Round) => number): number => median((rounds ?? []).map(figure))
  const named = (start: string) => [...results].find(([{ name }]) => name.startsWith(start))?.[1]
  const [raw, workerd] = [of(named("raw"), ({ micros }) => micros), of(named("workerd"), ({ perSecond }) => perSecond)]
  table(
    title,
    ["what", "requests/s", "ratio to workerd", "CPU µs a request", "ratio to raw", "ms p50 / p99", "resident", "generator", "failed"],
    [...results].map(([{ name }, rounds]) => {
      const perSecond = of(rounds, (round) => round.perSecond)
      const micros = of(rounds, (round) => round.micros)
      return [
        name,
        count(perSecond),
        Number.isNaN(workerd) ? "" : (perSecond / workerd).toFixed(2),
        micros.toFixed(1),
        (micros / raw).toFixed(2),
        `${of(rounds, ({ p50 }) => p50).toFixed(2)} / ${of(rounds, ({ p99 }) => p99).toFixed(2)}`,
        megabytes(Math.max(...rounds.map(({ rss }) => rss))),
        `${(100 * of(rounds, ({ busy }) => busy)).toFixed(0)} %`,
        String(rounds.reduce((sum, { errors }) => sum + errors, 0)),
      ]
    }),
  )
}

/** Lets the threads of a process run on these processors only. */
const pin = (pid: number, processors: string): boolean => spawnSync("taskset", ["-a", "-cp", processors, String(pid)]).status === 0

const benchProgram = async (program: BenchProgram): Promise<void> => {
  const server = await startServer()
  await deploy(server, "bench", new Map([["main.js", Buffer.from(program.code)]]))
  const ours: Rival = { name: ourName, pid: server.pid, port: server.port, host: "bench.localhost", stop: server.stop }
  const naive = await naiveRival(program).catch((error: unknown) => {
    process.stdout.write(`\nWithout the server that evaluates anew: ${String(error)}\n`)
    return undefined
  })
  const raw = await rawRival(await answerOf(server.port, ours.host, program.path))
  const workerd = await workerdRival(program)
  const quick = [raw, ours, ...(workerd === undefined ? [] : [workerd])]
  const all = [...quick, ...(naive === undefined ? [] : [naive])]
  const what = `${program.name}: ${connections} connections, medians of ${rounds} rounds in turn, load by ${generator}`
  report(`Server code, ${what}`, await interleaved(all, program.path, rounds))

  // As above two processors serve one request; here every server has one, and the generator the other.
  if (cpus().length > 1 && quick.every(({ pid }) => pin(pid, "0")) && pin(process.pid, "1")) {
    report(`One processor, ${what}`, await interleaved(quick, program.path, rounds))
    pin(process.pid, `0-${cpus().length - 1}`)
  }
  for (const { stop } of all) await stop()
}

export const benchSpeed = async (): Promise<void> => {
  for (const program of [hello, items]) await benchProgram(program)
}
