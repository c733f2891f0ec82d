/** Upper ends of the buckets in which commits are counted by the seconds that they take. */
const commitSeconds = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 4] as const

/** Where each number is. Behind them: the commits of each bucket. */
const cell = { queued: 0, requests: 1, commits: 2, failures: 3, events: 4, seconds: 5, buckets: 6 } as const

/** What the writer has done since it was started. */
export interface WriterStats {
  /** Requests that wait for their turn, or are in the transaction at hand. */
  readonly queued: number
  /** Requests that have had their turn, whatever came of them. */
  readonly requests: number
  /** Transactions, and those of them that storage has failed. */
  readonly commits: number
  readonly failures: number
  readonly events: number
  /** How long transactions took, with the flush to the disk. */
  readonly duration: { readonly bounds: ReadonlyArray<number>; readonly counts: ArrayLike<number>; readonly sum: number }
}

/**
 * Counts what the writer does, in memory that other threads read at any time and without asking: the writer may be in the middle of a
 * transaction, and has better things to do. Only the writer's own thread writes to it.
 */
export const writerMeter = (memory: SharedArrayBuffer = newMeterMemory()) => {
  const cells = new Float64Array(memory)
  return {
    memory,
    queued: (requests: number): void => {
      cells[cell.queued] = requests
    },
    /** A transaction is over, after so many seconds. */
    committed: (requests: number, events: number, seconds: number): void => {
      counted(requests, seconds)
      cells[cell.events]! += events
    },
    failed: (requests: number, seconds: number): void => {
      counted(requests, seconds)
      cells[cell.failures]!++
    },
    stats: (): WriterStats => ({
      queued: cells[cell.queued]!,
      requests: cells[cell.requests]!,
      commits: cells[cell.commits]!,
      failures: cells[cell.failures]!,
      events: cells[cell.events]!,
      duration: { bounds: commitSeconds, counts: cells.slice(cell.buckets), sum: cells[cell.seconds]! },
    }),
  }

  function counted(requests: number, seconds: number): void {
    cells[cell.requests]! += requests
    cells[cell.commits]!++
    cells[cell.seconds]! += seconds
    let bucket = 0
    while (bucket < commitSeconds.length && seconds > commitSeconds[bucket]!) bucket++
    cells[cell.buckets + bucket]!++
  }
}

export type WriterMeter = ReturnType<typeof writerMeter>

const newMeterMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer((cell.buckets + commitSeconds.length + 1) * Float64Array.BYTES_PER_ELEMENT)
