/** Names and values that tell the samples of one family apart. */
export type Labels = Readonly<Record<string, string>>

/** What a family is read as at a scrape: one value, or one for each set of labels. Nothing where this machine cannot tell. */
export type Reading = number | undefined | ReadonlyArray<readonly [labels: Labels, value: number]>

/** What a histogram has counted: observations up to each bound and beyond the last one, and their sum. */
export interface Distribution {
  readonly bounds: ReadonlyArray<number>
  /** One longer than `bounds`; each bucket by itself. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

interface Described {
  /** As OpenMetrics has it: a unit is at its end, and neither `_total` nor `_info`. */
  readonly name: string
  readonly help: string
  /** `seconds` or `bytes`, where there is one. */
  readonly unit?: "seconds" | "bytes"
}

/** Metrics of one name. */
export type Family =
  | (Described & { readonly type: "counter" | "gauge" | "info"; readonly read: () => Reading })
  | (Described & {
      readonly type: "histogram"
      readonly read: () => ReadonlyArray<readonly [labels: Labels, distribution: Distribution]>
    })

/** A counter with one cell for each set of labels, which are known from the start. */
export interface Counter {
  /** Adds to the cell of the labels at `row`. */
  readonly add: (row: number, amount?: number) => void
}

export interface Histogram {
  /** Counts a value, for the labels at `row`. */
  readonly observe: (row: number, value: number) => void
}

/** The families of a server, in the order in which they are told. To count costs a few nanoseconds and allocates nothing. */
export const registry = () => {
  const families: Array<Family> = []
  return {
    families: families as ReadonlyArray<Family>,

    counter: (family: Described, rows: ReadonlyArray<Labels>): Counter => {
      const cells = new Float64Array(rows.length)
      families.push({ ...family, type: "counter", read: () => rows.map((labels, row) => [labels, cells[row]!]) })
      return {
        add: (row, amount = 1) => {
          cells[row]! += amount
        },
      }
    },

    /** `bounds`: the upper ends of its buckets, from small to large. */
    histogram: (family: Described, bounds: ReadonlyArray<number>, rows: ReadonlyArray<Labels>): Histogram => {
      const width = bounds.length + 1
      const counts = new Float64Array(rows.length * width)
      const sums = new Float64Array(rows.length)
      const ends = Float64Array.from(bounds)
      const read = () =>
        rows.map((labels, row) => [labels, { bounds, counts: counts.subarray(row * width, (row + 1) * width), sum: sums[row]! }] as const)
      families.push({ ...family, type: "histogram", read })
      return {
        observe: (row, value) => {
          let bucket = 0
          while (bucket < ends.length && value > ends[bucket]!) bucket++
          counts[row * width + bucket]!++
          sums[row]! += value
        },
      }
    },

    /** What others count or know, asked for at each scrape. */
    read: (family: Family): void => {
      families.push(family)
    },
  }
}

export type Registry = ReturnType<typeof registry>
