import { performance } from "node:perf_hooks"
import { threadCpuMs } from "./cpuClock.ts"
import { RunEnded } from "./runEnd.ts"

/** The processor time of one run, which is had in slices. The clock on the wall is asked first, since the other costs more. */
export class CpuBudget {
  /** Milliseconds that the run's slices have used so far. */
  usedMs = 0
  private limitMs = Number.POSITIVE_INFINITY
  private allowedMs = Number.POSITIVE_INFINITY
  private began = 0
  private cpuAtBegin = 0
  /** When the time that is left would be used up, if nobody else had the processor meanwhile. */
  private deadline = Number.POSITIVE_INFINITY
  private ticks = 8
  private lastPoll = 0

  /** Begins a slice of a run that may take so long in all. Gives the ticks until the engine is to ask again. */
  begin(limitMs: number): number {
    const now = performance.now()
    this.limitMs = limitMs
    this.allowedMs = limitMs - this.usedMs
    this.began = now
    this.deadline = now + this.allowedMs
    this.cpuAtBegin = threadCpuMs()
    this.lastPoll = now
    this.ticks = 8
    return this.ticks
  }

  end(): void {
    const elapsed = performance.now() - this.began
    // Below a few milliseconds the difference is not worth asking for.
    this.usedMs += elapsed < 5 ? elapsed : threadCpuMs() - this.cpuAtBegin
    this.deadline = Number.POSITIVE_INFINITY
  }

  /** Ends the run if its time is used up. */
  check(now = performance.now()): void {
    if (now <= this.deadline) return
    const left = this.allowedMs - (threadCpuMs() - this.cpuAtBegin)
    if (left <= 0) {
      throw new RunEnded({ kind: "cpu", message: `It used more than ${this.limitMs} ms of processor time (functions.cpu_ms).` })
    }
    this.deadline = now + left
  }

  /**
   * The engine asks every so many ticks whether to go on. Its own number is so large that slow native calls overshoot without
   * bound, so the next is given here: small, growing while polls come quickly, and small again after one that came late.
   */
  poll(): number {
    const now = performance.now()
    this.check(now)
    const gap = now - this.lastPoll
    this.lastPoll = now
    if (gap > 1) this.ticks = Math.max(1, this.ticks >> 4)
    else if (gap < 0.05) this.ticks = Math.min(200, this.ticks * 2)
    return this.ticks
  }
}
