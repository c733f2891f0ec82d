import { inspect } from "./inspect.ts"

/** Joins what was given to `console.log`; a first argument that is text may have places for the others, as in `printf`. */
export const format = (args: ReadonlyArray<unknown>): string => {
  const first = args[0]
  if (args.length === 1) return shownAlone(first)
  let next = 0
  let text = ""
  if (typeof first === "string") {
    next = 1
    text = first.replace(/%[sdifjoOc%]/g, (place) => {
      if (place === "%%") return "%"
      return next < args.length ? filled(place, args[next++]) : place
    })
  }
  for (; next < args.length; next++) text += `${next === 0 ? "" : " "}${shownAlone(args[next])}`
  return text
}

const shownAlone = (value: unknown): string => (typeof value === "string" ? value : inspect(value))

const filled = (place: string, value: unknown): string => {
  if (place === "%c") return ""
  if (place === "%j") return json(value)
  if (place === "%o" || place === "%O") return inspect(value)
  if (place === "%s") return typeof value === "object" && value !== null && !(value instanceof Error) ? inspect(value, 0) : shownText(value)
  if (typeof value === "bigint") return place === "%f" ? String(Number(value)) : `${value}n`
  if (typeof value === "symbol") return "NaN"
  if (place === "%f") return shownText(Number.parseFloat(String(value)))
  if (typeof value === "object" && place === "%d") return shownText(value === null ? 0 : Number.NaN)
  return shownText(place === "%d" ? Number(value) : Number.parseInt(String(value), 10))
}

const shownText = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`
  return Object.is(value, -0) ? "-0" : String(value)
}

const json = (value: unknown): string => {
  try {
    return String(JSON.stringify(value))
  } catch {
    return "[Circular]"
  }
}
