/** What a site may use of the machine; each is a setting. */
export interface AdmissionLimits {
  /** Runs of one site at the same time, waiting ones included. */
  readonly concurrency: number
  /** Requests of one site that wait for their turn. */
  readonly queue: number
  /** Milliseconds of processor time a second that a site with slow requests may use in the long run; 0: no limit. */
  readonly cpuPerSecond: number
}

export interface Refusal {
  readonly status: 429 | 503
  readonly code: "RATE_LIMIT_EXCEEDED" | "SERVICE_UNAVAILABLE"
  readonly message: string
  /** Seconds after which it is worth trying again. */
  readonly retryAfter: number
}

/** A run that takes longer than this on average belongs into the slow lane, where it holds up nobody but its like. */
const slowMs = 8
/** Runs after which a site's cost is known. Until then it stays in the slow lane. */
const knownAfter = 2
/** How much a new run counts in the average. */
const weight = 0.2
/** A slow site may use this many seconds' worth of its budget at once. */
const burstSeconds = 5

const strikesAllowed = 3
const strikeWindowMs = 60_000
const suspensionMs = 30_000

/** What is known of one site's use of the machine. Times are milliseconds of any clock that does not run backwards. */
export class SiteLoad {
  private averageMs = 0
  private runs = 0
  private budget = Number.POSITIVE_INFINITY
  private budgetAt = 0
  private strikes: Array<number> = []
  private suspendedUntil = 0

  get estimateMs(): number {
    return this.runs < knownAfter ? slowMs : this.averageMs
  }

  get isSlow(): boolean {
    return this.runs < knownAfter || this.averageMs > slowMs
  }

  /** A run has ended after so much processor time. */
  spent(ms: number, now: number, limits: AdmissionLimits): void {
    this.averageMs = this.runs === 0 ? ms : this.averageMs * (1 - weight) + ms * weight
    this.runs++
    this.charge(ms, now, limits)
  }

  /** A run that was answered before has ended, after so much more. */
  spentAfterwards(ms: number, now: number, limits: AdmissionLimits): void {
    this.averageMs += ms * weight
    this.charge(ms, now, limits)
  }

  /** A run had to be stopped together with its thread. */
  strike(now: number): void {
    this.strikes = [...this.strikes.filter((at) => at > now - strikeWindowMs), now]
    this.averageMs = Math.max(this.averageMs, 10 * slowMs)
    this.runs = Math.max(this.runs, knownAfter)
    if (this.strikes.length < strikesAllowed) return
    this.suspendedUntil = now + suspensionMs
    this.strikes = []
  }

  /** Why a request cannot be taken now. */
  refusal(now: number, open: number, { concurrency, queue, cpuPerSecond }: AdmissionLimits): Refusal | undefined {
    if (now < this.suspendedUntil) {
      const message = `This site's code has hung ${strikesAllowed} times within a minute. It is suspended for a moment.`
      return { status: 503, code: "SERVICE_UNAVAILABLE", message, retryAfter: seconds(this.suspendedUntil - now) }
    }
    if (open >= concurrency + queue) {
      const message = "Too many requests to this site are waiting."
      return { status: 429, code: "RATE_LIMIT_EXCEEDED", message, retryAfter: 1 }
    }
    if (!this.isSlow || cpuPerSecond === 0) return undefined
    this.refill(now, cpuPerSecond)
    if (this.budget > 0) return undefined
    const message = "This site has used up its processor time for now (functions.cpu_per_second)."
    return { status: 429, code: "RATE_LIMIT_EXCEEDED", message, retryAfter: seconds((-this.budget / cpuPerSecond) * 1000) }
  }

  private charge(ms: number, now: number, { cpuPerSecond }: AdmissionLimits): void {
    if (!this.isSlow || cpuPerSecond === 0) return
    this.refill(now, cpuPerSecond)
    this.budget -= ms
  }

  private refill(now: number, cpuPerSecond: number): void {
    const full = cpuPerSecond * burstSeconds
    this.budget = Math.min(full, this.budget + ((now - this.budgetAt) / 1000) * cpuPerSecond)
    this.budgetAt = now
  }
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
