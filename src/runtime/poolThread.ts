import { Worker } from "node:worker_threads"
import type { Engine } from "./blank.ts"
import { cpuMsOf } from "./cpuClock.ts"
import type { Job } from "./job.ts"
import type { EngineMade, FromSandbox, Loaded, SandboxThreadOptions, StartRequest, ToSandbox } from "./messages.ts"
import { watchBytes, watcher } from "./watch.ts"
import { watchdog } from "./watchdog.ts"

/** What a thread's owner hears of it. */
export interface ThreadEvents {
  readonly ready: () => void
  readonly message: (thread: SandboxThread, message: FromSandbox) => void
  readonly died: (thread: SandboxThread, error: unknown) => void
}

/** What a thread has to be told beside the job. */
export interface Surroundings {
  readonly env: (site: string) => Readonly<Record<string, string>>
  readonly sockets: (site: string) => Readonly<Record<string, number>> | undefined
  /** Programs that one thread keeps ready. */
  readonly warmPrograms: () => number
}

/** Deep recursion in the engine needs more of the thread's stack than Node gives it; a small young generation keeps memory low. */
const resourceLimits = { stackSizeMb: 8, maxYoungGenerationSizeMb: 8 }

/** One sandbox thread as the pool sees it: what it has been given, and what is still to be sent. */
export class SandboxThread {
  private readonly worker: Worker
  readonly watch: ReturnType<typeof watcher>
  isReady = false
  starting: StartRequest | undefined
  /** Jobs that it works on, with what they are expected to cost; and those that wait for something, or go on after their answer. */
  private readonly active = new Map<number, number>()
  private readonly waiting = new Set<number>()
  private readonly answered = new Set<number>()
  expectedMs = 0
  /** Its number in the kernel. */
  private kernelThread: number | undefined
  /** Whether it hangs, judged by what `watch` gives, and by how long its job may take. */
  readonly hangs = watchdog(() => (this.kernelThread === undefined ? undefined : cpuMsOf(this.kernelThread)))
  private readonly programs = new Map<string, true>()
  private readonly sockets = new Map<string, Readonly<Record<string, number>> | undefined>()
  private outgoing = empty()
  private verdicts: Array<readonly [string, number | null]> = []

  constructor(worker: Worker, watch: ReturnType<typeof watcher>) {
    this.worker = worker
    this.watch = watch
  }

  becameReady(kernelThread: number | undefined): void {
    this.kernelThread = kernelThread
    this.isReady = true
  }

  get running(): number {
    return this.active.size
  }

  /** Whether anything runs in it, or may go on at any moment. */
  get isBusy(): boolean {
    return this.active.size > 0 || this.waiting.size > 0 || this.answered.size > 0 || this.starting !== undefined
  }

  jobs(): ReadonlyArray<number> {
    return [...this.active.keys(), ...this.waiting, ...this.answered]
  }

  hasAnswered(id: number): boolean {
    return this.answered.has(id)
  }

  /** Puts a job into the next message, with its program if the thread does not have it. */
  give(job: Job, { env, sockets, warmPrograms }: Surroundings): void {
    const { key, site } = job.target
    // One that is to be forgotten after this very message is there still.
    if (!this.programs.delete(key) && !this.outgoing.forget.delete(key)) this.outgoing.load.push({ ...job.target, env: env(site) })
    this.programs.set(key, true)
    if (this.programs.size > warmPrograms()) this.forgetOldest()
    const channels = sockets(site)
    if (channels !== undefined && this.sockets.get(site) !== channels) {
      this.sockets.set(site, channels)
      this.outgoing.sockets.push([site, channels])
    }
    const ms = job.queue.load.estimateMs
    this.active.set(job.id, ms)
    this.expectedMs += ms
    this.outgoing.jobs.push(job.id, key, job.request, job.meta, job.body)
  }

  private forgetOldest(): void {
    const oldest = this.programs.keys().next().value!
    this.programs.delete(oldest)
    this.outgoing.forget.add(oldest)
  }

  verdict(unit: string, seq: number | null): void {
    this.verdicts.push([unit, seq])
    // Units that begin after this should know, so it goes before their jobs; on its own it can wait for others.
    if (this.verdicts.length === 1) setImmediate(() => this.send())
  }

  send(): void {
    const { jobs, load, forget, sockets } = this.outgoing
    if (jobs.length === 0 && this.verdicts.length === 0) return
    const message: { -readonly [K in keyof ToSandbox]: ToSandbox[K] } = {}
    if (jobs.length > 0) message.jobs = jobs
    if (load.length > 0) message.load = load
    if (forget.size > 0) message.forget = [...forget]
    if (sockets.length > 0) message.sockets = sockets
    if (this.verdicts.length > 0) message.verdicts = this.verdicts
    this.outgoing = empty()
    this.verdicts = []
    this.post(message)
  }

  start(request: StartRequest): void {
    this.starting = request
    this.post({ start: request })
  }

  post(message: ToSandbox): void {
    this.worker.postMessage(message)
  }

  /** The job waits for something outside, and does not keep the thread busy. */
  nowWaits(id: number): boolean {
    const wasActive = this.leaveActive(id)
    if (wasActive) this.waiting.add(id)
    return wasActive
  }

  /** It has been answered, and goes on. */
  goesOn(id: number): void {
    this.leaveActive(id)
    this.waiting.delete(id)
    this.answered.add(id)
  }

  forget(id: number): void {
    this.leaveActive(id)
    this.waiting.delete(id)
    this.answered.delete(id)
  }

  private leaveActive(id: number): boolean {
    const ms = this.active.get(id)
    if (ms === undefined) return false
    this.active.delete(id)
    this.expectedMs = this.active.size === 0 ? 0 : this.expectedMs - ms
    return true
  }

  end(): Promise<unknown> {
    this.worker.removeAllListeners()
    return this.worker.terminate()
  }
}

const empty = () => ({
  load: [] as Array<Loaded>,
  forget: new Set<string>(),
  jobs: [] as Array<number | string | Uint8Array | undefined>,
  sockets: [] as Array<readonly [string, Readonly<Record<string, number>>]>,
})

export const startThread = (
  options: { readonly thread: URL; readonly engine: Promise<Engine> } & Omit<SandboxThreadOptions, "watch">,
  events: ThreadEvents,
): SandboxThread => {
  const { path, engine, settings } = options
  const watch = new SharedArrayBuffer(watchBytes)
  const workerData: SandboxThreadOptions = { path, watch, settings }
  const worker = new Worker(options.thread, { workerData, name: "fazt-sandbox", resourceLimits })
  const thread = new SandboxThread(worker, watcher(watch))
  worker.on("message", (message: FromSandbox) => {
    if (message.ready === undefined) return events.message(thread, message)
    thread.becameReady(message.ready.thread)
    events.ready()
  })
  engine.then(
    (made) => worker.postMessage({ engine: made } satisfies EngineMade),
    (error) => events.died(thread, error),
  )
  worker.once("error", (error) => events.died(thread, error))
  worker.once("exit", (code) => events.died(thread, new Error(`A sandbox thread ended with code ${code}.`)))
  worker.unref()
  return thread
}
