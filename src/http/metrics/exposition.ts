import type { Distribution, Family, Labels } from "./registry.ts"

/** A text form in which metrics are told. */
export interface Exposition {
  readonly contentType: string
  readonly text: (families: ReadonlyArray<Family>) => string
}

/** OpenMetrics 1.0 (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md). */
export const openMetrics: Exposition = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  text: (families) => `${families.map((family) => written(family, "openMetrics")).join("")}# EOF\n`,
}

/** The older text format of Prometheus, 0.0.4: it has no units and no end, and counters carry `_total` in their name. */
export const prometheus: Exposition = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  text: (families) => families.map((family) => written(family, "prometheus")).join(""),
}

type Form = "openMetrics" | "prometheus"

const suffixes = { counter: "_total", gauge: "", info: "_info" } as const

const written = (family: Family, form: Form): string => {
  const samples = family.type === "histogram" ? histogramLines(family, form) : valueLines(family)
  // A family of which this machine knows nothing is left out.
  return samples === "" ? "" : heading(family, form) + samples
}

const heading = ({ name, type, unit, help }: Family, form: Form): string => {
  if (form === "openMetrics") {
    return `# TYPE ${name} ${type}\n${unit === undefined ? "" : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${escaped(help)}\n`
  }
  const full = type === "histogram" ? name : name + suffixes[type]
  return `# HELP ${full} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${full} ${type === "info" ? "gauge" : type}\n`
}

const valueLines = ({ name, type, read }: Family & { readonly type: "counter" | "gauge" | "info" }): string => {
  const reading = read()
  if (reading === undefined) return ""
  const samples = typeof reading === "number" ? [[{}, reading] as const] : reading
  return samples.map(([labels, value]) => `${name}${suffixes[type]}${inBraces(labels)} ${numberText(value)}\n`).join("")
}

const histogramLines = ({ name, read }: Family & { readonly type: "histogram" }, form: Form): string =>
  read()
    .map(([labels, distribution]) => {
      const { lines, count } = bucketLines(name, labels, distribution, form)
      return `${lines}${name}_count${inBraces(labels)} ${count}\n${name}_sum${inBraces(labels)} ${numberText(distribution.sum)}\n`
    })
    .join("")

/** Buckets are told added up: each with all that is below it. */
const bucketLines = (name: string, labels: Labels, { bounds, counts }: Distribution, form: Form) => {
  let count = 0
  let lines = ""
  for (let i = 0; i <= bounds.length; i++) {
    count += counts[i]!
    const end = i === bounds.length ? "+Inf" : form === "openMetrics" ? boundText(bounds[i]!) : String(bounds[i])
    lines += `${name}_bucket${inBraces({ ...labels, le: end })} ${count}\n`
  }
  return { lines, count }
}

/** OpenMetrics wants bounds to be seen to be no whole numbers, so that every server writes the same one in the same way. */
const boundText = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : String(bound))

const inBraces = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')

const numberText = (value: number): string => {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"
}

/** The form that a client likes best (RFC 9110, 12.5.1): OpenMetrics, unless it prefers plain text. */
export const expositionFor = (accept: string | undefined): Exposition => {
  if (accept === undefined) return openMetrics
  const open = qualityOf(accept, "application", "openmetrics-text")
  return open > 0 && open >= qualityOf(accept, "text", "plain") ? openMetrics : prometheus
}

/** What the most telling of the ranges that a type is in says of it. */
const qualityOf = (accept: string, type: string, subtype: string): number => {
  const ranges = [`${type}/${subtype}`, `${type}/*`, "*/*"]
  let best = { rank: ranges.length, quality: 0 }
  for (const member of accept.toLowerCase().split(",")) {
    const [range = "", ...parameters] = member.split(";").map((part) => part.trim())
    const rank = ranges.indexOf(range)
    if (rank < 0) continue
    const given = parameters.find((parameter) => parameter.startsWith("q="))
    const quality = given === undefined ? 1 : Number(given.slice(2))
    if (rank < best.rank || (rank === best.rank && quality > best.quality)) best = { rank, quality: Number.isNaN(quality) ? 0 : quality }
  }
  return best.quality
}
