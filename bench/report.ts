/** Nanosecond clock reading as milliseconds. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const percentile = (sorted: ArrayLike<number>, p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0

/** `p50 / p95 / p99 / max` of some latencies in milliseconds. */
export const spread = (latencies: ReadonlyArray<number>): string => {
  const sorted = Float64Array.from(latencies).sort()
  return [50, 95, 99, 100].map((p) => percentile(sorted, p).toFixed(2)).join(" / ")
}

export const count = (n: number): string => Math.round(n).toLocaleString("en")

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

/** One table of a benchmark's figures, in Markdown. */
export const table = (title: string, head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): void => {
  process.stdout.write(`\n### ${title}\n\n| ${head.join(" | ")} |\n|${head.map(() => "---").join("|")}|\n`)
  for (const row of rows) process.stdout.write(`| ${row.join(" | ")} |\n`)
}
