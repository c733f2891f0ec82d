import { beforeEach, describe, expect, it } from "vitest"
import type { Job } from "../../src/runtime/job.ts"
import { SiteQueue } from "../../src/runtime/siteQueue.ts"

let queue: SiteQueue
beforeEach(() => {
  queue = new SiteQueue("site")
})

const submitted = (id: number): Job => {
  const job = { id } as Job
  queue.open++
  queue.add(job)
  return job
}

/** Gives the next job to a sandbox. */
const next = (concurrency = 10): Job | undefined => {
  const job = queue.next(concurrency)
  if (job !== undefined) queue.running++
  return job
}

/** It has left its sandbox, and its writes were refused. */
const refused = (job: Job): Job => {
  const again = { id: job.id + 100 } as Job
  queue.running--
  queue.over(job)
  queue.addRepeat(again)
  return again
}

const answered = (job: Job): void => {
  queue.running--
  queue.open--
  queue.over(job)
}

describe("a job that was refused for a conflict", () => {
  it("waits for what is under way, and runs alone before the others", () => {
    const [first, second, third] = [submitted(1), submitted(2), submitted(3)]
    expect([next(2), next(2), next(2)]).toEqual([first, second, undefined])
    const again = refused(first)
    expect(next()).toBeUndefined()
    answered(second)
    expect([next(), next()]).toEqual([again, undefined])
    answered(again)
    expect(next()).toBe(third)
  })

  it("does not wait for jobs that wait for something outside", () => {
    const [first, second] = [submitted(1), submitted(2)]
    next()
    next()
    const again = refused(first)
    expect(next()).toBeUndefined()
    queue.paused.add(second)
    expect(next()).toBe(again)
  })

  it("does not wait for jobs that go on after their answer", () => {
    const [first, second] = [submitted(1), submitted(2)]
    next()
    next()
    const again = refused(first)
    queue.open--
    queue.over(second)
    expect(next()).toBe(again)
  })

  it("runs once more when its thread has ended", () => {
    const [first, second] = [submitted(1), submitted(2)]
    next(1)
    const again = refused(first)
    expect(next()).toBe(again)
    queue.running--
    queue.addFirst(again)
    expect([next(), next()]).toEqual([again, undefined])
    answered(again)
    expect(next()).toBe(second)
  })
})
