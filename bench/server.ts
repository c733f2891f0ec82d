import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { get, type IncomingHttpHeaders } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { encodeBlobBatch, maxBatchedBlobBytes } from "../src/http/api/blobBatch.ts"
import { nowMs } from "./report.ts"

const bundle = fileURLToPath(new URL("../dist/main.js", import.meta.url))

export interface RunningServer {
  readonly pid: number
  readonly port: number
  readonly db: string
  readonly token: string
  /** From spawning the process to its first answer. */
  readonly startMs: number
  /** User and system time so far, in microseconds. */
  readonly cpuMicros: () => number
  /** Resident memory in bytes, its own pages only where the kernel tells. */
  readonly rss: () => number
  /** Its cartridge is removed, unless it was given or is to be kept. */
  readonly stop: (options?: { readonly keep: boolean }) => Promise<void>
}

/** User and system time of a process so far, in microseconds. */
export const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

export const rssOf = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024

export const waitForAnswer = async (port: number, child: ChildProcess): Promise<void> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error("The server ended before it answered.")
    try {
      await fetch(`http://localhost:${port}/health`)
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

let nextPort = 24700

/** The bundled server as a process of its own, on a fresh or a given cartridge. */
export const startServer = async (given?: { readonly db: string; readonly token: string }): Promise<RunningServer> => {
  const folder = given === undefined ? mkdtempSync(join(tmpdir(), "fazt-bench-")) : undefined
  const db = given?.db ?? join(folder!, "data.db")
  const port = nextPort++
  const started = nowMs()
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", bundle, "server", "start", "--db", db, "--port", String(port), "--json"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  )
  process.once("exit", () => child.kill("SIGKILL"))
  let out = ""
  child.stdout!.on("data", (data: Buffer) => {
    out += data.toString()
  })
  await waitForAnswer(port, child)
  const startMs = nowMs() - started
  while (!out.includes("\n")) await new Promise((resolve) => setTimeout(resolve, 5))
  const token = given?.token ?? /fazt_[a-z0-9]+_[A-Za-z0-9_-]+/.exec(out)![0]
  return {
    pid: child.pid!,
    port,
    db,
    token,
    startMs,
    cpuMicros: () => cpuOf(child.pid!),
    rss: () => rssOf(child.pid!),
    stop: async ({ keep } = { keep: false }) => {
      child.kill("SIGTERM")
      await new Promise((resolve) => child.once("close", resolve))
      if (folder !== undefined && !keep) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One GET with a Host of its own, which `fetch` does not allow. */
export const getHeaders = (port: number, host: string, path: string): Promise<IncomingHttpHeaders> =>
  new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path, headers: { host }, agent: false }, (res) => {
      res.resume()
      resolve(res.headers)
    }).once("error", reject)
  })

/** The body that one GET with a Host of its own brings; it has to succeed. */
export const getText = (port: number, host: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path, headers: { host }, agent: false }, (res) => {
      let text = ""
      res.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      res.on("end", () => (res.statusCode === 200 ? resolve(text) : reject(new Error(`${host}${path}: ${res.statusCode} ${text}`))))
    }).once("error", reject)
  })

export const setConfig = async (server: RunningServer, key: string, value: string): Promise<void> => {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" }
  const response = await fetch(`http://localhost:${server.port}/api/config/${key}`, {
    method: "PUT",
    headers,
    body: JSON.stringify({ value }),
  })
  if (!response.ok) throw new Error(await response.text())
}

/** Publishes files by the incremental protocol. Gives what was sent and how long it took. */
export const deploy = async (server: RunningServer, site: string, files: ReadonlyMap<string, Buffer>) => {
  const { sha256Hex } = await import("../src/events/chain.ts")
  const base = `http://localhost:${server.port}/api`
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" }
  const post = async (path: string, body: unknown) => {
    const response = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) })
    const answer = (await response.json()) as { readonly data: { readonly missing: ReadonlyArray<string> } }
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer.data
  }
  const started = nowMs()
  const byHash = new Map([...files].map(([, bytes]) => [sha256Hex(bytes), bytes]))
  const { missing } = await post("/blobs/missing", { hashes: [...byHash.keys()] })
  const send = async (path: string, method: string, body: Uint8Array): Promise<void> => {
    const response = await fetch(base + path, {
      method,
      headers: { ...headers, "content-type": "application/octet-stream" },
      body: new Uint8Array(body),
    })
    if (!response.ok) throw new Error(await response.text())
    await response.arrayBuffer()
  }
  const wanted = missing.map((hash) => [hash, byHash.get(hash)!] as const)
  const small = wanted.filter(([, bytes]) => bytes.length <= maxBatchedBlobBytes).map(([, bytes]) => bytes)
  const uploads: Array<() => Promise<void>> = []
  while (small.length > 0) {
    const batch = encodeBlobBatch(small.splice(0, 250))
    uploads.push(() => send("/blobs", "POST", batch))
  }
  for (const [hash, bytes] of wanted) if (bytes.length > maxBatchedBlobBytes) uploads.push(() => send(`/blobs/${hash}`, "PUT", bytes))
  const work = async (): Promise<void> => {
    for (let upload = uploads.pop(); upload !== undefined; upload = uploads.pop()) await upload()
  }
  await Promise.all(Array.from({ length: 6 }, work))
  const manifest = Object.fromEntries([...files].map(([path, bytes]) => [path, { hash: sha256Hex(bytes), size: bytes.length }]))
  await post(`/sites/${site}/deploys`, { files: manifest })
  return { ms: nowMs() - started, sent: missing.length }
}
