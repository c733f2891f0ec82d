import type { Engine } from "./blank.ts"
import type { FromSandbox, SandboxSettings, ToSandbox } from "./messages.ts"
import { type SandboxThread, startThread } from "./poolThread.ts"
import { watchEveryMs } from "./watchdog.ts"

export interface LaneOptions {
  readonly thread: URL
  readonly path: string
  /** Asked for whenever a thread is to start. */
  readonly engine: () => Promise<Engine>
  /** Threads of the fast lane; the slow lane has one, and one more is kept warm. */
  readonly threads: number
  readonly settings: () => SandboxSettings
  readonly onDied: (error: unknown) => void
}

/** Why a thread has been ended. */
export interface ThreadEnd {
  readonly kind: "hang" | "memory"
  /** The job that is to blame, if one is. */
  readonly guilty: number | undefined
  readonly message: string
}

export interface LaneEvents {
  /** A thread can be given work that could not before. */
  readonly ready: () => void
  readonly message: (thread: SandboxThread, message: FromSandbox) => void
  /** A thread has been ended, with all that it had; another has taken its place. */
  readonly ended: (thread: SandboxThread, end: ThreadEnd) => void
}

/** Another thread for one that has died before it was ready comes after so long. */
const respawnMs = 1000

/**
 * The sandbox threads: those of the fast lane, the one of the slow lane, and a spare one, which takes the place of a thread that
 * hangs or dies. They start when the first work comes.
 */
export const threadLanes = (options: LaneOptions, events: LaneEvents) => {
  let fast: ReadonlyArray<SandboxThread> = []
  let slow: SandboxThread | undefined
  let spare: SandboxThread | undefined
  let closed = false
  let killed = 0
  let watching: NodeJS.Timeout | undefined

  const all = (): ReadonlyArray<SandboxThread> => [...fast, slow, spare].filter((thread) => thread !== undefined)

  const spawn = (): SandboxThread => {
    const { thread: url, path, engine, settings } = options
    return startThread(
      { thread: url, path, engine: engine(), settings: settings() },
      {
        ready: becameReady,
        message: events.message,
        died: (thread, error) => {
          if (closed) return
          options.onDied(error)
          const end = {
            kind: "memory",
            guilty: thread.watch()?.job,
            message: `It ended the thread that it ran in: ${String(error)}`,
          } as const
          if (thread.isReady) return replace(thread, end)
          // What cannot even begin would come back at once, again and again.
          void thread.end()
          setTimeout(() => closed || replace(thread, end), respawnMs).unref()
        },
      },
    )
  }

  /** The spare thread waits until those that have work are up. */
  const becameReady = (): void => {
    if (slow?.isReady === true && fast.every(({ isReady }) => isReady) && !closed) spare ??= spawn()
    events.ready()
  }

  const replace = (thread: SandboxThread, end: ThreadEnd): void => {
    // Its engine may fail as well, after it has died.
    if (!all().includes(thread)) return
    void thread.end()
    const successor = spare ?? spawn()
    spare = undefined
    if (thread === slow) slow = successor
    else fast = fast.map((other) => (other === thread ? successor : other))
    setImmediate(() => {
      if (!closed) spare ??= spawn()
    })
    events.ended(thread, end)
  }

  const isBusy = (): boolean => all().some((thread) => thread.isBusy)

  const watch = (): void => {
    const { startMs, run } = options.settings()
    for (const thread of all()) {
      // A thread that warms up takes its time on a busy machine, and nobody's code runs in it.
      const now = thread.isReady ? thread.watch() : undefined
      const limit = now?.job === thread.starting?.id ? startMs : run.cpuMs
      if (!thread.hangs(now, limit)) continue
      killed++
      const message = `It ran longer than ${limit} ms in one step of the engine, and was stopped (functions.cpu_ms).`
      replace(thread, { kind: "hang", guilty: now!.job, message })
    }
    if (isBusy()) return
    clearInterval(watching)
    watching = undefined
  }

  const begin = (): void => {
    if (slow !== undefined || closed) return
    slow = spawn()
    fast = Array.from({ length: options.threads }, spawn)
  }

  return {
    begin,
    fast: (): ReadonlyArray<SandboxThread> => fast,
    slow: (): SandboxThread | undefined => slow,
    /** To be called when threads have been given work: ends those that hang, until there is nothing to do any more. */
    watch: (): void => {
      if (watching === undefined && isBusy()) watching = setInterval(watch, watchEveryMs).unref()
    },
    tell: (message: ToSandbox): void => {
      for (const thread of all()) thread.post(message)
    },
    stats: () => ({ threads: all().length, killed }),
    close: async (): Promise<void> => {
      closed = true
      clearInterval(watching)
      await Promise.all(all().map((thread) => thread.end()))
    },
  }
}
