import type { Sqlite } from "../events/cartridge.ts"
import type { Projector, RebuildProgress } from "../projections/projector.ts"
import { failureOf } from "./storageError.ts"
import type { Pending, WriterReply, WriterRequest } from "./writerRequest.ts"

type RebuildRequest = WriterRequest & { readonly kind: "rebuild" }

interface Rebuild {
  readonly names: ReadonlyArray<string>
  readonly reply: Pending["reply"]
  steps: Generator<RebuildProgress, void>
}

/** Runs each step of a longer work in a transaction of its own. */
export function* transactionPerStep<T>(db: Sqlite, steps: Generator<T, void>): Generator<T, void> {
  const step = db.transaction(() => steps.next())
  for (let next = step.immediate(); next.done !== true; next = step.immediate()) yield next.value
}

/**
 * Rebuilds that were asked for, step by step between other requests. They share the shadow tables, so one runs at a time and the
 * others wait.
 */
export const rebuildQueue = (db: Sqlite, readModels: Projector, isClosed: () => boolean) => {
  const queue: Array<Rebuild> = []
  let isScheduled = false

  function* stepsOf(names: ReadonlyArray<string>): Generator<RebuildProgress, void> {
    for (const projection of names.map(readModels.named)) {
      if (projection !== undefined) yield* transactionPerStep(db, readModels.rebuild(projection))
    }
  }

  const schedule = (): void => {
    if (isScheduled || queue.length === 0) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      step()
      schedule()
    })
  }

  const step = (): void => {
    const running = queue[0]!
    const end = (reply: WriterReply): void => {
      queue.shift()
      running.reply(reply)
    }
    if (isClosed()) return end({ ok: false, defect: new Error("The server is stopping.") })
    try {
      const next = running.steps.next()
      if (next.done === true) end({ ok: true, value: undefined })
      else running.reply({ ok: true, value: next.value, progress: true })
    } catch (error) {
      end(failureOf(error))
    }
  }

  return {
    add: ({ request, reply }: Pending): void => {
      const { projections: names } = request as RebuildRequest
      queue.push({ names, reply, steps: stepsOf(names) })
      schedule()
    },
    /** An erasure has rebuilt projections by itself: what the running rebuild had read may be gone, so it starts over. */
    restart: (): void => {
      const [running] = queue
      if (running !== undefined) running.steps = stepsOf(running.names)
    },
  }
}
