/** How often threads are looked at, in milliseconds. */
export const watchEveryMs = 10

/** How much longer than its limit something may run before its thread is taken for hung. */
const graceMs = 30

/** A thread that gets no processor for so long is given up with what it runs. */
const starvedMs = 10_000

/**
 * Tells whether a thread hangs, from what it says that it runs and since when. On a busy machine time passes in which a thread does
 * not run at all: what counts is the processor time since a job was first seen. `cpuMs` is that thread's clock, if there is one.
 */
export const watchdog = (cpuMs: () => number | undefined) => {
  let seen: { readonly job: number; readonly ms: number; readonly cpu: number | undefined } | undefined
  return (now: { readonly job: number; readonly ms: number } | undefined, limitMs: number): boolean => {
    // What is over within a look or two is nobody's concern.
    if (now === undefined || now.ms < watchEveryMs) {
      seen = undefined
      return false
    }
    if (seen === undefined || seen.job !== now.job || now.ms < seen.ms) seen = { ...now, cpu: cpuMs() }
    if (now.ms <= limitMs + graceMs) return false
    if (now.ms > limitMs + starvedMs) return true
    const cpu = seen.cpu === undefined ? undefined : cpuMs()
    // How much of the time before the first look was its own is not known; it was no more than a look or two.
    const used = cpu === undefined ? now.ms : Math.min(seen.ms, 2 * watchEveryMs) + (cpu - seen.cpu!)
    return used > limitMs + graceMs
  }
}
