import { randomUUID } from "node:crypto"
import { fetchBinding } from "./bindings/fetch.ts"
import { fetchNow } from "./fetchNow.ts"
import type { InvocationLimits } from "./host.ts"
import { JobRun, type RunHome } from "./jobRun.ts"
import type { SandboxSettings } from "./messages.ts"
import type { Outbox } from "./outbox.ts"
import type { GuestAnswer, RunLimits, RunProblem } from "./run.ts"
import type { Sandbox } from "./sandbox.ts"
import type { SandboxShelf } from "./sandboxShelf.ts"

/** A program that requests are run of. */
export interface RunnableProgram {
  readonly site: string
  readonly env: Readonly<Record<string, string>>
  readonly limits: RunLimits & InvocationLimits
}

export interface RunRequest {
  readonly id: number
  /** The id that logs and events carry. */
  readonly request: string
  readonly meta: string
  readonly body: string | Uint8Array | undefined
}

/** What runs need of their thread. */
export interface RunsHome extends Pick<RunHome, "storage" | "subscribers" | "entered" | "left"> {
  readonly settings: () => SandboxSettings
  /** This job is about to call another server: to be told at once. */
  readonly outbound: (id: number) => void
}

type Effects = ReturnType<JobRun["takeEffects"]>

interface Active {
  readonly run: JobRun
  readonly sandbox: Sandbox
  answer: (GuestAnswer & { readonly effects: Effects }) | undefined
  /** Processor time of which the answer has told, once it has gone out; and whether it said that more would come. */
  told: { readonly ms: number; readonly goesOn: boolean } | undefined
  over: { readonly problem: RunProblem | undefined } | undefined
  timer: NodeJS.Timeout | undefined
}

/** The runs of one thread, each in a sandbox that knows nothing of the others. */
export const threadRuns = (runsHome: RunsHome, shelf: Pick<SandboxShelf, "giveBack">, out: Outbox) => {
  const active = new Map<number, Active>()
  const unitPrefix = randomUUID()
  let units = 0
  let woken: Array<Active> = []

  const home: RunHome = {
    ...runsHome,
    get settings() {
      return runsHome.settings()
    },
    newUnit: () => `${unitPrefix}-${(units++).toString(36)}`,
    post: (run, answer) => {
      active.get(run.id)!.answer = { ...answer, effects: run.takeEffects() }
    },
    end: (run, problem) => {
      active.get(run.id)!.over = { problem }
    },
    wake: (run) => {
      if (woken.length === 0) setImmediate(resumeWoken)
      woken.push(active.get(run.id)!)
    },
    suspend: (run, request, body) => {
      void fetchNow(fetchBinding, run, request, body).then((answer) => {
        const entry = active.get(run.id)
        if (entry === undefined || entry.over !== undefined) return
        run.fetched.push({ request, answer })
        run.startOver()
        entry.sandbox.restore()
        entry.sandbox.begin(run, run.meta, run.body)
        afterSlice(entry)
        out.flush()
      })
    },
    outbound: ({ id }) => runsHome.outbound(id),
    checkDeadline: ({ id }) => active.get(id)?.sandbox.checkDeadline(),
  }

  const resumeWoken = (): void => {
    const all = woken
    woken = []
    for (const entry of all) {
      if (entry.over !== undefined) continue
      entry.sandbox.resume()
      afterSlice(entry)
    }
    out.flush()
  }

  /** Says what a slice has brought, and lets a run that goes on have its time. */
  const afterSlice = (entry: Active): void => {
    const { run, sandbox, answer, over } = entry
    const rest = over === undefined ? undefined : restOf(entry, over.problem)
    if (answer !== undefined && entry.told === undefined) {
      const goesOn = over === undefined || rest !== undefined
      entry.told = { ms: sandbox.usedMs, goesOn }
      const effects = goesOn ? { ...(answer.effects ?? nothingYet(run)), more: true } : answer.effects
      out.answered(run.id, answer.meta, answer.body, sandbox.usedMs, effects)
    }
    if (over !== undefined) return finish(entry, over.problem, rest)
    run.pause()
    if (entry.timer === undefined && answer === undefined) out.waits(run.id)
    entry.timer ??= setTimeout(() => outOfTime(entry), home.settings.wallMs)
  }

  /** What a run that is over leaves behind beside what has gone with its answer. */
  const restOf = ({ run, answer }: Active, problem: RunProblem | undefined): Effects => {
    if (problem !== undefined) {
      run.dropWrites()
      if (answer !== undefined) run.uncaught(problem)
    }
    return run.takeEffects()
  }

  const outOfTime = (entry: Active): void => {
    if (entry.over !== undefined) return
    entry.sandbox.abort({ kind: "wall", message: `It took longer than ${home.settings.wallMs} ms (functions.wall_ms).` })
    afterSlice(entry)
    out.flush()
  }

  const finish = ({ run, sandbox, told, timer }: Active, problem: RunProblem | undefined, rest: Effects): void => {
    clearTimeout(timer)
    active.delete(run.id)
    if (told === undefined) out.failed(run.id, problem, sandbox.usedMs, rest)
    else if (told.goesOn) out.ended(run.id, sandbox.usedMs - told.ms, rest)
    shelf.giveBack(sandbox)
  }

  return {
    /** Runs a request in a sandbox that is ready for its program. */
    begin: (sandbox: Sandbox, { site, env, limits }: RunnableProgram, request: RunRequest): void => {
      const run = new JobRun(home, { ...request, site, env }, limits)
      const entry: Active = { run, sandbox, answer: undefined, told: undefined, over: undefined, timer: undefined }
      active.set(request.id, entry)
      sandbox.begin(run, request.meta, request.body)
      afterSlice(entry)
    },
  }
}

const nothingYet = ({ hasCalledOut }: JobRun) => ({ writes: undefined, logs: [], live: [], outbound: hasCalledOut })
