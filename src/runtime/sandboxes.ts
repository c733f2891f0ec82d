import { performance } from "node:perf_hooks"
import { openForReading } from "../events/cartridge.ts"
import { cutMessage } from "./cutMessage.ts"
import type { InvocationLimits } from "./host.ts"
import type { Image } from "./image.ts"
import type { EngineMade, FromSandbox, Jobs, Loaded, LogEntry, SandboxThreadOptions, StartRequest, ToSandbox } from "./messages.ts"
import { outbox } from "./outbox.ts"
import { CodeRefused, type Program, type ProgramCode, programCode, startProgram } from "./program.ts"
import { programReader } from "./programs.ts"
import type { RunLimits } from "./run.ts"
import type { Sandbox } from "./sandbox.ts"
import { sandboxShelf } from "./sandboxShelf.ts"
import { StartProblem } from "./startProblem.ts"
import { openStorage, type Storage } from "./storage.ts"
import { type RunnableProgram, threadRuns } from "./threadRuns.ts"
import { warmUpProgram } from "./warmUp.ts"
import { watched } from "./watch.ts"

/** A program that the thread has been given. */
interface ThreadProgram extends RunnableProgram {
  readonly image: Image
  readonly code: ProgramCode
  readonly fetchHosts: ReadonlyArray<string> | undefined
}

/** Answers wait for those of the same batch, but no longer than this many milliseconds. */
const maxBatchMs = 2

const [warmUpRuns, atATime] = [300, 10]

/** What one sandbox thread does: it starts programs, and runs requests of them. */
export const sandboxes = ({ path, engine, ...options }: SandboxThreadOptions & EngineMade, post: (message: FromSandbox) => void) => {
  const watch = watched(options.watch)
  const programs = new Map<string, ThreadProgram>()
  const sockets = new Map<string, Readonly<Record<string, number>>>()
  let { settings } = options

  let storage: Storage | undefined
  const openedStorage = (): Storage => (storage ??= openStorage(path))
  let reader: ReturnType<typeof programReader> | undefined
  const readProgram = ({ site, manifest, server }: Pick<Loaded, "site" | "manifest" | "server">): Program => {
    reader ??= programReader(openForReading(path))
    return reader(site, manifest, server)
  }

  const out = outbox(post)
  const shelf = sandboxShelf(engine, () => settings.memoryBytes)
  const runs = threadRuns(
    {
      settings: () => settings,
      storage: openedStorage,
      subscribers: (site, channel) => {
        const channels = sockets.get(site)
        return channels !== undefined && Object.hasOwn(channels, channel) ? channels[channel]! : 0
      },
      outbound: (id) => post({ outbound: id }),
      entered: watch.enter,
      left: watch.leave,
    },
    shelf,
    out,
  )

  const limitsFor = (fetchHosts: ReadonlyArray<string> | undefined): RunLimits & InvocationLimits => {
    const { run, bindings } = settings
    const allowedHosts = fetchHosts === undefined ? bindings.allowedHosts : narrowed(fetchHosts, bindings.allowedHosts)
    return { ...run, ...bindings, allowedHosts }
  }

  const load = (loaded: Loaded): void => {
    const { key, site, server, image, env } = loaded
    const { fetchHosts } = server
    programs.set(key, { site, image, env, fetchHosts, code: programCode(readProgram(loaded)), limits: limitsFor(fetchHosts) })
  }

  const begin = (id: number, key: string, request: string, meta: string, body: string | Uint8Array | undefined): void => {
    const program = programs.get(key)
    let sandbox: Sandbox
    try {
      if (program === undefined) throw new Error(`The program ${key} has not been loaded.`)
      sandbox = shelf.take(program.image, program.code)
    } catch (error) {
      // The other requests in this thread are not to suffer from it.
      return out.failed(id, { kind: "defect", message: textOf(error) }, 0, undefined)
    }
    runs.begin(sandbox, program, { id, request, meta, body })
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
      out.flush()
      began = now
    }
    out.flush()
  }

  const start = ({ id, ...request }: StartRequest): void => {
    const began = performance.now()
    const logs: Array<LogEntry> = []
    const answer = (rest: Pick<NonNullable<FromSandbox["started"]>, "image" | "refusal">): void =>
      post({ started: { id, logs, ms: performance.now() - began, ...rest } })
    let sandbox: Sandbox | undefined
    watch.enter(id)
    try {
      sandbox = shelf.takeBlank()
      const image = startProgram(sandbox, readProgram(request), settings.startMs, (level, message) => {
        if (logs.length < settings.logLines) logs.push({ at: Date.now(), level, message: cutMessage(message) })
      })
      answer({ image })
    } catch (error) {
      answer({ refusal: refusalOf(error, request.server.entry) })
    } finally {
      watch.leave()
      if (sandbox !== undefined) shelf.giveBack(sandbox)
    }
  }

  const setSettings = (next: typeof settings): void => {
    // The memory of a sandbox is bounded when it is made.
    if (next.memoryBytes !== settings.memoryBytes) shelf.clear()
    settings = next
    for (const [key, program] of programs) programs.set(key, { ...program, limits: limitsFor(program.fetchHosts) })
  }

  const setEnv = ({ site, values }: NonNullable<ToSandbox["env"]>): void => {
    for (const [key, program] of programs) if (program.site === site) programs.set(key, { ...program, env: values })
  }

  return {
    receive: (message: ToSandbox): void => {
      if (message.settings !== undefined) setSettings(message.settings)
      for (const loaded of message.load ?? []) load(loaded)
      for (const [site, channels] of message.sockets ?? []) sockets.set(site, channels)
      if (message.env !== undefined) setEnv(message.env)
      for (const [unit, seq] of message.verdicts ?? []) {
        if (seq === null) openedStorage().failed(unit)
        else openedStorage().committed(unit, seq)
      }
      if (message.start !== undefined) start(message.start)
      if (message.jobs === undefined) return
      runJobs(message.jobs)
      // Jobs of the same message may be of programs that are to go now.
      for (const key of message.forget ?? []) programs.delete(key)
      // After the answers have gone out: what was used is made ready for the next.
      setImmediate(shelf.tidy)
    },
    /**
     * Runs a small program some hundred times, so that the engine's code is compiled well before the first visitor comes; a few at a
     * time, so that one who comes earlier does not wait for that.
     */
    warmUp: (): void => {
      const sandbox = shelf.takeBlank()
      const image = startProgram(sandbox, warmUpProgram, Number.POSITIVE_INFINITY, () => {})
      shelf.giveBack(sandbox)
      const code = programCode(warmUpProgram)
      const program = { site: warmUpProgram.site, env: {}, limits: limitsFor(undefined) }
      const request = { id: -1, request: "warm-up", meta: "GET\nhttp://localhost/\nhost\nlocalhost", body: undefined }
      const some = (left: number): void => {
        for (let i = 0; i < atATime; i++) runs.begin(shelf.take(image, code), program, request)
        out.clear()
        if (left > atATime) setImmediate(some, left - atATime)
      }
      some(warmUpRuns)
    },
  }
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
