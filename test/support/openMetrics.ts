/**
 * Reads OpenMetrics 1.0 as strictly as its specification is written (github.com/prometheus/OpenMetrics), and throws at what is not as it has
 * to be: the order of lines, names, units, escapes, numbers, buckets, the end.
 */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly type: string
  readonly unit: string | undefined
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: ["_total"],
  gauge: [""],
  info: ["_info"],
  histogram: ["_bucket", "_count", "_sum"],
}

/** What a family's name must not end with, since the names of samples do. */
const reserved = /_(total|created|bucket|count|sum|info)$/

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const number = /^[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)$|^NaN$/

const unescaped = (text: string): string => {
  if (/[\n"]/.test(text.replaceAll(/\\[\\"n]/g, ""))) throw new Error(`${text} has something in it that should be escaped`)
  if (/\\/.test(text.replaceAll(/\\[\\"n]/g, ""))) throw new Error(`${text} has a backslash that means nothing`)
  return text.replaceAll(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))
}

const labelsOf = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== "") {
    const [all, label, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=[a-zA-Z_])|$)/.exec(rest) ?? []
    if (all === undefined) throw new Error(`Labels: ${text}`)
    if (label! in labels) throw new Error(`The label ${label} is there twice: ${text}`)
    labels[label!] = unescaped(value!)
    rest = rest.slice(all.length)
  }
  return labels
}

const numberOf = (text: string): number => {
  if (!number.test(text)) throw new Error(`${text} is no number`)
  return Number(text.replace("Inf", "Infinity"))
}

const sampleOf = (line: string): Sample => {
  const [, sampleName, labels, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (sampleName === undefined || labels === "") throw new Error(`A sample: ${line}`)
  return { name: sampleName, labels: labelsOf(labels ?? ""), value: numberOf(value!) }
}

export const parseOpenMetrics = (text: string): ReadonlyMap<string, MetricFamily> => {
  if (!text.endsWith("\n# EOF\n") && text !== "# EOF\n") throw new Error("It does not end with # EOF and a line break.")
  const lines = text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)
  const families = new Map<string, MetricFamily>()
  let i = 0
  while (i < lines.length) {
    const about: Record<string, string> = {}
    let of: string | undefined
    for (
      let meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(lines[i]!);
      meta !== null;
      meta = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(lines[i] ?? "")
    ) {
      const [, kind, family, rest] = meta as unknown as [string, string, string, string]
      if (of !== undefined && of !== family) break
      if (kind in about) throw new Error(`${kind} of ${family} is there twice`)
      of = family
      about[kind] = rest
      i++
    }
    if (of === undefined) throw new Error(`Neither metadata nor a sample of a family: ${lines[i]}`)
    const samples: Array<Sample> = []
    while (i < lines.length && !lines[i]!.startsWith("#")) samples.push(sampleOf(lines[i++]!))
    if (families.has(of)) throw new Error(`The family ${of} comes twice`)
    const family = { name: of, type: about["TYPE"] ?? "unknown", unit: about["UNIT"], help: unescaped(about["HELP"] ?? ""), samples }
    checkFamily(family)
    families.set(of, family)
  }
  return families
}

const checkFamily = ({ name: family, type, unit, help, samples }: MetricFamily): void => {
  if (!name.test(family) || reserved.test(family)) throw new Error(`${family} is no name for a family`)
  if (!(type in suffixes)) throw new Error(`${family} is of the type ${type}`)
  if (help === "") throw new Error(`${family} has no help`)
  if (unit !== undefined && !family.endsWith(`_${unit}`)) throw new Error(`${family} does not end with its unit, ${unit}`)
  if (unit === undefined && /_(seconds|bytes|ratio)$/.test(family)) throw new Error(`${family} has no unit`)
  if (samples.length === 0) throw new Error(`${family} has no samples`)
  const seen = new Set<string>()
  for (const sample of samples) {
    if (!suffixes[type]!.some((suffix) => sample.name === family + suffix)) throw new Error(`${sample.name} in the ${type} ${family}`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (seen.has(key)) throw new Error(`${key} comes twice`)
    seen.add(key)
    if (type !== "gauge" && !(sample.value >= 0)) throw new Error(`${key} is ${sample.value}`)
    if (type === "info" && sample.value !== 1) throw new Error(`${key} is ${sample.value}`)
  }
  const names = new Set(
    samples.map(({ labels }) =>
      Object.keys(labels)
        .filter((label) => label !== "le")
        .join(),
    ),
  )
  if (names.size > 1) throw new Error(`The labels of ${family} differ: ${[...names].join(" and ")}`)
  if (type === "histogram") checkBuckets(family, samples)
}

const checkBuckets = (family: string, samples: ReadonlyArray<Sample>): void => {
  const keyOf = ({ labels: { le: _, ...labels } }: Sample): string => JSON.stringify(labels)
  for (const key of new Set(samples.map(keyOf))) {
    const mine = samples.filter((sample) => keyOf(sample) === key)
    const buckets = mine.filter((sample) => sample.name.endsWith("_bucket"))
    const ends = buckets.map(({ labels }) => labels["le"] ?? "none")
    if (ends.at(-1) !== "+Inf") throw new Error(`The last bucket of ${family} is ${ends.at(-1)}`)
    if (ends.slice(0, -1).some((end) => !/^\d+\.\d+(e[+-]?\d+)?$|^\de-\d+$/.test(end)))
      throw new Error(`Bounds of ${family}: ${ends.join(" ")}`)
    for (let i = 1; i < buckets.length; i++) {
      if (numberOf(ends[i]!) <= numberOf(ends[i - 1]!)) throw new Error(`The buckets of ${family} are out of order`)
      if (buckets[i]!.value < buckets[i - 1]!.value) throw new Error(`The buckets of ${family} are not added up`)
    }
    const sampleValue = (suffix: string): number | undefined => mine.find((sample) => sample.name === family + suffix)?.value
    if (sampleValue("_count") !== buckets.at(-1)!.value)
      throw new Error(`${family} counts ${sampleValue("_count")} but has ${buckets.at(-1)!.value}`)
    if (sampleValue("_sum") === undefined) throw new Error(`${family} has no sum`)
  }
}
