import { SiteLoad } from "./admission.ts"
import type { Job } from "./job.ts"

/**
 * The jobs of one site that wait. Those that were refused for a conflict run again one at a time, with nothing of the site beside
 * them, so that each of them comes to its end.
 */
export class SiteQueue {
  readonly site: string
  readonly load = new SiteLoad()
  private readonly jobs: Array<Job> = []
  private readonly repeats: Array<Job> = []
  /** Jobs in a sandbox, and jobs that have not been answered, those that wait for their commit included. */
  running = 0
  open = 0
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

  /** To be run before those that came after it. */
  addFirst(job: Job): void {
    this.jobs.unshift(job)
  }

  addRepeat(job: Job): void {
    this.repeats.push(job)
  }

  /** The next job that may run now. */
  next(concurrency: number): Job | undefined {
    if (this.repeating !== undefined) return undefined
    if (this.repeats.length > 0) {
      // What is under way, commits included, could make it conflict once more.
      if (this.running > 0 || this.open > this.waiting) return undefined
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
