import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { nowMs } from "./report.ts"

const bundle = fileURLToPath(new URL("../dist/main.js", import.meta.url))

export interface RunningServer {
  readonly port: number
  readonly db: string
  readonly token: string
  /** From spawning the process to its first answer. */
  readonly startMs: number
  /** User and system time so far, in microseconds. */
  readonly cpuMicros: () => number
  /** Resident memory in bytes, its own pages only where the kernel tells. */
  readonly rss: () => number
  readonly stop: () => Promise<void>
}

const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const rssOf = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024

const waitForAnswer = async (port: number, child: ChildProcess): Promise<void> => {
  for (;;) {
    if (child.exitCode !== null) throw new Error("The server ended before it answered.")
    try {
      await fetch(`http://127.0.0.1:${port}/health`, { headers: { host: "localhost" } })
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
  let out = ""
  child.stdout!.on("data", (data: Buffer) => {
    out += data.toString()
  })
  await waitForAnswer(port, child)
  const startMs = nowMs() - started
  while (!out.includes("\n")) await new Promise((resolve) => setTimeout(resolve, 5))
  const token = given?.token ?? /fazt_[a-z0-9]+_[A-Za-z0-9_-]+/.exec(out)![0]
  return {
    port,
    db,
    token,
    startMs,
    cpuMicros: () => cpuOf(child.pid!),
    rss: () => rssOf(child.pid!),
    stop: async () => {
      child.kill("SIGTERM")
      await new Promise((resolve) => child.once("close", resolve))
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Publishes files by the incremental protocol. Gives what was sent and how long it took. */
export const deploy = async (server: RunningServer, site: string, files: ReadonlyMap<string, Buffer>) => {
  const { sha256Hex } = await import("../src/events/chain.ts")
  const base = `http://127.0.0.1:${server.port}/api`
  const headers = { host: "localhost", authorization: `Bearer ${server.token}`, "content-type": "application/json" }
  const post = async (path: string, body: unknown) => {
    const response = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) })
    const answer = (await response.json()) as { readonly data: { readonly missing: ReadonlyArray<string> } }
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer.data
  }
  const started = nowMs()
  const byHash = new Map([...files].map(([, bytes]) => [sha256Hex(bytes), bytes]))
  const { missing } = await post("/blobs/missing", { hashes: [...byHash.keys()] })
  const queue = [...missing]
  const upload = async (): Promise<void> => {
    for (let hash = queue.pop(); hash !== undefined; hash = queue.pop()) {
      const response = await fetch(`${base}/blobs/${hash}`, { method: "PUT", headers, body: new Uint8Array(byHash.get(hash)!) })
      if (!response.ok) throw new Error(await response.text())
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 6 }, upload))
  const manifest = Object.fromEntries([...files].map(([path, bytes]) => [path, { hash: sha256Hex(bytes), size: bytes.length }]))
  await post(`/sites/${site}/deploys`, { files: manifest })
  return { ms: nowMs() - started, sent: missing.length }
}
