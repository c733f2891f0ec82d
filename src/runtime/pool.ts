import { performance } from "node:perf_hooks"
import type { AdmissionLimits } from "./admission.ts"
import type { Image } from "./image.ts"
import type { Job, JobProblem } from "./job.ts"
import type { Effects, FromSandbox, LogEntry, SandboxSettings, StartRefusal, StartRequest } from "./messages.ts"
import type { SandboxThread } from "./poolThread.ts"
import type { RunProblem } from "./run.ts"
import { SiteQueue } from "./siteQueue.ts"
import { type LaneOptions, type ThreadEnd, threadLanes } from "./threadLanes.ts"

export interface PoolOptions extends LaneOptions {
  readonly admission: () => AdmissionLimits
  /** Programs that one thread keeps ready. */
  readonly warmPrograms: () => number
  /** The environment variables of a site. */
  readonly env: (site: string) => Readonly<Record<string, string>>
  readonly sockets: (site: string) => Readonly<Record<string, number>> | undefined
}

export type Started =
  | { readonly image: Image; readonly logs: ReadonlyArray<LogEntry>; readonly ms: number }
  | { readonly refusal: StartRefusal; readonly logs: ReadonlyArray<LogEntry> }

/** Jobs that a thread is given before it has answered others, at most: by number, and by what they are expected to cost. */
const maxBatch = 32
const maxBatchMs = 10

/** How often a job is given to another thread, after the one that it was in has ended through no fault of its own. */
const maxRestarts = 3

type Lane = "fast" | "slow"

/** What the sandbox threads have to do. Sites take turns, slow ones in a lane of their own. */
export const sandboxPool = (options: PoolOptions) => {
  const queues = new Map<string, SiteQueue>()
  /** Sites with jobs that wait, in the order of their turns. */
  const turns: Record<Lane, Set<SiteQueue>> = { fast: new Set(), slow: new Set() }
  const jobs = new Map<number, Job>()
  const starts = new Map<number, { readonly request: StartRequest; readonly resolve: (started: Started) => void }>()
  const startQueue: Array<number> = []
  let nextId = 1
  let scheduled = false
  let closed = false
  const counters = { runs: 0, requeued: 0, conflicts: 0 }

  const lanes = threadLanes(options, {
    ready: () => schedule(),
    message: (thread, message) => receive(thread, message),
    ended: (thread, end) => takeBack(thread, end),
  })

  const queueOf = (site: string): SiteQueue => {
    const known = queues.get(site)
    if (known !== undefined) return known
    const queue = new SiteQueue(site)
    queues.set(site, queue)
    return queue
  }

  const laneOf = (queue: SiteQueue): Lane => (queue.load.isSlow ? "slow" : "fast")

  const wantTurn = (queue: SiteQueue): void => {
    turns.fast.delete(queue)
    turns.slow.delete(queue)
    if (queue.waiting > 0) turns[laneOf(queue)].add(queue)
  }

  /** What comes in one turn of the event loop goes to the threads together: they and the edge keep their caches warm so. */
  const schedule = (): void => {
    if (scheduled || closed) return
    scheduled = true
    setImmediate(dispatch)
  }

  const dispatch = (): void => {
    scheduled = false
    giveStart()
    const slow = lanes.slow()
    if (slow !== undefined) give("slow", [slow])
    give("fast", lanes.fast())
    lanes.watch()
  }

  const give = (lane: Lane, threads: ReadonlyArray<SandboxThread>): void => {
    const { concurrency } = options.admission()
    const ready = threads.filter((thread) => thread.isReady)
    let idle = 0
    let next = 0
    while (turns[lane].size > idle && ready.length > 0) {
      const [queue] = turns[lane]
      const thread = leastLoaded(ready, next++)
      if (thread.running > 0 && (thread.running >= maxBatch || thread.expectedMs + queue!.load.estimateMs > maxBatchMs)) break
      turns[lane].delete(queue!)
      const job = queue!.next(concurrency)
      if (job === undefined) {
        // It waits for jobs of its own; it has its turn again when one of them ends.
        if (queue!.waiting > 0) turns[lane].add(queue!)
        idle++
        continue
      }
      idle = 0
      if (queue!.waiting > 0) turns[lane].add(queue!)
      queue!.running++
      if (job.isGone()) {
        leave(undefined, job)
        job.failed({ kind: "gone", message: "The visitor has gone." }, undefined)
        continue
      }
      try {
        thread.give(job, options)
      } catch (error) {
        leave(thread, job)
        job.failed({ kind: "defect", message: error instanceof Error ? error.message : String(error) }, undefined)
      }
    }
    for (const thread of ready) thread.send()
  }

  const leastLoaded = (threads: ReadonlyArray<SandboxThread>, turn: number): SandboxThread => {
    let best = threads[turn % threads.length]!
    for (const thread of threads) if (thread.expectedMs < best.expectedMs) best = thread
    return best
  }

  const giveStart = (): void => {
    const slow = lanes.slow()
    if (slow?.isReady !== true || slow.starting !== undefined) return
    const id = startQueue.shift()
    if (id !== undefined) slow.start(starts.get(id)!.request)
  }

  const receive = (thread: SandboxThread, { outcomes = [], ends = [], waiting = [], outbound, started }: FromSandbox): void => {
    if (outbound !== undefined) {
      const job = jobs.get(outbound)
      if (job !== undefined) job.outbound = true
    }
    const verdict = (unit: string, seq: number | null): void => thread.verdict(unit, seq)
    for (const id of waiting) {
      const job = jobs.get(id)
      if (thread.nowWaits(id) && job !== undefined) job.queue.paused.add(job)
    }
    for (let i = 0; i < outcomes.length; i += 5) {
      const job = jobs.get(outcomes[i] as number)
      if (job === undefined) continue
      const meta = outcomes[i + 1] as string | undefined
      const effects = outcomes[i + 4] as Effects | undefined
      counters.runs++
      job.queue.load.spent((outcomes[i + 3] as number) + writingMs(effects), performance.now(), options.admission())
      job.queue.paused.delete(job)
      if (effects?.more === true) thread.goesOn(job.id)
      else leave(thread, job)
      if (meta === undefined) job.failed(outcomes[i + 2] as RunProblem, effects)
      else job.answered(meta, outcomes[i + 2] as string | Uint8Array, effects, verdict)
    }
    for (const [id, ms, effects] of ends) {
      const job = jobs.get(id)
      if (job === undefined) continue
      job.queue.load.spentAfterwards(ms, performance.now(), options.admission())
      leave(thread, job)
      job.ended(effects, verdict)
    }
    if (started !== undefined) {
      const start = starts.get(started.id)
      starts.delete(started.id)
      thread.starting = undefined
      const { image, refusal, logs, ms } = started
      start?.resolve(image === undefined ? { refusal: refusal!, logs } : { image, logs, ms })
    }
    schedule()
  }

  /** Nothing of the job is in a sandbox any more. */
  const leave = (thread: SandboxThread | undefined, job: Job): void => {
    jobs.delete(job.id)
    thread?.forget(job.id)
    job.queue.paused.delete(job)
    job.queue.running--
    wantTurn(job.queue)
  }

  /** A thread has ended. The job that is to blame fails; the others have done nothing that cannot be done again, and are. */
  const takeBack = (thread: SandboxThread, { kind, guilty, message }: ThreadEnd): void => {
    const { starting } = thread
    if (starting !== undefined) {
      const start = starts.get(starting.id)
      if (starting.id === guilty || start === undefined) {
        starts.delete(starting.id)
        start?.resolve({
          refusal: {
            file: starting.server.entry,
            line: 0,
            column: 0,
            message: `It is not loaded after ${options.settings().startMs} ms, and could not be interrupted.`,
          },
          logs: [],
        })
      } else startQueue.unshift(starting.id)
    }
    for (const id of thread.jobs()) {
      const job = jobs.get(id)
      if (job === undefined) continue
      leave(undefined, job)
      if (id === guilty) {
        job.queue.load.strike(performance.now())
        fail(job, thread, { kind, message })
      } else if (job.outbound || thread.hasAnswered(id)) {
        fail(job, thread, {
          kind: "lost",
          message: "It was lost: another request hung the thread it ran in, and it had called another server.",
        })
      } else if (++job.restarts > maxRestarts) {
        fail(job, thread, { kind: "lost", message: `It was lost: the thread it ran in has ended ${job.restarts} times.` })
      } else {
        counters.requeued++
        jobs.set(id, job)
        job.queue.addFirst(job)
        wantTurn(job.queue)
      }
    }
    schedule()
  }

  const fail = (job: Job, thread: SandboxThread, problem: JobProblem): void => {
    if (thread.hasAnswered(job.id)) job.cutOff(problem)
    else job.failed(problem, undefined)
  }

  return {
    queueOf,
    newId: (): number => nextId++,
    submit: (job: Job): void => {
      lanes.begin()
      jobs.set(job.id, job)
      job.queue.open++
      job.queue.add(job)
      wantTurn(job.queue)
      schedule()
    },
    /** Runs a request again, as another job, since the writes of one were refused: alone, so that nothing can come between. */
    repeat: (job: Job, refused: Job): void => {
      counters.conflicts++
      jobs.set(job.id, job)
      job.queue.over(refused)
      job.queue.addRepeat(job)
      wantTurn(job.queue)
      schedule()
    },
    /** It has been answered. */
    done: (job: Job): void => {
      job.queue.open--
      job.queue.over(job)
      wantTurn(job.queue)
      schedule()
    },
    start: (request: Omit<StartRequest, "id">): Promise<Started> =>
      new Promise((resolve) => {
        lanes.begin()
        const id = nextId++
        starts.set(id, { request: { ...request, id }, resolve })
        startQueue.push(id)
        schedule()
      }),
    /** The site's environment has changed. */
    setEnv: (site: string, values: Readonly<Record<string, string>>): void => {
      lanes.tell({ env: { site, values } })
    },
    setSettings: (settings: SandboxSettings): void => {
      lanes.tell({ settings })
    },
    stats: () => ({ ...counters, ...lanes.stats(), waiting: [...queues.values()].reduce((sum, { waiting }) => sum + waiting, 0) }),
    /** Whether any job waits, runs, or goes on after its answer. */
    isBusy: (): boolean => jobs.size > 0,
    close: (): Promise<void> => {
      closed = true
      return lanes.close()
    },
  }
}

export type SandboxPool = ReturnType<typeof sandboxPool>

/** What an event costs the writer, and what the filling of an index does. Milliseconds, roughly: a site pays for them like for its own time. */
const [eventMs, indexMs] = [0.1, 200]

const writingMs = (effects: Effects | undefined): number =>
  effects?.writes === undefined ? 0 : eventMs * effects.writes.events + indexMs * effects.writes.indexes
