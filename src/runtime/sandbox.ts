import { hostTable } from "./bindings/all.ts"
import type { EngineHost } from "./bindings/engine.ts"
import type { Engine } from "./blank.ts"
import { CpuBudget } from "./cpuBudget.ts"
import { evalFlags } from "./engine/abi.ts"
import { Guest } from "./engine/guest.ts"
import { answerProblem } from "./guestAnswer.ts"
import { GuestMemory } from "./guestMemory.ts"
import type { Invocation } from "./host.ts"
import { HostCalls, notAtStart, notTaken } from "./hostCalls.ts"
import { HostTasks } from "./hostTasks.ts"
import { type Image, takeImage } from "./image.ts"
import type { ProgramCode } from "./program.ts"
import type { Run, RunProblem } from "./run.ts"
import { otherCall, problemOf, RunEnded, RunSuspended, stuck, thrownProblem, tooLarge } from "./runEnd.ts"
import { asStartProblem, StartProblem } from "./startProblem.ts"

export type Evaluate = (code: string, file: string, asModule: boolean) => void

/** One guest and the runs in it, one after another, of one program after another. */
export class Sandbox {
  private readonly engine: Engine
  private readonly guest: Guest
  private readonly memory: GuestMemory
  private readonly calls: HostCalls
  private readonly budget = new CpuBudget()
  private readonly tasks = new HostTasks()
  private code: ProgramCode = noCode
  private run: Run | undefined
  /** Where lines go while a program starts. */
  private startLog: Invocation["log"] | undefined

  private isUsed = false
  private hasAnswered = false
  private hasFinished = false
  private fetchedSoFar = 0

  constructor(engine: Engine, maxBytes: number) {
    this.engine = engine
    const guest = new Guest(engine.module, maxBytes)
    const { ctx } = engine.blank.pointers
    this.guest = guest
    this.memory = new GuestMemory(guest, engine.blank, engine.layout.brk)
    const table = hostTable(() => this.invocation(), this.engineHost())
    this.calls = new HostCalls(guest, table, this.budget, {
      limits: () => this.run?.limits,
      isStarting: () => this.startLog !== undefined,
      startTask: (op, id, args) => this.tasks.start(op, id, args, () => this.run?.wake()),
    })
    guest.host = {
      loadModule: (name) => this.code.loadModule(name),
      normalizeModule: (base, name) => this.code.normalizeModule(base, name),
      callFunction: (argc, argv, id) => this.calls.call(ctx, argc, argv, id),
      poll: () => this.setTicks(this.budget.poll()),
    }
  }

  /** The state that it is in, or goes back to. */
  get image(): Image {
    return this.memory.image
  }

  /** How far memory has grown: it cannot shrink, so a guest that grew much is better replaced. */
  get memoryBytes(): number {
    return this.guest.bytes.length
  }

  /** How large the state may be that it is put into. */
  get maxBytes(): number {
    return this.guest.maxPages * 65_536
  }

  /** Milliseconds of processor time that the current run has used. */
  get usedMs(): number {
    return this.budget.usedMs
  }

  private invocation(): Invocation {
    if (this.run !== undefined) return this.run.invocation
    if (this.startLog !== undefined) return { log: this.startLog } as Invocation
    throw new Error("No request runs in this sandbox.")
  }

  // ── Starting ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Evaluates a program, finishes everything that this began, and takes the image that every request begins with. */
  start(code: ProgramCode, steps: (evaluate: Evaluate) => void, limitMs: number, log: Invocation["log"]): Image {
    const { blank, layout } = this.engine
    this.forget()
    this.resetLimits()
    this.use(blank.image, code)
    this.isUsed = true
    // The next program to start here begins with the same state, but is another's.
    this.memory.distrust()
    this.startLog = log
    this.beginSlice(limitMs)
    try {
      steps((source, file, asModule) => {
        const value = this.evaluated(source, file, asModule ? evalFlags.module : evalFlags.script)
        this.pump()
        if (asModule) this.mustBeFulfilled(value)
      })
      if (this.tasks.isWaiting) throw new StartProblem("The program still waits for something when it has been loaded.")
    } catch (error) {
      throw asStartProblem(error, limitMs)
    } finally {
      this.startLog = undefined
      this.budget.end()
    }
    // When the engine would ask next depends on how fast the machine is; the image of a program does not.
    this.setTicks(1)
    return takeImage(this.guest, layout.top, blank)
  }

  private evaluated(source: string, file: string, flags: number): number {
    const { ctx } = this.engine.blank.pointers
    const value = this.guest.evaluate(ctx, source, file, flags)
    const thrown = this.guest.thrown(ctx, value)
    if (thrown !== undefined) throw StartProblem.from(thrown)
    return value
  }

  /** The promise that a module's evaluation gives: it must have ended by now, since nothing else can happen. */
  private mustBeFulfilled(promise: number): void {
    const { exports } = this.guest
    const { ctx } = this.engine.blank.pointers
    if (!this.guest.isObject(promise)) return
    const state = exports.promiseState(ctx, promise) | 0
    if (state === 0) throw new StartProblem("The top-level await of the program never ends.")
    if (state === 2) throw StartProblem.from(this.guest.textAt(exports.dump(ctx, exports.promiseResult(ctx, promise))))
  }

  // ── Running ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes it ready for a request of the program that this image is of. */
  use(image: Image, code: ProgramCode): void {
    this.code = code
    if (image === this.image) return this.restore()
    this.forget()
    this.memory.set(image)
    this.isUsed = false
  }

  /** Forgets everything that happened since the image was taken. */
  restore(): void {
    if (!this.isUsed) return
    this.forget()
    this.memory.restore()
    this.isUsed = false
  }

  private forget(): void {
    this.run = undefined
    this.tasks.drop()
  }

  private resetLimits(): void {
    this.budget.usedMs = 0
    this.calls.reset()
  }

  /** Runs user code for one request until it has to wait. */
  begin(run: Run, meta: string, body: string | Uint8Array | undefined): void {
    this.run = run
    this.isUsed = true
    // A run that begins again has used what it has used.
    if (run.fetched.length === 0) this.resetLimits()
    this.hasAnswered = false
    this.hasFinished = false
    this.fetchedSoFar = 0
    this.slice(() => {
      const { guest } = this
      const { ctx, dispatch } = this.engine.blank.pointers
      const content =
        body === undefined
          ? guest.exports.getUndefined()
          : typeof body === "string"
            ? guest.newString(ctx, body)
            : guest.newBytes(ctx, body)
      const method = meta.indexOf("\n")
      const url = meta.indexOf("\n", method + 1)
      const parts = [meta.slice(0, method), meta.slice(method + 1, url), meta.slice(url + 1)]
      this.callGuest(dispatch, [...parts.map((part) => guest.newString(ctx, part)), content])
    })
  }

  /** Goes on with what host tasks have brought. */
  resume(): void {
    if (this.run === undefined || !this.tasks.hasSettled) return
    this.slice(() => {
      const { guest } = this
      const { ctx, settle } = this.engine.blank.pointers
      for (const { id, ok, text, bytes } of this.tasks.take()) {
        const content = bytes === undefined ? guest.exports.getUndefined() : guest.newBytes(ctx, bytes)
        const flag = guest.newNumber(ctx, ok ? 1 : 0)
        this.callGuest(settle, [guest.newNumber(ctx, id), flag, guest.newString(ctx, text), content])
      }
    })
  }

  /** Ends the run from outside, as when its time is up. */
  abort(problem: RunProblem): void {
    if (this.run !== undefined) this.end(this.run, problem)
  }

  /** Ends the run if its processor time is used up. */
  checkDeadline(): void {
    this.budget.check()
  }

  private slice(work: () => void): void {
    const run = this.run!
    this.beginSlice(run.limits.cpuMs)
    run.entered()
    let problem: RunProblem | undefined
    let suspension: RunSuspended | undefined
    try {
      work()
      this.pump()
    } catch (error) {
      if (error instanceof RunSuspended) suspension = error
      else {
        problem = problemOf(error)
        this.memory.distrust()
      }
    }
    run.left()
    this.budget.end()
    if (this.run !== run) return
    if (suspension !== undefined) {
      // Its stack is gone: nothing may come back to it before it has begun again.
      this.tasks.drop()
      run.suspended(suspension.request, suspension.body)
    } else if (problem !== undefined) this.end(run, problem)
    // All is done, or nobody is left who could wake it.
    else if (this.hasFinished || !this.tasks.isWaiting) this.end(run, this.hasAnswered ? undefined : stuck)
  }

  private end(run: Run, problem: RunProblem | undefined): void {
    this.forget()
    run.ended(problem)
  }

  private callGuest(fn: number, args: ReadonlyArray<number>): void {
    const { guest } = this
    const { ctx } = this.engine.blank.pointers
    const thrown = guest.thrown(ctx, guest.call(ctx, fn, args))
    if (thrown !== undefined) throw new RunEnded(thrownProblem(thrown))
  }

  /** Runs the promise jobs that wait. */
  private pump(): void {
    const { exports } = this.guest
    const { rt, job } = this.engine.blank.pointers
    while (exports.isJobPending(rt) !== 0) {
      exports.executePendingJob(rt, -1, job)
      this.budget.check()
    }
  }

  private beginSlice(limitMs: number): void {
    this.setTicks(this.budget.begin(limitMs))
  }

  private setTicks(ticks: number): void {
    const { blank, layout } = this.engine
    this.guest.setWord(blank.pointers.ctx + layout.interruptCounter, ticks)
  }

  // ── Being called ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  private engineHost(): EngineHost {
    return {
      answer: (meta, body, isOver) => {
        const run = this.run!
        if (this.hasAnswered) return undefined
        const size = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength
        const problem = size > run.limits.responseBytes ? tooLarge(run.limits.responseBytes) : answerProblem(meta, run.invocation)
        if (problem !== undefined) throw new RunEnded(problem)
        this.hasAnswered = true
        this.hasFinished = isOver === 1
        // Not in a Buffer: with that, all of the pool that it is cut from would be copied to the other thread.
        run.answered({ meta, body: typeof body === "string" ? body : new Uint8Array(body) })
        return undefined
      },
      finished: () => {
        this.hasFinished = true
        return undefined
      },
      failed: (error) => {
        throw new RunEnded(thrownProblem(error))
      },
      uncaught: (error) => {
        this.run?.uncaught(thrownProblem(error))
        return undefined
      },
      fetchNow: (request, body) => {
        if (this.run === undefined) throw notAtStart("fetch")
        // What the answer leaves behind has gone out already.
        if (this.hasAnswered) throw notTaken()
        const known = this.run.fetched[this.fetchedSoFar]
        if (known === undefined) throw new RunSuspended(request, body)
        if (known.request !== request) throw new RunEnded(otherCall)
        this.fetchedSoFar++
        return known.answer
      },
      code: () => this.code,
    }
  }
}

const nothing = (): never => {
  throw new Error("No program is in this sandbox.")
}

const noCode: ProgramCode = { loadModule: nothing, normalizeModule: nothing, resolve: nothing, source: nothing, stdlib: nothing }
