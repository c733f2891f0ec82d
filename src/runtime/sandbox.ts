import { performance } from "node:perf_hooks"
import { threadCpuMs } from "./cpuClock.ts"
import { evalFlags, stripAll, stripOffset, tags } from "./engine/abi.ts"
import { newContext } from "./engine/engine.ts"
import { Guest, GuestOutOfMemory, type Layout } from "./engine/guest.ts"
import { answerProblem } from "./guestAnswer.ts"
import { type Binding, GuestError, type HostFunction, type HostResult, type HostTable, type HostTask, type Invocation } from "./host.ts"
import { adoptImage, type Image, type Installed, restoreImage, takeImage } from "./image.ts"
import { SnapshotMoved } from "./unit.ts"

/** The compiled engine and where it keeps what a restore needs. */
export interface Engine {
  readonly module: WebAssembly.Module
  readonly layout: Layout
}

/** Limits of one run that are enforced here, from outside user code. */
export interface RunLimits {
  /** Processor time of the whole run, in milliseconds. */
  readonly cpuMs: number
  /** Calls of host functions. */
  readonly hostCalls: number
  /** Bytes that cross to host functions. */
  readonly hostBytes: number
  readonly responseBytes: number
}

/** Why a run ended without finishing. `error` is user code's own doing and carries what it threw. */
export interface RunProblem {
  readonly kind: "conflict" | "cpu" | "wall" | "host_calls" | "memory" | "stack" | "stuck" | "response_size" | "error" | "defect"
  readonly message: string
  /** As the engine gives it: lines of `at name (file:line:column)`. */
  readonly stack?: string | undefined
}

/** An answer as user code made it: `meta` is what `readAnswer` takes apart, the body text or bytes. */
export interface GuestAnswer {
  readonly meta: string
  readonly body: string | Uint8Array
}

/** One run of user code, as the thread that runs it sees it. */
export interface Run {
  readonly invocation: Invocation
  readonly limits: RunLimits
  /** The answer is there; the run may go on with what it wanted to finish afterwards. */
  readonly answered: (answer: GuestAnswer) => void
  /** User code threw where nobody waits for it any more. */
  readonly uncaught: (problem: RunProblem) => void
  /** Nothing of it runs any more. `problem` if it did not come to its end. */
  readonly ended: (problem: RunProblem | undefined) => void
  /** It can go on: `resume` is to be called in a later turn. */
  readonly wake: () => void
  /** It waits for an answer to this request (JSON and body) in the middle of its code: `begin` it again once `fetched` has it. */
  readonly suspended: (request: string, body: string) => void
  readonly fetched: ReadonlyArray<{ readonly request: string; readonly answer: string }>
  /** Told before and after user code runs, for a watchdog. */
  readonly entered: () => void
  readonly left: () => void
}

/** Ends a run at once. It passes through the engine's frames as an exception of the host, so that no code inside can catch it. */
class RunEnded extends Error {
  readonly problem: RunProblem
  constructor(problem: RunProblem) {
    super(problem.message)
    this.problem = problem
  }
}

/** Ends a run that is to begin again when the answer is there. */
class RunSuspended extends Error {
  readonly request: string
  readonly body: string
  constructor(request: string, body: string) {
    super("suspended")
    this.request = request
    this.body = body
  }
}

/** The clock is looked at when so many bytes have crossed, if not before. */
const bytesBetweenChecks = 32 * 1024

/** Unfinished host tasks that one run may have. */
const maxTasks = 64

/** What host functions may be used while a program starts: whatever they gave would be the same in every request. */
const allowedAtStart = /^(url|text|base64|console|engine|time|random\.math|crypto\.(digest|hash|importKey|hmac))/

const [callId, startId] = [1, 2]

const notPositive = (value: number): boolean => !(value > 0)

/** One guest and the runs in it, one after another. */
export class Sandbox {
  private readonly engine: Engine
  private readonly guest: Guest
  private readonly names: ReadonlyArray<string>
  private readonly ops: ReadonlyArray<HostFunction | HostTask>
  private image: Image | undefined
  private ctx = 0
  private run: Run | undefined
  private starting = false
  private startLog: Invocation["log"] = () => {}

  /** Raised with each restore: what comes back for an earlier run is dropped. */
  private epoch = 0
  /** When the processor time that is left would be used up, if nobody else had the processor meanwhile. */
  private deadline = Number.POSITIVE_INFINITY
  private allowedMs = Number.POSITIVE_INFINITY
  private sliceCpu = 0
  private ticks = 8
  private lastPoll = 0
  private cpuMs = 0
  private calls = 0
  private bytes = 0
  private bytesAtCheck = 0
  private tasks = 0
  private settled: Array<{ readonly id: number; readonly ok: boolean; readonly text: string; readonly bytes: Uint8Array | undefined }> = []
  private hasAnswered = false
  private hasFinished = false
  private fetchedSoFar = 0

  constructor(
    engine: Engine,
    maxBytes: number,
    bindings: ReadonlyArray<Binding>,
    loader: Pick<Guest["host"], "loadModule" | "normalizeModule">,
  ) {
    this.engine = engine
    this.guest = new Guest(engine.module, maxBytes)
    this.guest.host = {
      ...loader,
      callFunction: (argc, argv, id) => this.callFunction(argc, argv, id),
      poll: () => this.poll(),
    }
    const table: HostTable = Object.assign({}, ...bindings.map((binding) => binding(() => this.invocation())), this.engineFunctions())
    this.names = Object.keys(table)
    this.ops = Object.values(table)
  }

  /** How far memory has grown: it cannot shrink, so a guest that grew much is better replaced. */
  get memoryBytes(): number {
    return this.guest.bytes.length
  }

  /** Milliseconds of processor time that the current run has used. */
  get usedMs(): number {
    return this.cpuMs
  }

  private invocation(): Invocation {
    if (this.run !== undefined) return this.run.invocation
    if (this.starting) return { log: this.startLog } as Invocation
    throw new Error("No request runs in this sandbox.")
  }

  // ── Starting ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A new context with the prelude evaluated in it, and no user code. */
  prepare(prelude: string): void {
    const { guest } = this
    const { rt, ctx } = newContext(guest)
    this.ctx = ctx
    const { exports } = guest
    const global = exports.getGlobal(ctx)
    guest.setProperty(ctx, global, "__ops", this.evaluated(JSON.stringify(this.names), "ops.js"))
    for (const [name, id] of [
      ["__call", callId],
      ["__start", startId],
    ] as const) {
      guest.setProperty(ctx, global, name, exports.newFunction(ctx, guest.cString(name), 0, 0, id))
    }
    this.deadline = Number.POSITIVE_INFINITY
    // Nobody reads the prelude's source: without it, its functions take half the memory.
    guest.bytes[rt + stripOffset] = stripAll
    this.evaluated(prelude, "prelude.js")
    guest.bytes[rt + stripOffset] = 0
    const entry = guest.property(ctx, global, "__fazt")
    const pointers = {
      rt,
      ctx,
      dispatch: guest.property(ctx, entry, "dispatch"),
      settle: guest.property(ctx, entry, "settle"),
      job: guest.malloc(8),
    }
    this.startPointers = pointers
    this.pump(rt, pointers.job)
  }
  private startPointers: Image["pointers"] | undefined

  /**
   * Starts a program: `code` is evaluated by the entry script's function `start`, and everything it began is finished. Then the
   * guest's state is the image that every request begins with.
   */
  start(steps: (evaluate: (code: string, file: string, asModule: boolean) => void) => void, limitMs: number, log: Invocation["log"]): void {
    const { rt, job } = this.startPointers!
    this.starting = true
    this.startLog = log
    this.beginSlice(performance.now(), limitMs)
    this.calls = 0
    this.bytes = 0
    this.bytesAtCheck = 0
    this.armPolling()
    try {
      steps((code, file, asModule) => {
        const value = this.evaluated(code, file, asModule ? evalFlags.module : evalFlags.script)
        this.pump(rt, job)
        if (asModule) this.mustBeFulfilled(value)
      })
      if (this.tasks > 0) throw new StartProblem("The program still waits for something when it has been loaded.", undefined)
    } catch (error) {
      throw asStartProblem(error, limitMs)
    } finally {
      this.starting = false
      this.deadline = Number.POSITIVE_INFINITY
    }
  }

  takeImage(shared: boolean): Image {
    return takeImage(this.guest, this.engine.layout.top, this.startPointers!, shared)
  }

  private evaluated(code: string, file: string, flags: number = evalFlags.script): number {
    const value = this.guest.evaluate(this.ctx, code, file, flags)
    const thrown = this.guest.thrown(this.ctx, value)
    if (thrown !== undefined) throw StartProblem.from(thrown)
    return value
  }

  /** The promise that a module's evaluation gives: it must have ended by now, since nothing else can happen. */
  private mustBeFulfilled(promise: number): void {
    const { exports } = this.guest
    if (!this.guest.isObject(promise)) return
    const state = exports.promiseState(this.ctx, promise) | 0
    if (state === 0) throw new StartProblem("The top-level await of the program never ends.", undefined)
    if (state === 2) throw StartProblem.from(this.guest.textAt(exports.dump(this.ctx, exports.promiseResult(this.ctx, promise))))
  }

  // ── Running ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins with this image; it has been taken in a guest with the same host functions. */
  adopt(image: Image): void {
    this.image = image
    this.startPointers = image.pointers
    this.ctx = image.pointers.ctx
    this.forget()
    this.installed = adoptImage(this.guest, this.engine.layout.brk, image)
  }
  private installed: Installed | undefined

  /** Forgets everything that happened since the image was taken. */
  restore(): void {
    this.forget()
    const { guest } = this
    const installed = this.installed
    const { brk } = this.engine.layout
    // After a trap nothing is taken for granted, the cards included.
    const isRestored = !this.mustCopyAll && installed !== undefined && restoreImage(guest, brk, installed)
    if (!isRestored) this.installed = adoptImage(guest, brk, this.image!)
    this.mustCopyAll = false
  }

  private forget(): void {
    this.epoch++
    this.run = undefined
    this.settled = []
    this.tasks = 0
  }
  private mustCopyAll = false

  /** Runs user code for one request until it has to wait. */
  begin(run: Run, meta: string, body: string | Uint8Array | undefined): void {
    this.run = run
    // A run that begins again has used what it has used.
    if (run.fetched.length === 0) {
      this.cpuMs = 0
      this.calls = 0
      this.bytes = 0
      this.bytesAtCheck = 0
    }
    this.hasAnswered = false
    this.hasFinished = false
    this.fetchedSoFar = 0
    this.slice(() => {
      const { guest, ctx } = this
      const content =
        body === undefined
          ? guest.exports.getUndefined()
          : typeof body === "string"
            ? guest.newString(ctx, body)
            : guest.newBytes(ctx, body)
      const method = meta.indexOf("\n")
      const url = meta.indexOf("\n", method + 1)
      const parts = [meta.slice(0, method), meta.slice(method + 1, url), meta.slice(url + 1)]
      this.callGuest(this.image!.pointers.dispatch, [...parts.map((part) => guest.newString(ctx, part)), content])
    })
  }

  /** Goes on with what host tasks have brought. */
  resume(): void {
    if (this.run === undefined || this.settled.length === 0) return
    this.slice(() => {
      const { guest, ctx } = this
      const arrived = this.settled
      this.settled = []
      for (const { id, ok, text, bytes } of arrived) {
        const content = bytes === undefined ? guest.exports.getUndefined() : guest.newBytes(ctx, bytes)
        const flag = guest.newNumber(ctx, ok ? 1 : 0)
        this.callGuest(this.image!.pointers.settle, [guest.newNumber(ctx, id), flag, guest.newString(ctx, text), content])
      }
    })
  }

  /** Ends the run from outside, as when its time is up. */
  abort(problem: RunProblem): void {
    const { run } = this
    if (run === undefined) return
    this.run = undefined
    this.epoch++
    run.ended(problem)
  }

  private slice(work: () => void): void {
    const run = this.run!
    const began = performance.now()
    this.beginSlice(began, run.limits.cpuMs - this.cpuMs)
    this.armPolling()
    run.entered()
    let problem: RunProblem | undefined
    let suspension: RunSuspended | undefined
    try {
      work()
      const { rt, job } = this.image!.pointers
      this.pump(rt, job)
    } catch (error) {
      if (error instanceof RunSuspended) suspension = error
      else {
        problem = problemOf(error, run.limits)
        this.mustCopyAll = true
      }
    }
    run.left()
    this.cpuMs += this.sliceMs(performance.now() - began)
    if (this.run !== run) return
    if (suspension !== undefined) {
      // Its stack is gone: nothing may come back to it before it has begun again.
      this.epoch++
      this.settled = []
      this.tasks = 0
      return run.suspended(suspension.request, suspension.body)
    }
    if (problem === undefined && !this.isOver()) return
    this.run = undefined
    this.epoch++
    run.ended(problem ?? (this.hasAnswered ? undefined : stuck))
  }

  /** Whether nothing more can happen: all is done, or nobody is left who could wake it. */
  private isOver(): boolean {
    return this.hasFinished || (this.tasks === 0 && this.settled.length === 0)
  }

  private callGuest(fn: number, args: ReadonlyArray<number>): void {
    const { guest, ctx } = this
    const thrown = guest.thrown(ctx, guest.call(ctx, fn, args))
    if (thrown !== undefined) throw new RunEnded({ kind: "error", ...messageOf(thrown) })
  }

  /** Runs the promise jobs that wait. */
  private pump(rt: number, job: number): void {
    const { exports } = this.guest
    while (exports.isJobPending(rt) !== 0) {
      exports.executePendingJob(rt, -1, job)
      this.checkDeadline()
    }
  }

  private beginSlice(now: number, allowedMs: number): void {
    this.allowedMs = allowedMs
    this.deadline = now + allowedMs
    this.sliceCpu = threadCpuMs()
  }

  /** Processor time of a slice that has taken so long. Below a few milliseconds the difference is not worth asking for. */
  private sliceMs(elapsed: number): number {
    return elapsed < 5 ? elapsed : threadCpuMs() - this.sliceCpu
  }

  // ── Being called ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The engine asks every so many ticks whether to go on. Its own number is so large that slow native calls overshoot without
   * bound, so the counter is set here: small, growing while polls come quickly, and small again after one that came late.
   */
  private poll(): void {
    const now = performance.now()
    this.checkDeadline(now)
    const gap = now - this.lastPoll
    this.lastPoll = now
    if (gap > 1) this.ticks = Math.max(1, this.ticks >> 4)
    else if (gap < 0.05) this.ticks = Math.min(200, this.ticks * 2)
    this.guest.setWord(this.ctx + this.engine.layout.interruptCounter, this.ticks)
  }

  private armPolling(): void {
    this.ticks = 8
    this.lastPoll = performance.now()
    this.guest.setWord(this.ctx + this.engine.layout.interruptCounter, this.ticks)
  }

  /** Ends the run if its processor time is used up. Only when the time on the wall is up is the other clock looked at. */
  checkDeadline(now: number = performance.now()): void {
    if (now <= this.deadline) return
    const left = this.allowedMs - (threadCpuMs() - this.sliceCpu)
    if (left <= 0) throw this.outOfTime()
    this.deadline = now + left
  }

  private outOfTime(): RunEnded {
    const limit = this.run?.limits.cpuMs
    return new RunEnded({ kind: "cpu", message: `It used more than ${limit ?? "the allowed"} ms of processor time (functions.cpu_ms).` })
  }

  private callFunction(argc: number, argv: number, id: number): number {
    const { guest, ctx } = this
    if (argc === 0) return 0
    this.spend(0)
    const number = guest.number(ctx, argv)
    const op = this.ops[number]
    try {
      if (op === undefined) throw notTaken()
      if (this.starting && !allowedAtStart.test(this.names[number]!)) throw notAtStart(this.names[number]!)
      const first = id === callId ? 1 : 2
      if (op.kind === "sync") return this.valueOf(op.run(...(this.argumentsOf(op.takes, argc, argv, first) as never)))
      if (id !== startId) throw notTaken()
      this.startTask(op, guest.number(ctx, argv + 8), this.argumentsOf(op.takes, argc, argv, first))
      return 0
    } catch (error) {
      if (error instanceof GuestError) return this.throwInGuest(error)
      throw error
    }
  }

  private spend(bytes: number): void {
    this.calls++
    this.bytes += bytes
    const limits = this.run?.limits
    if (limits !== undefined && (this.calls > limits.hostCalls || this.bytes > limits.hostBytes)) {
      throw new RunEnded({
        kind: "host_calls",
        message: `It called the host more than ${limits.hostCalls} times, or with more than ${limits.hostBytes} bytes (functions.host_calls).`,
      })
    }
    // What moves much may take the host long.
    if ((this.calls & 15) !== 0 && this.bytes < this.bytesAtCheck + bytesBetweenChecks) return
    this.bytesAtCheck = this.bytes
    this.checkDeadline()
  }

  private argumentsOf(takes: string, argc: number, argv: number, first: number): ReadonlyArray<string | number | Uint8Array> {
    const { guest, ctx } = this
    const args: Array<string | number | Uint8Array> = []
    for (let i = 0; i < takes.length; i++) {
      const at = first + i
      const address = argv + 8 * at
      const tag = at < argc ? guest.word(address + 4) : tags.undefined
      if (takes[i] === "n") {
        if (!isNumber(tag)) throw notTaken()
        args.push(guest.number(ctx, address))
      } else if (takes[i] === "b") {
        const content = tag === tags.object ? guest.bytesOf(ctx, address) : undefined
        // What is no buffer, or has been transferred away, is given as nothing at address 0.
        if (content === undefined || content.byteOffset === 0) throw notTaken()
        this.bytes += content.byteLength
        args.push(content)
      } else {
        const text = tag === tags.string || tag === tags.rope ? guest.text(ctx, address) : undefined
        if (text === undefined) throw notTaken()
        this.bytes += text.length
        args.push(text)
      }
    }
    return args
  }

  private valueOf(result: HostResult): number {
    const { guest, ctx } = this
    if (result === undefined) return 0
    if (typeof result === "string") {
      this.bytes += result.length
      return guest.newString(ctx, result)
    }
    if (typeof result === "number") return guest.newNumber(ctx, result)
    if (typeof result === "boolean") return guest.newNumber(ctx, result ? 1 : 0)
    this.bytes += result.byteLength
    return guest.newBytes(ctx, result)
  }

  private throwInGuest({ name, message, code }: GuestError): number {
    const { guest, ctx } = this
    const error = guest.exports.newError(ctx)
    guest.setProperty(ctx, error, "name", guest.newString(ctx, name))
    guest.setProperty(ctx, error, "message", guest.newString(ctx, message.replaceAll("\0", "\uFFFD")))
    if (code !== undefined) guest.setProperty(ctx, error, "code", guest.newString(ctx, code))
    return guest.exports.throwValue(ctx, error)
  }

  private startTask(op: HostTask, id: number, args: ReadonlyArray<unknown>): void {
    const { epoch } = this
    const settle = (ok: boolean, text: string, bytes: Uint8Array | undefined): void => {
      if (epoch !== this.epoch || this.run === undefined) return
      this.tasks--
      this.settled.push({ id, ok, text, bytes })
      if (this.settled.length === 1) this.run.wake()
    }
    this.tasks++
    const answer =
      this.tasks > maxTasks
        ? Promise.reject(new GuestError(`A request can wait for ${maxTasks} things at a time.`, { code: "TOO_MANY_TASKS" }))
        : op.start(...(args as never))
    answer.then(
      ({ text, bytes }) => settle(true, text, bytes),
      (error) => settle(false, JSON.stringify(asGuestError(error)), undefined),
    )
  }

  /** What the entry script tells the host about the run itself. */
  private engineFunctions(): HostTable {
    const answer = (meta: string, body: string | Uint8Array, isOver: number): undefined => {
      const run = this.run!
      if (this.hasAnswered) return undefined
      const size = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength
      const problem = size > run.limits.responseBytes ? tooLarge(run.limits.responseBytes) : answerProblem(meta, run.invocation)
      if (problem !== undefined) throw new RunEnded(problem)
      this.hasAnswered = true
      this.hasFinished = isOver === 1
      run.answered({ meta, body: typeof body === "string" ? body : Buffer.from(body) })
      return undefined
    }
    return {
      "engine.answerText": { kind: "sync", takes: "ssn", run: answer },
      "engine.answerBytes": { kind: "sync", takes: "sbn", run: answer },
      /** Everything that `waitUntil` was given has ended. */
      "engine.finished": {
        kind: "sync",
        takes: "",
        run: (): undefined => {
          this.hasFinished = true
        },
      },
      /** The handler threw: JSON of `{ name, message, stack }`. */
      "engine.failed": {
        kind: "sync",
        takes: "s",
        run: (error: string): undefined => {
          throw new RunEnded({ kind: "error", ...messageOf(error) })
        },
      },
      /** A call to another server that the script waits for without giving way: JSON of its answer. */
      "engine.fetchNow": {
        kind: "sync",
        takes: "ss",
        run: (request: string, body: string): string => {
          if (this.run === undefined) throw notAtStart("fetch")
          // What the answer leaves behind has gone out already.
          if (this.hasAnswered) throw notTaken()
          const known = this.run.fetched[this.fetchedSoFar]
          if (known === undefined) throw new RunSuspended(request, body)
          if (known.request !== request) throw new RunEnded({ kind: "error", message: otherCall })
          this.fetchedSoFar++
          return known.answer
        },
      },
      "engine.uncaught": {
        kind: "sync",
        takes: "s",
        run: (error: string): undefined => {
          this.run?.uncaught({ kind: "error", ...messageOf(error) })
        },
      },
    }
  }
}

const tooLarge = (bytes: number): RunProblem => ({
  kind: "response_size",
  message: `Its response is larger than ${bytes} bytes (functions.response_bytes).`,
})

const stuck: RunProblem = { kind: "stuck", message: "It waits for something that never comes: its promise can no longer settle." }

const otherCall =
  "It called another server for something else when it was run again with the answer. Code that waits for a call in its middle has to make the same calls each time; `await fetch()` in a module does not."

const notAtStart = (op: string) =>
  new GuestError(
    `${op} cannot be used while the program is being loaded, since every request begins with what it left in memory. Use it inside the handler.`,
    { code: "NOT_AT_START" },
  )

/** Numbers are those that are not tagged as something else. */
const isNumber = (tag: number): boolean => tag === tags.int || tag < tags.bigInt || tag > tags.shortBigInt

/** User code can have changed what the entry script is written with, so what that passes on is looked at again. */
const notTaken = () => new GuestError("A function of the server was given something that it does not take.", { name: "TypeError" })

const asGuestError = (error: unknown): { readonly name: string; readonly message: string; readonly code: string | undefined } =>
  error instanceof GuestError
    ? { name: error.name, message: error.message, code: error.code }
    : { name: "Error", message: "Something went wrong in the server.", code: "INTERNAL_ERROR" }

/** What the engine says of a thrown value: JSON of an error's parts, or of the value itself. */
const messageOf = (thrown: string): { readonly message: string; readonly stack: string | undefined } => {
  try {
    const value: unknown = JSON.parse(thrown)
    if (typeof value !== "object" || value === null) return { message: `Uncaught ${thrown}`, stack: undefined }
    const { name, message, stack } = value as { readonly name?: unknown; readonly message?: unknown; readonly stack?: unknown }
    if (message === undefined) return { message: `Uncaught ${thrown.slice(0, 1000)}`, stack: undefined }
    return {
      message: `${typeof name === "string" ? name : "Error"}: ${String(message)}`,
      stack: typeof stack === "string" && stack !== "" ? stack : undefined,
    }
  } catch {
    return { message: thrown.slice(0, 1000), stack: undefined }
  }
}

/** How a slice ended that did not come back. */
const problemOf = (error: unknown, limits: RunLimits): RunProblem => {
  if (error instanceof RunEnded) return error.problem
  if (error instanceof SnapshotMoved) return { kind: "conflict", message: error.message }
  if (error instanceof GuestOutOfMemory) return { kind: "memory", message: "It ran out of memory (functions.memory_bytes)." }
  // Deep recursion of the engine itself, as in a regular expression or a deeply nested literal, overflows the thread's own stack.
  if (error instanceof RangeError && error.message.includes("call stack")) return { kind: "stack", message: "Its calls nest too deeply." }
  if (error instanceof WebAssembly.RuntimeError)
    return { kind: "memory", message: `It ended in the engine (${error.message}), as when memory runs out.` }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: "defect", message: notPositive(limits.cpuMs) ? "No processor time is allowed." : text }
}

/** A program that does not start, and where. */
export class StartProblem extends Error {
  override readonly name = "StartProblem"
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | undefined
  constructor(message: string, stack: string | undefined) {
    super(message)
    this.place = placeIn(stack)
  }
  static from(thrown: string): StartProblem {
    const { message, stack } = messageOf(thrown)
    return new StartProblem(message, stack)
  }
}

const asStartProblem = (error: unknown, limitMs: number): unknown => {
  if (error instanceof StartProblem) return error
  if (error instanceof RunEnded) {
    const message = error.problem.kind === "cpu" ? `It is not loaded after ${limitMs} ms.` : error.problem.message
    return new StartProblem(message, error.problem.stack)
  }
  if (error instanceof GuestOutOfMemory || error instanceof RangeError || error instanceof WebAssembly.RuntimeError) {
    return new StartProblem(`The program cannot be loaded: ${error.message}.`, undefined)
  }
  return error
}

/** The first place in user code that a stack names. */
export const placeIn = (
  stack: string | undefined,
): { readonly file: string; readonly line: number; readonly column: number } | undefined => {
  for (const [, file, line, column] of (stack ?? "").matchAll(/at (?:.*?\()?([^\s()]+?):(\d+)(?::(\d+))?\)?$/gm)) {
    if (file !== "prelude.js" && !file!.startsWith("<")) return { file: file!, line: Number(line), column: Number(column ?? 1) }
  }
  return undefined
}
