import { fork } from "node:child_process"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { load } from "./load.ts"
import { count, megabytes, spread, table } from "./report.ts"
import { cpuOf, deploy, getHeaders, setConfig, startServer } from "./server.ts"

const page = Buffer.from(`<!doctype html><title>x</title>${"<p>Some text that compresses.</p>".repeat(120)}`).subarray(0, 4096)

const request = (host: string, path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`

const ms = 3000
const connections = 32

/** The limit: a handler that writes one buffer with the same headers. */
const rawPort = 24600
if (process.argv[2] === "raw-server") {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache, must-revalidate",
    "last-modified": "Sat, 21 Nov 2026 21:38:16 GMT",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "accept-ranges": "bytes",
    vary: "Accept-Encoding",
    "content-length": page.length,
    etag: `"${"0".repeat(64)}"`,
  }
  createServer((_, res) => {
    res.writeHead(200, headers)
    res.end(page)
  }).listen(rawPort, () => process.send?.("ready"))
}

const measure = async (name: string, port: number, cpu: () => number, requests: ReadonlyArray<string>, raw: number | undefined) => {
  // Until the code is compiled and the caches are full.
  await load({ port, requests, connections, ms: 3000 })
  const before = cpu()
  const result = await load({ port, requests, connections, ms })
  const micros = (cpu() - before) / result.requests
  return {
    micros,
    row: [
      name,
      count(result.requests / result.seconds),
      micros.toFixed(1),
      (micros / (raw ?? micros)).toFixed(2),
      spread(result.latencies),
      String(result.errors),
    ],
  }
}

export const benchStatic = async (): Promise<void> => {
  const rawServer = fork(fileURLToPath(import.meta.url), ["raw-server"])
  await new Promise((resolve) => rawServer.once("message", resolve))
  const raw = await measure(
    "raw node:http: one buffer of 4 KB, the same headers",
    rawPort,
    () => cpuOf(rawServer.pid!),
    [request("x", "/")],
    undefined,
  )
  rawServer.kill()

  const server = await startServer()
  const idle = server.rss()
  const many = new Map(Array.from({ length: 10_000 }, (_, n) => [`f/${n}.html`, Buffer.concat([page, Buffer.from(String(n))])] as const))
  await deploy(
    server,
    "one",
    new Map([
      ["index.html", page],
      ["big.bin", randomBytes(8 * 1024 * 1024)],
    ]),
  )
  await deploy(server, "many", many)
  await setConfig(server, "limits.deploys_per_minute", "0")
  for (let n = 0; n < 200; n++) await deploy(server, `site${n}`, new Map([["index.html", Buffer.concat([page, Buffer.from(String(n))])]]))
  // Precompressing goes on in the background; it would be measured too.
  for (let before = -1; before !== server.cpuMicros(); await new Promise((resolve) => setTimeout(resolve, 1000)))
    before = server.cpuMicros()

  const rows = [raw.row]
  const etag = (await getHeaders(server.port, "one.localhost", "/")).etag
  for (const [name, requests] of [
    ["one page, 4 KB", [request("one.localhost", "/")]],
    ["the same, brotli", [request("one.localhost", "/", "Accept-Encoding: gzip, deflate, br, zstd\r\n")]],
    ["the same, 304", [request("one.localhost", "/", `If-None-Match: ${etag}\r\n`)]],
    ["10,000 files of one site in turn", Array.from({ length: 10_000 }, (_, n) => request("many.localhost", `/f/${n}.html`))],
    ["200 sites in turn", Array.from({ length: 200 }, (_, n) => request(`site${n}.localhost`, "/"))],
    ["unknown site, 404 page", [request("nope.localhost", "/")]],
  ] as const) {
    rows.push((await measure(name, server.port, server.cpuMicros, requests, raw.micros)).row)
  }
  table(
    `Static files (one server process, ${connections} connections, the load generator beside it)`,
    ["what", "requests/s", "CPU µs a request", "ratio to raw", "ms p50 / p95 / p99 / max", "4xx, 5xx"],
    rows,
  )
  const big = await load({
    port: server.port,
    requests: [request("one.localhost", "/big.bin", "Range: bytes=4000000-5000000\r\n")],
    connections: 4,
    ms,
  })
  table(
    "Ranges of a large file",
    ["what", "MB/s", "ms p50 / p95 / p99 / max"],
    [["1 MB out of 8 MB", ((big.requests / big.seconds) * 1.000001).toFixed(0), spread(big.latencies)]],
  )
  table(
    "Memory of the server process",
    ["when", "resident"],
    [
      ["just started", megabytes(idle)],
      ["after 202 sites, 10,201 files and the load above", megabytes(server.rss())],
    ],
  )
  await server.stop()
}
