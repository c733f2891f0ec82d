import { unitText } from "../commands/unitText.ts"
import { cutMessage } from "./cutMessage.ts"
import type { Broadcast, Invocation, InvocationLimits, Kick, LogLevel } from "./host.ts"
import type { Effects, LogEntry, SandboxSettings, SentUnit } from "./messages.ts"
import type { GuestAnswer, Run, RunLimits, RunProblem } from "./run.ts"
import type { Storage } from "./storage.ts"
import type { Unit, UnitWrites } from "./unit.ts"

/** What a run needs of the thread it runs in. */
export interface RunHome {
  readonly settings: SandboxSettings
  readonly storage: () => Storage
  readonly subscribers: (site: string, channel: string) => number
  /** A name for a unit of work that no other has. */
  readonly newUnit: () => string
  readonly post: (run: JobRun, answer: GuestAnswer) => void
  readonly end: (run: JobRun, problem: RunProblem | undefined) => void
  readonly wake: (run: JobRun) => void
  readonly suspend: (run: JobRun, request: string, body: string) => void
  readonly outbound: (run: JobRun) => void
  /** Throws, through whatever runs, if the run's time is up. */
  readonly checkDeadline: (run: JobRun) => void
  readonly entered: (job: number) => void
  readonly left: () => void
}

/** One job while it runs: its unit of work, its logs, what it wants sent. */
export class JobRun implements Run, Invocation {
  readonly id: number
  readonly site: string
  readonly request: string
  readonly env: Readonly<Record<string, string>>
  readonly now = Date.now()
  readonly meta: string
  readonly body: string | Uint8Array | undefined
  readonly limits: RunLimits & InvocationLimits
  private readonly home: RunHome
  private work: Unit | undefined
  private controller: AbortController | undefined
  private wantsAbort = false
  private lines: Array<LogEntry> = []
  private linesLeft: number
  private messages: Array<Broadcast | Kick> = []
  hasCalledOut = false
  /** Answers of the calls that a script waits for without giving way; the script is run again with one more each time. */
  fetched: Array<{ readonly request: string; readonly answer: string }> = []

  constructor(
    home: RunHome,
    job: {
      readonly id: number
      readonly site: string
      readonly request: string
      readonly env: Readonly<Record<string, string>>
      readonly meta: string
      readonly body: string | Uint8Array | undefined
    },
    limits: RunLimits & InvocationLimits,
  ) {
    this.home = home
    this.id = job.id
    this.site = job.site
    this.request = job.request
    this.env = job.env
    this.meta = job.meta
    this.body = job.body
    this.limits = limits
    this.linesLeft = home.settings.logLines
  }

  get invocation(): Invocation {
    return this
  }

  unit(): Unit {
    this.work ??= this.home.storage().begin(this.site, this.home.newUnit(), this.now, this.request)
    return this.work
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.wantsAbort) this.controller.abort()
    return this.controller.signal
  }

  log(level: LogLevel, message: string): void {
    if (this.linesLeft === 0) return
    this.linesLeft--
    this.lines.push({ at: Date.now(), level, message: cutMessage(message) })
    if (this.linesLeft > 0) return
    const text = `This request has logged ${this.home.settings.logLines} lines (functions.log_lines); what it logs after this is dropped.`
    this.lines.push({ at: Date.now(), level: "warn", message: text })
  }

  live(message: Broadcast | Kick): void {
    this.messages.push(message)
  }

  subscribers(channel: string): number {
    return this.home.subscribers(this.site, channel)
  }

  outbound(): void {
    if (this.hasCalledOut) return
    this.hasCalledOut = true
    this.home.outbound(this)
  }

  checkDeadline(): void {
    this.home.checkDeadline(this)
  }

  answered(answer: GuestAnswer): void {
    this.home.post(this, answer)
  }

  uncaught({ message, stack }: RunProblem): void {
    this.log("error", stack === undefined ? `Uncaught ${message}` : `Uncaught ${message}\n${stack.trimEnd()}`)
  }

  ended(problem: RunProblem | undefined): void {
    this.wantsAbort = true
    this.controller?.abort()
    this.home.end(this, problem)
  }

  wake(): void {
    this.home.wake(this)
  }

  suspended(request: string, body: string): void {
    this.home.suspend(this, request, body)
  }

  entered(): void {
    this.home.entered(this.id)
  }

  left(): void {
    this.home.left()
  }

  /** What it has left behind since the last time this was asked. */
  takeEffects(): Effects | undefined {
    const { work, lines: logs, messages: live } = this
    let writes: SentUnit | undefined
    if (work !== undefined) {
      const finished = work.finish()
      if (finished !== undefined) writes = sentUnit(work.id, finished)
      this.work = undefined
    }
    if (writes === undefined && logs.length === 0 && live.length === 0 && !this.hasCalledOut) return undefined
    this.lines = []
    this.messages = []
    return { writes, logs, live, outbound: this.hasCalledOut, more: false }
  }

  async settled(): Promise<boolean> {
    const seen = this.work?.seenUnits() ?? []
    return seen.length === 0 || this.home.storage().settled(seen)
  }

  /** It waits for something outside. */
  pause(): void {
    this.work?.pause()
  }

  /** What it wrote is dropped, with what it wanted to send; its logs stay. */
  dropWrites(): void {
    this.work?.abandon()
    this.work = undefined
    this.messages = []
  }

  /** Everything of a first attempt is forgotten, since the script begins again. */
  startOver(): void {
    this.dropWrites()
    this.lines = []
    this.linesLeft = this.home.settings.logLines
  }
}

const sentUnit = (id: string, { request, blobs }: UnitWrites): SentUnit => {
  let events = 0
  let indexes = 0
  for (const stream of request.streams) {
    events += stream.events.length
    for (const { type } of stream.events) if (type === "v1.DocumentIndexDeclared") indexes++
  }
  return { id, text: unitText(request), blobs, events, indexes }
}
