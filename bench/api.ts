import { randomUUIDv7 } from "node:crypto"
import { makeWriter } from "../src/commands/writer.ts"
import type { WriterRequest } from "../src/commands/writerRequest.ts"
import { kvStream } from "../src/events/kv.ts"
import { migrations, version } from "../src/resources.ts"
import { type LoadResult, load } from "./load.ts"
import { count, megabytes, nowMs, percentile, spread, table } from "./report.ts"
import { deploy, type RunningServer, setConfig, startServer } from "./server.ts"

const by = { actor: "owner", cause: "bench" }

/** Fills a cartridge that no server has open: sites, and events about what they store. */
const fill = async (db: string, sites: number, events: number): Promise<void> => {
  const writer = makeWriter({
    path: db,
    migrations: migrations(),
    release: version,
    masterKey: undefined,
    holder: "a benchmark",
    now: Date.now,
    onCommitted: () => {},
    onRebuild: () => {},
  })
  const tell = (request: WriterRequest): Promise<void> =>
    new Promise((resolve, reject) => writer.submit(request, (reply) => (reply.ok ? resolve() : reject(new Error(JSON.stringify(reply))))))
  const together = async (requests: ReadonlyArray<() => WriterRequest>): Promise<void> => {
    for (let i = 0; i < requests.length; i += 500) await Promise.all(requests.slice(i, i + 500).map((make) => tell(make())))
  }
  const command = (site: string) => (): WriterRequest => ({
    kind: "command",
    command: { _tag: "CreateSite", site },
    id: randomUUIDv7(),
    ...by,
  })
  await together(Array.from({ length: sites }, (_, n) => command(`site-${n}`)))
  const perAppend = 100
  const append = (n: number) => (): WriterRequest => {
    const site = `site-${n % sites}`
    const set = (i: number) => ({
      id: randomUUIDv7(),
      type: "v1.KvSet" as const,
      data: { site, key: `key-${i}`, value: { n, i }, size: 20 },
    })
    const streams = Array.from({ length: perAppend / 10 }, (_, k) => ({
      stream: kvStream(site, `key-${k}`),
      expected: "any" as const,
      events: Array.from({ length: 10 }, () => set(k)),
    }))
    return { kind: "append", request: { ...by, streams } }
  }
  await together(Array.from({ length: events / perAppend }, (_, n) => append(n)))
  writer.close()
}

/** A server on a cartridge with so many sites and events. */
const filledServer = async (sites: number, events: number): Promise<RunningServer> => {
  const first = await startServer()
  await first.stop({ keep: true })
  await fill(first.db, sites, events)
  const server = await startServer({ db: first.db, token: first.token })
  await setConfig(server, "limits.api_read_per_minute", "0")
  await setConfig(server, "limits.api_auth_per_minute", "0")
  return server
}

const requestFor = ({ token, port }: RunningServer, path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`

const p99 = ({ latencies }: LoadResult): number => percentile(Float64Array.from(latencies).sort(), 99)

/** What is asked; the sites differ from request to request. */
const reads: Readonly<Record<string, (n: number) => string>> = {
  "GET /api/sites/:site": (n) => `/api/sites/site-${n}`,
  "GET /api/sites/:site/kv/value": (n) => `/api/sites/site-${n}/kv/value?key=key-3`,
  "GET /api/sites?limit=100": () => "/api/sites?limit=100",
  "GET /api/audit?limit=50": () => "/api/audit?limit=50",
}

const requestsTo = (server: RunningServer, path: (n: number) => string, sites: number): ReadonlyArray<string> =>
  Array.from({ length: 500 }, (_, i) => requestFor(server, path((i * 7919) % sites)))

/** Reads over the API on a small and on a large cartridge, by turns, so that both have the same moments of the machine. */
const benchReads = async (): Promise<void> => {
  const small = { sites: 100, events: 10_000, server: await filledServer(100, 10_000) }
  const started = nowMs()
  const large = { sites: 10_000, events: 1_000_000, server: await filledServer(10_000, 1_000_000) }
  process.stdout.write(`\nThe large cartridge was filled in ${((nowMs() - started) / 1000).toFixed(0)} s.\n`)
  const rows: Array<ReadonlyArray<string>> = []
  for (const [what, path] of Object.entries(reads)) {
    const full: Record<string, Array<LoadResult>> = { small: [], large: [] }
    const paced: Record<string, Array<LoadResult>> = { small: [], large: [] }
    for (let round = 0; round < 3; round++) {
      for (const [name, { server, sites }] of Object.entries({ small, large })) {
        const requests = requestsTo(server, path, sites)
        full[name]!.push(await load({ port: server.port, requests, connections: 16, ms: 2000 }))
        paced[name]!.push(await load({ port: server.port, requests, connections: 16, ms: 3000, perSecond: 300 }))
      }
    }
    const perSecond = (name: string) => Math.max(...full[name]!.map(({ requests, seconds }) => requests / seconds))
    const best = (name: string) => Math.min(...paced[name]!.map(p99))
    const errors = [...Object.values(full), ...Object.values(paced)].flat().reduce((sum, { errors }) => sum + errors, 0)
    const all = (name: string) => spread(paced[name]!.flatMap(({ latencies }) => latencies))
    rows.push([
      what,
      count(perSecond("small")),
      count(perSecond("large")),
      all("small"),
      all("large"),
      (best("large") / best("small")).toFixed(2),
      String(errors),
    ])
  }
  table(
    "Reads over the API, with a key: 100 sites and 10,000 events against 10,000 sites and 1,000,000 events",
    ["what", "requests/s, small", "requests/s, large", "ms p50 / p95 / p99 / max at 300/s, small", "large", "p99 large : small", "errors"],
    rows,
  )
  await benchScans(large.server)
  await small.server.stop()
  await large.server.stop()
}

/** Static requests while the audit trail of a million events is exported and verified. */
const benchScans = async (server: RunningServer): Promise<void> => {
  await deploy(server, "page", new Map([["index.html", Buffer.alloc(4096, "x")]]))
  const visit = () =>
    load({
      port: server.port,
      requests: [`GET / HTTP/1.1\r\nHost: page.localhost\r\n\r\n`],
      connections: 16,
      ms: 4000,
      perSecond: 1000,
    })
  const ask = async (path: string): Promise<{ readonly data: ReadonlyArray<{ readonly seq: number }> & Record<string, unknown> }> => {
    const response = await fetch(`http://localhost:${server.port}/api${path}`, { headers: { authorization: `Bearer ${server.token}` } })
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as never
  }
  let stop = false
  let exported = 0
  const work: Readonly<Record<string, () => Promise<void>>> = {
    "nothing else": async () => {},
    "the audit trail is exported": async () => {
      for (let after = 0; !stop; ) {
        const { data } = await ask(`/audit?after=${after}&limit=1000`)
        exported += data.length
        after = data.at(-1)?.seq ?? 0
      }
    },
    "the audit trail is searched for what is not there": async () => {
      while (!stop) await ask("/audit?actor=nobody&limit=1000")
    },
    "the chain is verified": async () => {
      for (let at = { seq: 0, hash: "0".repeat(64) }; !stop; ) {
        const { data } = await ask(`/audit/verify?after=${at.seq}&hash=${at.hash}`)
        at = data["done"] === true ? { seq: 0, hash: "0".repeat(64) } : { seq: Number(data["seq"]), hash: String(data["hash"]) }
      }
    },
    "sites are listed": async () => {
      while (!stop) await ask("/sites?limit=1000")
    },
  }
  const rows: Array<ReadonlyArray<string>> = []
  for (const [what, run] of Object.entries(work)) {
    stop = false
    const began = nowMs()
    exported = 0
    const running = run()
    const result = await visit()
    stop = true
    await running
    const speed = exported > 0 ? `${count((exported / (nowMs() - began)) * 1000)} events/s` : ""
    rows.push([what, spread(result.latencies), String(result.errors), speed])
  }
  table("Static requests, 1,000 a second, meanwhile", ["meanwhile", "ms p50 / p95 / p99 / max", "errors", "export"], rows)
}

/** What a login costs, and what it costs others. */
const benchLogin = async (): Promise<void> => {
  const server = await startServer()
  await setConfig(server, "limits.api_auth_per_minute", "0")
  const headers = { "content-type": "application/json", authorization: `Bearer ${server.token}` }
  const invited = await fetch(`http://localhost:${server.port}/api/invitations`, { method: "POST", headers, body: '{"role":"viewer"}' })
  const { data } = (await invited.json()) as { readonly data: { readonly code: string } }
  const person = JSON.stringify({ username: "bench", password: "a phrase for the bench" })
  const json = { "content-type": "application/json" }
  await fetch(`http://localhost:${server.port}/api/auth/invite/${data.code}`, { method: "POST", headers: json, body: person })
  const before = server.rss()
  const timed = async (body: string, times: number) => {
    const latencies: Array<number> = []
    const cpu = server.cpuMicros()
    for (let i = 0; i < times; i++) {
      const at = nowMs()
      await (await fetch(`http://localhost:${server.port}/api/login`, { method: "POST", headers: json, body })).arrayBuffer()
      latencies.push(nowMs() - at)
    }
    return { latencies, cpuMs: (server.cpuMicros() - cpu) / 1000 / times }
  }
  const unknown = (i: number) => JSON.stringify({ username: `nobody${i}`, password: "a phrase for the bench" })
  const right = await timed(person, 20)
  const wrong = { latencies: [] as Array<number>, cpu: 0 }
  for (let i = 0; i < 20; i++) {
    const { latencies, cpuMs } = await timed(unknown(i), 1)
    wrong.latencies.push(...latencies)
    wrong.cpu += cpuMs / 20
  }
  table(
    "Logging in (Argon2id, 64 MiB, 3 passes)",
    ["what", "ms p50 / p95 / p99 / max", "ms of processor time", "memory"],
    [
      ["right name and password", spread(right.latencies), right.cpuMs.toFixed(0), megabytes(server.rss() - before)],
      ["a name that nobody has (30 an address, then refused at once)", spread(wrong.latencies), wrong.cpu.toFixed(0), ""],
    ],
  )
  await server.stop()
}

export const apiBenches: Readonly<Record<string, () => Promise<void>>> = { "api.reads": benchReads, "api.login": benchLogin }
