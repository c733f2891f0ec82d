import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import type { SentRequest } from "../commands/unitText.ts"
import type { WriterReply } from "../commands/writerRequest.ts"
import type { Appended } from "../events/EventLog.ts"
import type { LogLine } from "../events/logs.ts"
import type { ManifestServer } from "../events/manifest.ts"
import type { AdmissionLimits, Refusal } from "./admission.ts"
import type { Broadcast, Kick } from "./host.ts"
import { imageCache } from "./imageCache.ts"
import type { Job, JobProblem } from "./job.ts"
import type { Effects, LogEntry, SandboxSettings, StartRefusal } from "./messages.ts"
import { type PoolOptions, sandboxPool } from "./pool.ts"

/** The server code of a deploy, as requests name it. */
export interface FunctionTarget {
  readonly site: string
  readonly deploy: string
  readonly manifest: string
  readonly server: ManifestServer
}

/** A request in the form that the sandbox takes. */
export interface FunctionCall {
  /** Its id, in logs and as the cause of what it writes. */
  readonly request: string
  /** Method, URL, and headers (names and values in turn), a line each. */
  readonly meta: string
  readonly body: string | Uint8Array | undefined
  /** Whether the client has gone: then a request that has not begun is not run. */
  readonly isGone: () => boolean
}

/** What a request comes to. A visitor is told the status and the code; the message is the owner's. */
export type FunctionResult =
  | { readonly kind: "answer"; readonly meta: string; readonly body: string | Uint8Array }
  | ({ readonly kind: "refused" } & Refusal)
  | { readonly kind: "failed"; readonly status: number; readonly code: string; readonly message: string }

export interface FunctionsOptions extends Omit<PoolOptions, "settings" | "admission" | "onDied"> {
  readonly settings: () => SandboxSettings & { readonly admission: AdmissionLimits; readonly imageBytes: number }
  readonly submit: (request: SentRequest, reply: (reply: WriterReply) => void) => void
  readonly log: (site: string, line: LogLine) => void
  readonly live: (site: string, messages: ReadonlyArray<Broadcast | Kick>) => void
  /** Something is wrong with the server itself. */
  readonly report: (message: string, cause: unknown) => void
}

/** Runs of one request at most, the first included. */
const maxRuns = 6

/** When the server stops, what goes on after answers has so long to come to its end. */
const lastMs = 10_000

/** Runs the server code of sites: finds or makes the image, waits for a sandbox, commits what was written, answers. */
export const makeFunctions = (options: FunctionsOptions) => {
  const pool = sandboxPool({
    ...options,
    admission: () => options.settings().admission,
    onDied: (error) => options.report("A sandbox thread has died; another takes its place.", error),
  })
  const images = imageCache(() => options.settings().imageBytes, pool.start)

  /** Units of work that the writer has not answered. */
  let commits = 0

  const keyOf = ({ site, manifest }: FunctionTarget): string => `${site}/${manifest}`

  const run = (target: FunctionTarget, call: FunctionCall, done: (result: FunctionResult) => void): void => {
    const queue = pool.queueOf(target.site)
    const refusal = queue.load.refusal(performance.now(), queue.open + queue.starting, options.settings().admission)
    if (refusal !== undefined) return done({ kind: "refused", ...refusal })
    const unreadable = environmentProblem(target.site)
    if (unreadable !== undefined) {
      log(target, call.request, "error", unreadable)
      return done({ kind: "failed", status: 500, code: "FUNCTION_FAILED", message: unreadable })
    }
    const key = keyOf(target)
    const image = images.get(key)
    if (image !== undefined) return submit(target, key, image, call, done)
    queue.starting++
    images.make(key, target).then(
      (made) => {
        queue.starting--
        if ("image" in made) return submit(target, key, made.image, call, done)
        logAll(target, call.request, made.logs)
        log(target, call.request, "error", `The server code does not start: ${placed(made.refusal)}`)
        done({ kind: "failed", status: 500, code: "FUNCTION_FAILED", message: made.refusal.message })
      },
      (error) => {
        queue.starting--
        options.report("The server code of a site could not be started.", error)
        done({ kind: "failed", status: 500, code: "INTERNAL_ERROR", message: String(error) })
      },
    )
  }

  /** Why the site's variables cannot be opened, if so: its code must not run without them. */
  const environmentProblem = (site: string): string | undefined => {
    try {
      options.env(site)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  const submit = (
    target: FunctionTarget,
    key: string,
    image: Job["target"]["image"],
    { request, meta, body, isGone }: FunctionCall,
    done: (result: FunctionResult) => void,
  ): void => {
    const { site, manifest, server } = target
    /** One run of the request. A run that goes on after its answer stays apart from the next, even where the answer is refused. */
    const attempt = (number: number): Job => {
      /** What came after the answer waits here until it is known whether the answer holds. */
      let rest: { readonly commit: () => void; readonly drop: () => void } | undefined
      let holds: boolean | undefined

      const finish = (result: FunctionResult): void => {
        holds = result.kind === "answer"
        pool.done(job)
        done(result)
        if (holds) rest?.commit()
        else rest?.drop()
      }

      const job: Job = {
        id: pool.newId(),
        target: { key, site, manifest, server, image },
        queue: pool.queueOf(site),
        request,
        meta,
        body,
        restarts: 0,
        outbound: false,
        answered: (answerMeta, answerBody, effects, verdict) => {
          const answer: FunctionResult = { kind: "answer", meta: answerMeta, body: answerBody }
          if (effects === undefined) return finish(answer)
          commit(effects, verdict, (failure) => {
            if (failure === undefined) {
              publish(target, request, effects)
              return finish(answer)
            }
            if (failure.code !== "CONFLICT" || effects.outbound || number >= maxRuns) {
              logAll(target, request, effects.logs)
              log(target, request, "error", conflictNote(failure, effects.outbound))
              return finish(failure)
            }
            holds = false
            rest?.drop()
            pool.repeat(attempt(number + 1), job)
          })
        },
        failed: (problem, effects) => {
          if (problem.kind === "conflict" && !job.outbound && number < maxRuns) return pool.repeat(attempt(number + 1), job)
          logAll(target, request, effects?.logs ?? [])
          if (problem.kind !== "gone") log(target, request, "error", described(problem))
          if (problem.kind === "defect") options.report(`A request to ${site} failed in the sandbox.`, problem.message)
          finish(failureOf(problem))
        },
        ended: (effects, verdict) => {
          const commitRest = (): void => {
            if (effects === undefined) return
            commit(effects, verdict, (failure) => {
              if (failure === undefined) return publish(target, request, effects)
              logAll(target, request, effects.logs)
              log(target, request, "error", `What waitUntil() had written was dropped: ${failure.message}`)
            })
          }
          const drop = (): void => {
            if (effects?.writes !== undefined) verdict(effects.writes.id, null)
          }
          if (holds === undefined) rest = { commit: commitRest, drop }
          else if (holds) commitRest()
          else drop()
        },
        cutOff: (problem) => log(target, request, "error", `What it did after its answer was cut off: ${problem.message}`),
        isGone,
      }
      return job
    }
    pool.submit(attempt(1))
  }

  const commit = (
    { writes }: Effects,
    verdict: (unit: string, seq: number | null) => void,
    then: (failure: (FunctionResult & { readonly kind: "failed" }) | undefined) => void,
  ): void => {
    if (writes === undefined) return then(undefined)
    commits++
    options.submit({ kind: "encodedUnit", text: writes.text, blobs: writes.blobs }, (reply) => {
      commits--
      if (reply.ok) {
        verdict(writes.id, (reply.value as Appended).last)
        return then(undefined)
      }
      verdict(writes.id, null)
      // A refusal that is no conflict and no trouble with storage is a mistake of the server's own.
      if ("error" in reply && (reply.error.code === "CONFLICT" || reply.error.status >= 500)) {
        const { code, status, message } = reply.error
        return then({ kind: "failed", status, code, message })
      }
      options.report("A unit of work could not be committed.", "error" in reply ? reply.error : reply.defect)
      then({ kind: "failed", status: 500, code: "INTERNAL_ERROR", message: "The server could not store what was written." })
    })
  }

  /** What a run wanted seen, once what it wrote holds. */
  const publish = (target: FunctionTarget, request: string, { live, logs }: Effects): void => {
    if (live.length > 0) options.live(target.site, live)
    logAll(target, request, logs)
  }

  const logAll = ({ site, deploy }: FunctionTarget, request: string, logs: ReadonlyArray<LogEntry>): void => {
    for (const line of logs) options.log(site, { ...line, request, deploy })
  }

  const log = ({ site, deploy }: FunctionTarget, request: string, level: LogEntry["level"], message: string): void =>
    options.log(site, { at: Date.now(), level, message, request, deploy })

  return {
    run,
    /** Makes the image of a program that is to be deployed; says why it does not start, if so. */
    check: async (target: FunctionTarget): Promise<StartRefusal | undefined> => {
      const made = await images.make(keyOf(target), target)
      if ("refusal" in made) return made.refusal
      logAll(target, "deploy", made.logs)
      return undefined
    },
    setEnv: pool.setEnv,
    settingsChanged: (): void => pool.setSettings(options.settings()),
    stats: () => ({ ...pool.stats(), images: images.stats() }),
    close: async (): Promise<void> => {
      const end = performance.now() + lastMs
      while ((pool.isBusy() || commits > 0) && performance.now() < end) await sleep(10)
      await pool.close()
    },
  }
}

export type Functions = ReturnType<typeof makeFunctions>

const conflictNote = ({ code, message }: { readonly code: string; readonly message: string }, outbound: boolean): string => {
  if (code !== "CONFLICT") return message
  return outbound
    ? `Another request changed what this one had read, and it could not be run again, since it had called another server. ${message}`
    : `Other requests changed what this one had read, ${maxRuns} times in a row. ${message}`
}

const placed = ({ file, line, column, message }: StartRefusal): string =>
  line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`

/** For the owner: what happened, and where in the site's own files. */
const described = ({ message, stack }: JobProblem): string => {
  // The prelude has no line tables, so its frames name no place.
  const lines = (stack ?? "").split("\n").filter((line) => /:\d+/.test(line) && !/prelude\.js|<start>/.test(line))
  return [message, ...lines].join("\n")
}

const statuses: Readonly<Record<JobProblem["kind"], readonly [status: number, code: string]>> = {
  conflict: [409, "CONFLICT"],
  cpu: [504, "FUNCTION_TIMEOUT"],
  wall: [504, "FUNCTION_TIMEOUT"],
  hang: [504, "FUNCTION_TIMEOUT"],
  lost: [503, "SERVICE_UNAVAILABLE"],
  gone: [503, "SERVICE_UNAVAILABLE"],
  error: [500, "FUNCTION_FAILED"],
  stuck: [500, "FUNCTION_FAILED"],
  stack: [500, "FUNCTION_FAILED"],
  memory: [500, "FUNCTION_FAILED"],
  host_calls: [500, "FUNCTION_FAILED"],
  response_size: [500, "FUNCTION_FAILED"],
  defect: [500, "INTERNAL_ERROR"],
}

const failureOf = ({ kind, message }: JobProblem): FunctionResult & { readonly kind: "failed" } => {
  const [status, code] = statuses[kind]
  return { kind: "failed", status, code, message }
}
