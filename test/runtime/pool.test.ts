import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { AdmissionLimits } from "../../src/runtime/admission.ts"
import type { Job, JobProblem } from "../../src/runtime/job.ts"
import type { SandboxSettings } from "../../src/runtime/messages.ts"
import { type SandboxPool, sandboxPool } from "../../src/runtime/pool.ts"

const thread = new URL("./attacks/fakeThread.ts", import.meta.url)
const settings = { run: { cpuMs: 50 }, startMs: 200 } as SandboxSettings
const admission: AdmissionLimits = { concurrency: 2, queue: 1000, cpuPerSecond: 0 }

let folder: string
let pool: SandboxPool
let died: Array<string>
/** Texts of answers and kinds of problems, in the order in which they came. */
let order: Array<string>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fazt-pool-"))
  died = []
  order = []
  pool = sandboxPool({
    thread,
    path: folder,
    engine: () => Promise.resolve(undefined as never),
    threads: 1,
    settings: () => settings,
    admission: () => admission,
    warmPrograms: () => 8,
    env: () => ({}),
    sockets: () => undefined,
    onDied: (error) => died.push(String(error)),
  })
})
afterEach(async () => {
  await pool.close()
  rmSync(folder, { recursive: true, force: true })
})

type Outcome = { readonly text: string } | { readonly problem: JobProblem }

/** A request that does what it is told; `ended` settles when nothing of it runs any more. */
const request = (site: string, doing: string, isGone = false) => {
  const outcome = Promise.withResolvers<Outcome>()
  const ended = Promise.withResolvers<void>()
  const over = (result: Outcome): void => {
    order.push("text" in result ? result.text : result.problem.kind)
    pool.done(job)
    outcome.resolve(result)
  }
  const job: Job = {
    id: pool.newId(),
    target: { key: site, site, manifest: "m", server: {} as never, image: {} as never },
    queue: pool.queueOf(site),
    request: "r",
    meta: doing,
    body: undefined,
    restarts: 0,
    outbound: false,
    answered: (_, body) => over({ text: String(body) }),
    failed: (problem) => over({ problem }),
    ended: () => ended.resolve(),
    cutOff: ({ message }) => {
      order.push(`cut off: ${message}`)
      ended.resolve()
    },
    isGone: () => isGone,
  }
  pool.submit(job)
  return { job, outcome: outcome.promise, ended: ended.promise }
}

const outcomeOf = (site: string, doing: string): Promise<Outcome> => request(site, doing).outcome

/** Lets the pool get to know that a site is quick: then its requests share a thread. */
const quick = async (site: string): Promise<void> => {
  for (let i = 0; i < 3; i++) await outcomeOf(site, "answer")
}

const text = (text: string) => ({ text })
const problem = (kind: JobProblem["kind"]) => ({ problem: { kind } })

describe("a thread that hangs", () => {
  it("is ended: the request that hangs it fails, the others are run again", async () => {
    for (const site of ["a", "b", "c"]) await quick(site)
    const all = await Promise.all([outcomeOf("a", "hang"), outcomeOf("b", "answer"), outcomeOf("c", "answer")])
    expect(all).toMatchObject([problem("hang"), text("answered"), text("answered")])
    expect(pool.stats()).toMatchObject({ killed: 1, requeued: 2, waiting: 0 })
  })

  it("takes along what waits in it, which is run again unless it has called other servers", async () => {
    for (const site of ["a", "b", "c"]) await quick(site)
    const waits = outcomeOf("b", "wait")
    const calls = outcomeOf("c", "callOut")
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await outcomeOf("a", "hang")).toMatchObject(problem("hang"))
    expect(await Promise.all([waits, calls])).toMatchObject([text("waited"), problem("lost")])
  })

  it("is noticed after its request has waited, though nothing else is to be done", async () => {
    expect(await outcomeOf("a", "waitThenHang")).toMatchObject(problem("hang"))
    expect(await outcomeOf("b", "answer")).toEqual(text("answered"))
  })

  it("is noticed after its request has been answered", async () => {
    const { outcome, ended } = request("a", "answerThenHang")
    expect(await outcome).toEqual(text("first"))
    await ended
    expect(order).toEqual(["first", expect.stringContaining("cut off: It ran longer than 50 ms")])
    expect(pool.stats()).toMatchObject({ killed: 1 })
    expect(await outcomeOf("a", "answer")).toEqual(text("answered"))
  })

  it("in the slow lane leaves the fast lane alone", async () => {
    await quick("fast")
    const hangs = outcomeOf("new", "hang")
    await Promise.all(Array.from({ length: 20 }, () => outcomeOf("fast", "answer")))
    expect(await hangs).toMatchObject(problem("hang"))
    expect(order.at(-1)).toBe("hang")
  })

  it("may be followed by many that do the same", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, (_, i) => outcomeOf(`site-${i}`, "hang")))
    expect(all).toMatchObject(Array(5).fill(problem("hang")))
    expect(await outcomeOf("other", "answer")).toEqual(text("answered"))
  })

  it("has its site suspended the third time within a minute", async () => {
    const { load } = pool.queueOf("a")
    for (let i = 0; i < 3; i++) {
      expect(load.refusal(performance.now(), 0, admission)).toBeUndefined()
      await outcomeOf("a", "hang")
    }
    expect(load.refusal(performance.now(), 0, admission)).toMatchObject({ status: 503, retryAfter: 30 })
    expect(load.refusal(performance.now() + 30_001, 0, admission)).toBeUndefined()
  })

  it("while it loads a program is ended, and the program refused", async () => {
    const server = { entry: "main.js" } as never
    expect(await pool.start({ site: "a", manifest: "hangs", server })).toMatchObject({ refusal: { file: "main.js" } })
    expect(await pool.start({ site: "a", manifest: "starts", server })).toMatchObject({ ms: 1 })
    expect(await outcomeOf("b", "answer")).toEqual(text("answered"))
  })
})

describe("a thread that dies", () => {
  it("is replaced, and the request that ran in it fails", async () => {
    expect(await outcomeOf("a", "die")).toMatchObject(problem("memory"))
    expect(died).toEqual([expect.stringContaining("died while it ran")])
    expect(await outcomeOf("a", "answer")).toEqual(text("answered"))
  })

  it("has the others run again", async () => {
    for (const site of ["a", "b"]) await quick(site)
    expect(await Promise.all([outcomeOf("a", "die"), outcomeOf("b", "answer")])).toMatchObject([problem("memory"), text("answered")])
  })

  it("again and again is not given the same request for ever", async () => {
    expect(await outcomeOf("a", "dieLater")).toMatchObject(problem("lost"))
    expect(died.length).toBe(4)
  })

  it("before it is ready is replaced after a while", async () => {
    writeFileSync(join(folder, "die-at-start"), "")
    expect(await outcomeOf("a", "answer")).toEqual(text("answered"))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(died).toEqual([expect.stringContaining("died before it was ready")])
    expect(await outcomeOf("b", "answer")).toEqual(text("answered"))
  })
})

describe("turns", () => {
  it("no site has more requests under way than it may", async () => {
    await quick("a")
    const all = await Promise.all(Array.from({ length: 9 }, () => outcomeOf("a", "count")))
    const most = all.map((outcome) => ("text" in outcome ? Number(outcome.text) : Number.NaN))
    expect(Math.max(...most)).toBe(2)
  })

  it("a site with many requests does not hold up another", async () => {
    for (const site of ["many", "few"]) await quick(site)
    order = []
    const many = Array.from({ length: 300 }, () => outcomeOf("many", "answer"))
    await outcomeOf("few", "answer")
    expect(order.length).toBeLessThan(100)
    await Promise.all(many)
  })

  it("a request whose visitor has gone before it could begin is not run", async () => {
    const { runs } = pool.stats()
    const gone = Array.from({ length: 5 }, () => request("a", "answer", true).outcome)
    expect(await Promise.all(gone)).toMatchObject(Array(5).fill(problem("gone")))
    expect(await outcomeOf("a", "answer")).toEqual(text("answered"))
    expect(pool.stats()).toMatchObject({ runs: runs + 1, waiting: 0 })
  })

  it("slow requests do not hold up quick ones", async () => {
    await quick("quick")
    for (let i = 0; i < 3; i++) await outcomeOf("slow", "slow")
    order = []
    const slow = Array.from({ length: 8 }, () => outcomeOf("slow", "slow"))
    await Promise.all(Array.from({ length: 8 }, () => outcomeOf("quick", "answer")))
    expect(order.filter((what) => what === "slow").length).toBeLessThan(6)
    await Promise.all(slow)
  })

  it("everything is answered, whatever happens in between", async () => {
    for (const site of ["a", "b", "c", "d"]) await quick(site)
    const doings = ["answer", "wait", "answer", "hang", "count", "answer", "die", "wait", "slow", "answer"]
    const all = Array.from({ length: 60 }, (_, i) => outcomeOf("abcd"[i % 4]!, doings[(i * 7) % 10]!))
    for (const outcome of await Promise.all(all)) expect(outcome).toBeDefined()
    expect(pool.stats().waiting).toBe(0)
    expect(["a", "b", "c", "d"].map((site) => [pool.queueOf(site).open, pool.queueOf(site).running])).toEqual(Array(4).fill([0, 0]))
  }, 60_000)
})
