import { execFile } from "node:child_process"
import { Agent, request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { deploySite } from "../support/hosting.ts"
import { startServer, type TestServer, zipForm } from "../support/server.ts"
import { zipOf } from "../support/zip.ts"

const mebibyte = 1024 * 1024

let server: TestServer
beforeAll(async () => {
  // As a server runs: the writer and the reader in threads of their own.
  server = await startServer({ mode: "threads" })
})
afterAll(() => server.stop())

const program = fileURLToPath(new URL("../support/deployLargeZip.ts", import.meta.url))

it("a zip of 30 MiB is unpacked to twelve times as much in little memory", { timeout: 60_000 }, async ({ annotate }) => {
  const [files, bytes] = [12, 32 * mebibyte]
  // What a first deploy starts is not what this one takes.
  await deploySite(server, "small", { "index.html": "x" })
  const token = await server.key("deploy")

  const start = process.memoryUsage.rss()
  let most = start
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 5)
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(server.port), token, String(files), String(bytes)])
  clearInterval(watch)

  const { status, json, sent } = JSON.parse(stdout)
  const sizes = [sent, files * bytes, most - start].map((size) => Math.round(size / mebibyte))
  await annotate(`${sizes[0]} MiB unpacked to ${sizes[1]} MiB; memory grew by ${sizes[2]} MiB`)
  expect([status, json.data?.size_bytes, sent > 28 * mebibyte]).toEqual([200, files * bytes, true])
  expect(most - start).toBeLessThan(files * bytes * 0.75)
})

it("a deploy of 5,000 files holds up nobody who visits another site", { timeout: 60_000 }, async ({ annotate }) => {
  await deploySite(server, "calm", { "index.html": "calm" })
  const token = await server.key("deploy")
  const files = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i % 50}/${i}.html`, `<p>page ${i}</p>`.repeat(40)]))
  const zip = zipForm(zipOf(files), { site_name: "large" })

  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const visit = () =>
    new Promise<readonly [status: number, ms: number]>((resolve, reject) => {
      const asked = performance.now()
      request({ port: server.port, path: "/", agent, headers: { host: "calm.localhost" } }, (res) => {
        res.resume()
        res.on("end", () => resolve([res.statusCode!, performance.now() - asked]))
      })
        .on("error", reject)
        .end()
    })

  let isRunning = true
  const visits: Array<readonly [status: number, ms: number]> = []
  const visitor = async (): Promise<void> => {
    while (isRunning) {
      visits.push(await visit())
      await sleep(2)
    }
  }
  const visiting = visitor()
  const started = performance.now()
  const { status, json } = await server.ask("/api/deploy", { ...zip, method: "POST", token })
  const took = performance.now() - started
  isRunning = false
  await visiting
  agent.destroy()

  const times = visits.map(([, ms]) => ms).sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1)
  await annotate(
    `${visits.length} visits during a deploy of ${took.toFixed(0)} ms: median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`,
  )
  expect([status, json.data.file_count, visits.length > 10]).toEqual([200, 5_000, true])
  expect(visits.filter(([code]) => code !== 200)).toEqual([])
  expect(times.at(-1)).toBeLessThan(2_000)
})
