import { hash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import Database from "better-sqlite3"
import { makeWriter, type WriterOptions } from "../src/commands/writer.ts"
import { requestPort } from "../src/commands/writerPort.ts"
import { verifyPart } from "../src/events/verify.ts"
import { projections } from "../src/projections/projector.ts"
import { migrations, threadUrl, version } from "../src/resources.ts"
import { count, nowMs, spread, table } from "./report.ts"

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  // Where temporary files go: durability is only measured where that is a disk.
  const folder = mkdtempSync(join(tmpdir(), "fazt-bench-"))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const options = (path: string): WriterOptions => ({
  path,
  migrations: migrations(),
  release: version,
  masterKey: undefined,
  holder: "a benchmark",
  now: Date.now,
  onCommitted: () => {},
  onRebuild: () => {},
})

const event = (id: string) => ({ id, type: "v1.ConfigSet" as const, data: { key: "limits.site_files", value: "x".repeat(80) } })

/** The limit: one row of the same size in a transaction of its own, nothing else. */
export const rawSqlite = (folder: string, ms: number): { readonly perSecond: number; readonly latencies: ReadonlyArray<number> } => {
  const db = new Database(join(folder, "raw.db"))
  db.pragma("journal_mode = WAL")
  db.pragma("synchronous = FULL")
  db.exec("CREATE TABLE t (seq INTEGER PRIMARY KEY, data TEXT) STRICT")
  const insert = db.prepare("INSERT INTO t (data) VALUES (?)")
  const latencies: Array<number> = []
  const started = nowMs()
  while (nowMs() - started < ms) {
    const at = nowMs()
    insert.run("x".repeat(300))
    latencies.push(nowMs() - at)
  }
  db.close()
  return { perSecond: latencies.length / (ms / 1000), latencies }
}

/** Appends through the writer thread, `writers` of them waiting for each of their own. */
const throughThread = async (folder: string, writers: number, ms: number) => {
  const { onCommitted: _, onRebuild: __, now: ___, ...workerData } = options(join(folder, `thread-${writers}.db`))
  const worker = new Worker(threadUrl("commands/writerThread"), { workerData })
  const port = requestPort({ postMessage: (message) => worker.postMessage(message) })
  await new Promise<void>((resolve) =>
    worker.on("message", (message) => {
      if ("replies" in message) port.receive(message.replies)
      if ("ready" in message) resolve()
    }),
  )
  const latencies: Array<number> = []
  let n = 0
  const started = nowMs()
  await Promise.all(
    Array.from({ length: writers }, async (_, w) => {
      while (nowMs() - started < ms) {
        const at = nowMs()
        await new Promise<void>((resolve) =>
          port.submit(
            {
              kind: "append",
              request: { actor: "owner", cause: "bench", streams: [{ stream: `s${w}`, expected: "any", events: [event(`e${n++}`)] }] },
            },
            () => resolve(),
          ),
        )
        latencies.push(nowMs() - at)
      }
    }),
  )
  const seconds = (nowMs() - started) / 1000
  await new Promise((resolve) => {
    worker.once("exit", resolve)
    worker.postMessage({ close: true })
  })
  return { perSecond: latencies.length / seconds, latencies }
}

const benchAppend = (): Promise<void> =>
  inFolder(async (folder) => {
    const raw = rawSqlite(folder, 3000)
    const rows = [["raw SQLite, one row a transaction", count(raw.perSecond), "1.00", spread(raw.latencies)]]
    for (const writers of [1, 16, 128]) {
      const { perSecond, latencies } = await throughThread(folder, writers, 3000)
      rows.push([`append, ${writers} at once`, count(perSecond), (perSecond / raw.perSecond).toFixed(2), spread(latencies)])
    }
    table(
      `Durable appends (WAL, synchronous=FULL; chain and ${projections.length} projections included)`,
      ["what", "events/s", "ratio to raw", "ms p50 / p95 / p99 / max"],
      rows,
    )
  })

/** How the cost of an append, a rebuild and a verification grows with the log. */
const benchGrowth = (): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, "data.db")
    const rows: Array<ReadonlyArray<string>> = []
    let total = 0
    for (const size of [10_000, 100_000, 500_000]) {
      let writer = makeWriter(options(path))
      let appendMs = 0
      const fill = nowMs()
      const from = total
      while (total < size) {
        const events = Array.from({ length: 1000 }, () => event(`e${total++}`))
        await new Promise<void>((resolve) =>
          writer.submit(
            {
              kind: "append",
              request: { actor: "owner", cause: "bench", streams: [{ stream: `s${total % 100}`, expected: "any", events }] },
            },
            () => resolve(),
          ),
        )
      }
      appendMs = (nowMs() - fill) / ((size - from) / 1000)
      writer.close()
      const opened = nowMs()
      writer = makeWriter(options(path))
      const openMs = nowMs() - opened
      const rebuilt = nowMs()
      await new Promise<void>((resolve) =>
        writer.submit({ kind: "rebuild", projections: projections.map(({ name }) => name) }, (reply) => {
          if (!(reply.ok && reply.progress === true)) resolve()
        }),
      )
      const rebuildMs = nowMs() - rebuilt
      writer.close()
      const db = new Database(path, { readonly: true })
      const verified = nowMs()
      const { bytes } = verifyPart(db, undefined, { budget: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER })
      const verifyMs = nowMs() - verified
      db.close()
      rows.push([
        count(size),
        (1e6 / appendMs).toFixed(0),
        openMs.toFixed(0),
        count((size * projections.length) / (rebuildMs / 1000)),
        count(size / (verifyMs / 1000)),
        (bytes / 1e6 / (verifyMs / 1000)).toFixed(0),
      ])
    }
    table(
      "Growth with the log",
      [
        "events",
        "appends/s (thousand at once)",
        "open, ms",
        `rebuild, events/s (each of ${projections.length} projections)`,
        "verify, events/s",
        "verify, MB/s of payload",
      ],
      rows,
    )
    const payload = "x".repeat(1_000_000)
    const large = nowMs()
    for (let i = 0; i < 200; i++) hash("sha256", payload, "buffer")
    table("The limit of verifying", ["what", "MB/s"], [["SHA-256 of large payloads", (200 / ((nowMs() - large) / 1000)).toFixed(0)]])
  })

export const benchLog = async (): Promise<void> => {
  await benchAppend()
  await benchGrowth()
}
