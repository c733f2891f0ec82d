import { appendFileSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { parentPort, workerData } from "node:worker_threads"
import type { SandboxThreadOptions, ToSandbox } from "../../../src/runtime/messages.ts"
import { watched } from "../../../src/runtime/watch.ts"

/**
 * A sandbox thread without sandboxes: each job's meta names what it does. It lets the pool be tested with threads that hang, die
 * and wait at will.
 */
const { path, watch } = workerData as SandboxThreadOptions
const { enter, leave } = watched(watch)
const post = (message: unknown): void => parentPort!.postMessage(message)

/** True for one of all threads, whichever is the first to take the file away. */
const once = (name: string): boolean => {
  try {
    unlinkSync(join(path, name))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false
    throw error
  }
}

const hang = (): never => {
  for (;;);
}

const busy = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

let active = 0

const answer = (id: number, text: string, ms = 0.1, effects?: unknown): void => {
  post({ outcomes: [id, "200", text, ms, effects] })
}

const writes = (id: string) => ({
  writes: { id, text: JSON.stringify({ unit: id }), blobs: [], events: 1, indexes: 0 },
  live: [],
  logs: [],
  outbound: false,
  more: true,
})

const doings: Readonly<Record<string, (id: number) => void>> = {
  answer: (id) => answer(id, "answered"),
  slow: (id) => {
    busy(20)
    answer(id, "slow", 20)
  },
  hang,
  wait: (id) => {
    active++
    post({ waiting: [id] })
    setTimeout(() => {
      active--
      answer(id, "waited")
    }, 60)
  },
  count: (id) => {
    active++
    post({ waiting: [id] })
    setTimeout(() => {
      answer(id, String(active))
      active--
    }, 15)
  },
  callOut: (id) => {
    post({ outbound: id })
    post({ waiting: [id] })
    setTimeout(() => answer(id, "called out"), 400)
  },
  waitThenHang: (id) => {
    post({ waiting: [id] })
    setTimeout(() => {
      enter(id)
      hang()
    }, 60)
  },
  answerThenHang: (id) => {
    answer(id, "first", 0.1, { live: [], logs: [], outbound: false, more: true })
    setTimeout(() => {
      enter(id)
      hang()
    }, 30)
  },
  die: () => {
    throw new Error("died while it ran")
  },
  dieLater: (id) => {
    post({ waiting: [id] })
    setTimeout(() => {
      throw new Error("died while nothing ran")
    }, 10)
  },
  /** Answers with writes, and ends later with more of them. */
  writeTwice: (id) => {
    answer(id, `answer of ${id}`, 0.1, writes(`first-${id}`))
    setTimeout(() => post({ ends: [[id, 0.1, { ...writes(`rest-${id}`), more: false }]] }), 30)
  },
}

parentPort!.on("message", ({ jobs = [], start, verdicts = [] }: ToSandbox) => {
  for (const [unit, seq] of verdicts) appendFileSync(join(path, "verdicts"), `${unit} ${seq}\n`)
  if (start !== undefined) {
    enter(start.id)
    if (start.manifest === "hangs") hang()
    leave()
    post({ started: { id: start.id, image: { runs: new Int32Array(2), words: new Int32Array(1), end: 0 }, logs: [], ms: 1 } })
  }
  for (let i = 0; i < jobs.length; i += 5) {
    const id = jobs[i] as number
    enter(id)
    doings[jobs[i + 3] as string]!(id)
    leave()
  }
})

if (once("die-at-start")) throw new Error("died before it was ready")
post({ ready: {} })
