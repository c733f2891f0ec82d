import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { openForReading, type Sqlite } from "../events/cartridge.ts"
import { guestFile } from "../resources.ts"
import { allBindings } from "./bindings/all.ts"
import { fetchBinding } from "./bindings/fetch.ts"
import { cutMessage } from "./cutMessage.ts"
import { initialBytes } from "./engine/abi.ts"
import { findLayout } from "./engine/engine.ts"
import { fetchNow } from "./fetchNow.ts"
import { type Image, memoryOf } from "./image.ts"
import { JobRun, type RunHome } from "./jobRun.ts"
import type { FromSandbox, Jobs, Loaded, LogEntry, Outcome, SandboxThreadOptions, StartRequest, ToSandbox } from "./messages.ts"
import { CodeRefused, moduleLoader, type Program, requireBinding, startProgram } from "./program.ts"
import { programReader } from "./programs.ts"
import { type Engine, type GuestAnswer, type RunProblem, Sandbox, StartProblem } from "./sandbox.ts"
import { openStorage, type Storage } from "./storage.ts"
import { warmUpProgram } from "./warmUp.ts"
import { watched } from "./watch.ts"

/** A program that requests are run of, and its sandboxes. */
interface Running {
  readonly program: Program
  readonly site: string
  readonly image: Image
  env: Readonly<Record<string, string>>
  readonly free: Array<Sandbox>
  /** Their last run is over, and they have not been restored yet. */
  readonly used: Array<Sandbox>
}

interface Active {
  readonly run: JobRun
  readonly sandbox: Sandbox
  readonly running: Running
  answer: (GuestAnswer & { readonly effects: ReturnType<JobRun["takeEffects"]> }) | undefined
  isPosted: boolean
  /** Its answer said that more would come. */
  goesOn: boolean
  /** Processor time of which its answer has told. */
  toldMs: number
  isOver: boolean
  problem: RunProblem | undefined
  timer: NodeJS.Timeout | undefined
}

/** A sandbox whose memory has grown by more bytes than this is replaced: memory cannot shrink. */
const maxGrowth = 4 * 1024 * 1024

/** Answers wait for those of the same batch, but no longer than this many milliseconds. */
const maxBatchMs = 2

/** What one sandbox thread does: it loads programs, and runs requests of them, each in a sandbox that knows nothing of the others. */
export const sandboxes = (options: SandboxThreadOptions, post: (message: FromSandbox) => void) => {
  const engine: Engine = { module: options.module, layout: findLayout(options.module) }
  const prelude = readFileSync(guestFile("prelude.js"), "utf8")
  const watch = watched(options.watch)
  const programs = new Map<string, Running>()
  const active = new Map<number, Active>()
  const sockets = new Map<string, Readonly<Record<string, number>>>()
  let settings = options.settings
  let limits = { ...settings.run, ...settings.bindings }
  let blank: Image | undefined

  let db: Sqlite | undefined
  let storage: Storage | undefined
  const cartridge = (): Sqlite => (db ??= openForReading(options.path))
  const openedStorage = (): Storage => (storage ??= openStorage(options.path))

  const unitPrefix = randomUUID()
  let units = 0

  let outcomes: Array<Outcome> = []
  let ends: Array<NonNullable<FromSandbox["ends"]>[number]> = []
  let waiting: Array<number> = []
  let woken: Array<Active> = []

  const newSandbox = (program: Program, memoryBytes = settings.memoryBytes): Sandbox => {
    const bindings = [...allBindings, requireBinding(program)]
    return new Sandbox(engine, memoryBytes, bindings, moduleLoader(program))
  }

  /** A sandbox with the prelude in it, which is evaluated once for each thread. */
  const preparedSandbox = (program: Program): Sandbox => {
    const sandbox = newSandbox(program)
    if (blank === undefined) {
      sandbox.prepare(prelude)
      blank = sandbox.takeImage(false)
    }
    sandbox.adopt(blank)
    return sandbox
  }

  const imageOf = (program: Program, log: (entry: LogEntry) => void): Image => {
    const sandbox = preparedSandbox(program)
    startProgram(sandbox, program, settings.startMs, (level, message) => log({ at: Date.now(), level, message }))
    return sandbox.takeImage(true)
  }

  const run = (program: Program, image: Image): Running => ({
    program,
    site: program.site,
    image,
    env: {},
    free: [],
    used: [],
  })

  const load = ({ key, site, manifest, server, image, env }: Loaded): void => {
    programs.set(key, { ...run(programReader(cartridge())(site, manifest, server), image), env })
  }

  const adopted = ({ program, image }: Running): Sandbox => {
    // The image may be of a time when programs were allowed more memory.
    const sandbox = newSandbox(program, Math.max(settings.memoryBytes, memoryOf(image) - initialBytes))
    sandbox.adopt(image)
    return sandbox
  }

  const takeSandbox = (running: Running): Sandbox => {
    const used = running.used.pop()
    if (used !== undefined) {
      used.restore()
      return used
    }
    return running.free.pop() ?? adopted(running)
  }

  const limitsOf = ({ program: { server } }: Running): typeof limits =>
    server.fetchHosts === undefined ? limits : { ...limits, allowedHosts: narrowed(server.fetchHosts, limits.allowedHosts) }

  const home: RunHome = {
    get settings() {
      return settings
    },
    storage: openedStorage,
    subscribers: (site, channel) => {
      const channels = sockets.get(site)
      return channels !== undefined && Object.hasOwn(channels, channel) ? channels[channel]! : 0
    },
    newUnit: () => `${unitPrefix}-${(units++).toString(36)}`,
    post: (jobRun, answer) => {
      active.get(jobRun.id)!.answer = { ...answer, effects: jobRun.takeEffects() }
    },
    end: (jobRun, problem) => {
      const entry = active.get(jobRun.id)!
      entry.isOver = true
      entry.problem = problem
    },
    wake: (jobRun) => {
      if (woken.length === 0) setImmediate(resumeWoken)
      woken.push(active.get(jobRun.id)!)
    },
    suspend: (jobRun, request, body) => {
      void fetchNow(fetchBinding, jobRun, request, body).then((answer) => {
        const entry = active.get(jobRun.id)
        if (entry === undefined || entry.isOver) return
        jobRun.fetched.push({ request, answer })
        jobRun.startOver()
        entry.sandbox.restore()
        entry.sandbox.begin(jobRun, jobRun.meta, jobRun.body)
        afterSlice(entry)
        flush()
      })
    },
    outbound: ({ id }) => post({ outbound: id }),
    checkDeadline: ({ id }) => active.get(id)?.sandbox.checkDeadline(),
    entered: watch.enter,
    left: watch.leave,
  }

  const resumeWoken = (): void => {
    const all = woken
    woken = []
    for (const entry of all) {
      if (entry.isOver) continue
      entry.sandbox.resume()
      afterSlice(entry)
    }
    flush()
  }

  /** Says what a slice has brought, and lets a run that goes on have its time. */
  const afterSlice = (entry: Active): void => {
    const { run: jobRun, sandbox, answer, isOver } = entry
    const rest = isOver ? restOf(entry) : undefined
    if (answer !== undefined && !entry.isPosted) {
      entry.isPosted = true
      entry.toldMs = sandbox.usedMs
      entry.goesOn = !isOver || rest !== undefined
      const effects = entry.goesOn ? { ...(answer.effects ?? nothingYet(jobRun)), more: true } : answer.effects
      outcomes.push(jobRun.id, answer.meta, answer.body, sandbox.usedMs, effects)
    }
    if (isOver) return finish(entry, rest)
    jobRun.pause()
    if (entry.timer === undefined && answer === undefined) waiting.push(jobRun.id)
    entry.timer ??= setTimeout(() => outOfTime(entry), settings.wallMs)
  }

  /** What a run that is over leaves behind beside what has gone with its answer. */
  const restOf = ({ run: jobRun, problem, answer }: Active): ReturnType<JobRun["takeEffects"]> => {
    if (problem !== undefined) {
      jobRun.dropWrites()
      if (answer !== undefined) jobRun.uncaught(problem)
    }
    return jobRun.takeEffects()
  }

  const nothingYet = ({ hasCalledOut }: JobRun) => ({ writes: undefined, logs: [], live: [], outbound: hasCalledOut })

  const outOfTime = (entry: Active): void => {
    if (entry.isOver) return
    entry.sandbox.abort({ kind: "wall", message: `It took longer than ${settings.wallMs} ms (functions.wall_ms).` })
    afterSlice(entry)
    flush()
  }

  const finish = (
    { run: jobRun, sandbox, running, problem, isPosted, goesOn, toldMs, timer }: Active,
    rest: ReturnType<JobRun["takeEffects"]>,
  ): void => {
    clearTimeout(timer)
    active.delete(jobRun.id)
    if (!isPosted) outcomes.push(jobRun.id, undefined, problem, sandbox.usedMs, rest)
    else if (goesOn) ends.push([jobRun.id, sandbox.usedMs - toldMs, rest])
    if (sandbox.memoryBytes <= Math.max(initialBytes, memoryOf(running.image)) + maxGrowth) running.used.push(sandbox)
  }

  const begin = (id: number, key: string, request: string, meta: string, body: string | Uint8Array | undefined): void => {
    let running: Running | undefined
    let sandbox: Sandbox
    try {
      running = programs.get(key)
      if (running === undefined) throw new Error(`The program ${key} has not been loaded.`)
      sandbox = takeSandbox(running)
    } catch (error) {
      // The other requests in this thread are not to suffer from it.
      outcomes.push(id, undefined, { kind: "defect", message: textOf(error) }, 0, undefined)
      return
    }
    const jobRun = new JobRun(home, { id, key, site: running.site, request, env: running.env, meta, body }, limitsOf(running))
    const entry: Active = {
      run: jobRun,
      sandbox,
      running,
      answer: undefined,
      isPosted: false,
      goesOn: false,
      toldMs: 0,
      isOver: false,
      problem: undefined,
      timer: undefined,
    }
    active.set(id, entry)
    sandbox.begin(jobRun, meta, body)
    afterSlice(entry)
  }

  const flush = (): void => {
    if (outcomes.length === 0 && ends.length === 0 && waiting.length === 0) return
    post({ ...(outcomes.length > 0 ? { outcomes } : {}), ...(ends.length > 0 ? { ends } : {}), ...(waiting.length > 0 ? { waiting } : {}) })
    outcomes = []
    ends = []
    waiting = []
  }

  const runJobs = (jobs: Jobs): void => {
    let began = performance.now()
    for (let i = 0; i < jobs.length; i += 5) {
      begin(
        jobs[i] as number,
        jobs[i + 1] as string,
        jobs[i + 2] as string,
        jobs[i + 3] as string,
        jobs[i + 4] as string | Uint8Array | undefined,
      )
      const now = performance.now()
      if (now - began < maxBatchMs) continue
      flush()
      began = now
    }
    flush()
  }

  /** After the answers have gone out: what was used is made ready for the next. */
  const tidy = (): void => {
    for (const running of programs.values()) {
      for (let sandbox = running.used.pop(); sandbox !== undefined; sandbox = running.used.pop()) {
        sandbox.restore()
        running.free.push(sandbox)
      }
    }
  }

  const start = ({ id, site, manifest, server }: StartRequest): void => {
    const began = performance.now()
    const logs: Array<LogEntry> = []
    const answer = (rest: Pick<NonNullable<FromSandbox["started"]>, "image" | "refusal">): void =>
      post({ started: { id, logs, ms: performance.now() - began, ...rest } })
    watch.enter(id)
    try {
      const log = (entry: LogEntry): void => {
        if (logs.length < settings.logLines) logs.push({ ...entry, message: cutMessage(entry.message) })
      }
      answer({ image: imageOf(programReader(cartridge())(site, manifest, server), log) })
    } catch (error) {
      answer({ refusal: refusalOf(error, server.entry) })
    } finally {
      watch.leave()
    }
  }

  return {
    receive: (message: ToSandbox): void => {
      if (message.settings !== undefined) {
        // The memory of a sandbox is bounded when it is made.
        if (message.settings.memoryBytes !== settings.memoryBytes) for (const running of programs.values()) dropSandboxes(running)
        settings = message.settings
        limits = { ...settings.run, ...settings.bindings }
      }
      for (const loaded of message.load ?? []) load(loaded)
      for (const [site, channels] of message.sockets ?? []) sockets.set(site, channels)
      if (message.env !== undefined) {
        for (const running of programs.values()) if (running.site === message.env.site) running.env = message.env.values
      }
      for (const [unit, seq] of message.verdicts ?? []) {
        if (seq === null) openedStorage().failed(unit)
        else openedStorage().committed(unit, seq)
      }
      if (message.start !== undefined) start(message.start)
      if (message.jobs === undefined) return
      runJobs(message.jobs)
      // Jobs of the same message may be of programs that are to go now.
      for (const key of message.forget ?? []) programs.delete(key)
      setImmediate(tidy)
    },
    /** Runs a small program some hundred times, so that the engine's code is compiled well before the first visitor comes. */
    warmUp: (): void => {
      const running = run(
        warmUpProgram,
        imageOf(warmUpProgram, () => {}),
      )
      programs.set("warm-up", running)
      for (let i = 0; i < 300; i++) begin(-1, "warm-up", "warm-up", "GET\nhttp://localhost/\nhost\nlocalhost", undefined)
      programs.delete("warm-up")
      outcomes = []
      ends = []
    },
  }
}

const dropSandboxes = ({ free, used }: Running): void => {
  free.length = 0
  used.length = 0
}

/** The hosts that a site names, as far as the server's own list (empty: all) allows them. */
const narrowed = (site: ReadonlyArray<string>, server: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (server.length === 0) return site
  const covers = (pattern: string, host: string): boolean =>
    pattern === host || (pattern.startsWith("*.") && host.replace(/^\*\./, "").endsWith(pattern.slice(1)))
  const kept = site.filter((host) => server.some((pattern) => covers(pattern.toLowerCase(), host.toLowerCase())))
  // An empty list would mean every host.
  return kept.length > 0 ? kept : ["invalid."]
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const refusalOf = (error: unknown, entry: string) => {
  if (error instanceof CodeRefused) return error.problem
  if (error instanceof StartProblem) return { file: entry, line: 0, column: 0, ...error.place, message: error.message }
  return { file: entry, line: 0, column: 0, message: textOf(error) }
}
