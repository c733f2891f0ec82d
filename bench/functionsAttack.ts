import { attacks, hello } from "./functionPrograms.ts"
import { type LoadResult, load } from "./load.ts"
import { percentile, table } from "./report.ts"
import { deploy, type RunningServer, startServer } from "./server.ts"

const ms = 10_000
/** What the good site is asked: so many times a second, over so many connections. */
const perSecond = 500
const connections = 8

interface Attack {
  readonly what: string
  readonly kind: keyof typeof attacks
  readonly perSecond: number
  /** The attacking sites; the server holds strikes and budgets against each of them alone. */
  readonly sites: number
}

const scenarios: ReadonlyArray<Attack> = [
  { what: "loops for ever, 5 a second", kind: "loop", perSecond: 5, sites: 1 },
  { what: "hangs in one native call, 3 a second", kind: "hang", perSecond: 3, sites: 1 },
  { what: "the same from ten sites in turn", kind: "hang", perSecond: 3, sites: 10 },
  { what: "eats memory, 5 a second", kind: "memory", perSecond: 5, sites: 1 },
  { what: "burns 80 ms, 20 a second", kind: "burn", perSecond: 20, sites: 1 },
  { what: "the same from ten sites in turn", kind: "burn", perSecond: 20, sites: 10 },
]

const request = (site: string): string => `GET / HTTP/1.1\r\nHost: ${site}.localhost\r\n\r\n`

/** What the server says of its sandboxes, if it does. */
interface Counters {
  readonly killed: number
  readonly requeued: number
}

const countersOf = async ({ port, token }: RunningServer): Promise<Counters | undefined> => {
  const response = await fetch(`http://localhost:${port}/api/status`, { headers: { authorization: `Bearer ${token}` } })
  const { data } = (await response.json()) as { readonly data: { readonly functions?: Counters } }
  return data.functions
}

const statuses = (result: LoadResult | undefined): string =>
  Object.entries(result?.statuses ?? {})
    .map(([status, times]) => `${times} × ${status}`)
    .join(", ")

/** How a site does while another does harm. */
export const benchAttacks = async (): Promise<void> => {
  const server = await startServer()
  await deploy(server, "good", new Map([["main.js", Buffer.from(hello.code)]]))
  const good = (): Promise<LoadResult> => load({ port: server.port, requests: [request("good")], connections, ms, perSecond })
  // Until the code is compiled.
  await load({ port: server.port, requests: [request("good")], connections: 32, ms: 6000 })

  const rows: Array<ReadonlyArray<string>> = []
  const add = (what: string, result: LoadResult, before: Counters | undefined, after: Counters | undefined, attack?: LoadResult): void => {
    const sorted = Float64Array.from(result.latencies).sort()
    const counted =
      before === undefined || after === undefined ? "" : `${after.killed - before.killed} / ${after.requeued - before.requeued}`
    const latencies = [50, 99, 100].map((p) => percentile(sorted, p).toFixed(1)).join(" / ")
    rows.push([what, String(result.requests), latencies, String(result.errors), counted, statuses(attack)])
  }

  add("nothing else", await good(), undefined, undefined)
  for (const [index, { what, kind, perSecond: rate, sites }] of scenarios.entries()) {
    const names = Array.from({ length: sites }, (_, n) => `bad${index}-${n}`)
    for (const name of names) await deploy(server, name, new Map([["main.js", Buffer.from(attacks[kind])]]))
    const before = await countersOf(server)
    const attacking = load({ port: server.port, requests: names.map(request), connections: 32, ms, perSecond: rate })
    add(what, await good(), before, await countersOf(server), await attacking)
  }
  table(
    `A good site (hello, ${perSecond} requests a second, ${connections} connections) while another …`,
    ["the other", "requests", "ms p50 / p99 / max", "failed", "threads killed / requests run again", "the other was answered"],
    rows,
  )
  await server.stop()
}
