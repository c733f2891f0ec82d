import { SiteLoad } from "./admission.ts"
import type { Job } from "./job.ts"

/**
 * The jobs of one site that wait. Those that were refused for a conflict run again one at a time, with nothing of the site at work
 * beside them, so that each of them comes to its end. What only waits for something outside, or goes on after its answer, does not
 * hold them up: it may do so for as long as a request may take.
 */
export class SiteQueue {
  readonly site: string
  readonly load = new SiteLoad()
  private readonly jobs: Array<Job> = []
  private readonly repeats: Array<Job> = []
  /** Jobs in a sandbox, and jobs that have not been answered, those that wait for their commit included. */
  running = 0
  open = 0
  /** Requests that wait until the program has been loaded. */
  starting = 0
  /** Jobs in a sandbox that wait for something outside, as for a timer. */
  readonly paused = new Set<Job>()
  private repeating: Job | undefined

  constructor(site: string) {
    this.site = site
  }

  get waiting(): number {
    return this.jobs.length + this.repeats.length
  }

  add(job: Job): void {
    this.jobs.push(job)
  }

  /** Its thread has ended: it is to be run before those that came after it. */
  addFirst(job: Job): void {
    if (this.repeating !== job) this.jobs.unshift(job)
    else {
      this.repeating = undefined
      this.repeats.unshift(job)
    }
  }

  addRepeat(job: Job): void {
    this.repeats.push(job)
  }

  /** The next job that may run now. */
  next(concurrency: number): Job | undefined {
    if (this.repeating !== undefined) return undefined
    if (this.repeats.length > 0) {
      // What is under way, commits included, could make it conflict once more.
      if (this.open > this.waiting + this.paused.size) return undefined
      this.repeating = this.repeats.shift()
      return this.repeating
    }
    return this.running < concurrency ? this.jobs.shift() : undefined
  }

  /** It has been answered, or is to be run again. */
  over(job: Job): void {
    if (this.repeating === job) this.repeating = undefined
  }
}
