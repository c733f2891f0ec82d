import { load } from "./load.ts"
import { nowMs, spread, table } from "./report.ts"
import { deploy, startServer } from "./server.ts"

const filesOf = (n: number, seed: string): Map<string, Buffer> =>
  new Map(Array.from({ length: n }, (_, i) => [`p/${i}.html`, Buffer.from(`<p>${seed} ${i}</p>`.repeat(100))] as const))

export const benchDeploy = async (): Promise<void> => {
  const server = await startServer()
  const rows: Array<ReadonlyArray<string>> = [["start to first answer (bundle)", "1", "", server.startMs.toFixed(0)]]
  for (const n of [10, 1000, 10_000]) {
    const files = filesOf(n, "first")
    const first = await deploy(server, `site${n}`, files)
    rows.push([`first deploy`, String(n), String(first.sent), first.ms.toFixed(0)])
    files.set("p/1.html", Buffer.from(`changed ${n}`))
    const second = await deploy(server, `site${n}`, files)
    rows.push(["redeploy with one change", String(n), String(second.sent), second.ms.toFixed(0)])
  }
  table("Deploys over HTTP (incremental protocol, six uploads at once)", ["what", "files", "files sent", "ms"], rows)

  // Requests to one site while another is deployed.
  const quiet = await load({
    port: server.port,
    requests: ["GET /p/1 HTTP/1.1\r\nHost: site10.localhost\r\n\r\n"],
    connections: 4,
    ms: 3000,
  })
  const busy = load({ port: server.port, requests: ["GET /p/1 HTTP/1.1\r\nHost: site10.localhost\r\n\r\n"], connections: 4, ms: 5000 })
  await deploy(server, "other", filesOf(2000, "other"))
  const during = await busy

  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" }
  const rollback = async (): Promise<number> => {
    const at = nowMs()
    const response = await fetch(`http://localhost:${server.port}/api/sites/site1000/rollback`, {
      method: "POST",
      headers,
      body: JSON.stringify({ to: targets[0] }),
    })
    if (!response.ok) throw new Error(await response.text())
    targets.reverse()
    return nowMs() - at
  }
  const history = (await (await fetch(`http://localhost:${server.port}/api/sites/site1000/history`, { headers })).json()) as {
    readonly data: ReadonlyArray<{ readonly deploy: string }>
  }
  const targets = history.data.map(({ deploy }) => deploy).reverse()
  const underLoad = load({
    port: server.port,
    requests: ["GET /p/1 HTTP/1.1\r\nHost: site1000.localhost\r\n\r\n"],
    connections: 8,
    ms: 4000,
  })
  const rollbacks: Array<number> = []
  for (let n = 0; n < 30; n++) rollbacks.push(await rollback())
  const rolled = await underLoad
  table(
    "Requests beside deploys and rollbacks",
    ["what", "requests", "failed", "ms p50 / p95 / p99 / max"],
    [
      ["nothing else going on", String(quiet.requests), String(quiet.errors), spread(quiet.latencies)],
      ["while 2,000 files are deployed to another site", String(during.requests), String(during.errors), spread(during.latencies)],
      ["while this site of 1,000 files is rolled back 30 times", String(rolled.requests), String(rolled.errors), spread(rolled.latencies)],
      ["the rollback itself, until it is live", "30", "0", spread(rollbacks)],
    ],
  )
  await server.stop()
}
