import { hostFunction, hostTask } from "./host.ts"

/**
 * All timers share one sleep of the host, for the one that is due first. So callbacks run in the order in which they are due, and
 * any number of timers costs one task of the host.
 */
interface Timer {
  readonly id: number
  readonly run: () => void
  /** Milliseconds between runs; `undefined` runs once. */
  readonly every: number | undefined
  due: number
}

const sleep = hostTask<[milliseconds: number]>("sleep")
const wake = hostFunction<[], undefined>("sleep.cancel")
const clock = Date.now

/** In the order in which they are due. */
const timers: Array<Timer> = []
let lastId = 0
/** When the host is to wake us; `undefined` if it is not asked to. */
let waking: number | undefined
/** Counts sleeps, so that one that was given up is recognised when it ends. */
let round = 0
let running = false

/**
 * To be called when a request begins. Timers that were set before the first one, while modules were evaluated, wait until then: no
 * sleep of the host can be kept in a memory image.
 */
export const runTimers = (): void => {
  running = true
  if (timers.length > 0) arrange()
}

export const startTimer = (run: () => void, milliseconds: unknown, repeat = false): number => {
  // As in other runtimes, at least one millisecond; what is not a number counts as that, too.
  const delay = Math.min(Math.max(Math.trunc(Number(milliseconds)) || 1, 1), 2_147_483_647)
  const id = ++lastId
  insert({ id, run, every: repeat ? delay : undefined, due: clock() + delay })
  arrange()
  return id
}

const clearTimer = (id: unknown): void => {
  const number = Number(id)
  const at = timers.findIndex((timer) => timer.id === number)
  if (at < 0) return
  timers.splice(at, 1)
  if (at === 0) arrange()
}

const insert = (timer: Timer): void => {
  let at = timers.length
  while (at > 0 && timers[at - 1]!.due > timer.due) at--
  timers.splice(at, 0, timer)
}

/** Sees to it that the host wakes us when the first timer is due, and at no other time. */
const arrange = (): void => {
  const due = timers[0]?.due
  if (!running || due === waking) return
  const mine = ++round
  if (waking !== undefined) wake()
  waking = due
  if (due === undefined) return
  sleep(Math.max(0, due - clock())).then(() => {
    if (mine !== round) return
    waking = undefined
    runFirst(due)
    // Each in a turn of its own, so that promises settle between them.
    arrange()
  }, uncaught)
}

const runFirst = (due: number): void => {
  const timer = timers[0]
  if (timer === undefined || timer.due > due) return
  timers.shift()
  if (timer.every !== undefined) insert(Object.assign(timer, { due: Math.max(clock(), due) + timer.every }))
  try {
    timer.run()
  } catch (error) {
    uncaught(error)
  }
}

let handle: (error: unknown) => void = () => {}

/** Sets what becomes of errors that nobody can catch: those of timers, of microtasks and of listeners. */
export const onUncaught = (handler: (error: unknown) => void): void => {
  handle = handler
}

export const uncaught = (error: unknown): void => handle(error)

const callable = (callback: unknown, name: string): ((...args: ReadonlyArray<unknown>) => unknown) => {
  if (typeof callback !== "function") throw new TypeError(`${name} takes a function.`)
  return callback as () => unknown
}

/** The functions for user code, by name. */
export const timerFunctions = {
  setTimeout: (callback: unknown, milliseconds?: unknown, ...args: ReadonlyArray<unknown>): number => {
    const run = callable(callback, "setTimeout")
    return startTimer(() => run(...args), milliseconds)
  },
  setInterval: (callback: unknown, milliseconds?: unknown, ...args: ReadonlyArray<unknown>): number => {
    const run = callable(callback, "setInterval")
    return startTimer(() => run(...args), milliseconds, true)
  },
  clearTimeout: (id?: unknown): void => clearTimer(id),
  clearInterval: (id?: unknown): void => clearTimer(id),
  queueMicrotask: (callback: unknown): void => {
    const run = callable(callback, "queueMicrotask")
    Promise.resolve()
      .then(() => run())
      .catch(uncaught)
  },
  reportError: (error: unknown): void => uncaught(error),
}
