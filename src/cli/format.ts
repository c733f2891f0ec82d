/** A size in decimal units: `999 B`, `34 kB`, `1.2 MB`. */
export const bytes = (count: number): string => {
  if (count < 1000) return `${count} B`
  let value = count
  let unit = -1
  do {
    value /= 1000
    unit++
  } while (value >= 999.5 && unit < 4)
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${["kB", "MB", "GB", "TB", "PB"][unit]}`
}

/** `1 file`, `2 files`. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`

/** `12,345`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",")

/** `35 ms`, `0.2 s`, `45 s`, `3 min 5 s`, `2 h 10 min`, `5 d 3 h`. */
export const duration = (ms: number): string => {
  if (ms < 100) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

const steps: ReadonlyArray<readonly [seconds: number, noun: string]> = [
  [31_557_600, "year"],
  [2_629_800, "month"],
  [604_800, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
]

/** `just now`, `5 minutes ago`, `2 weeks ago`. */
export const ago = (at: number, now: number): string => {
  const seconds = Math.floor((now - at) / 1000)
  for (const [length, noun] of steps) if (seconds >= length) return `${counted(Math.floor(seconds / length), noun)} ago`
  return "just now"
}

const two = (value: number): string => String(value).padStart(2, "0")

/** The local date and time to the minute: `2026-11-21 14:02`. */
export const minute = (at: number): string => {
  const date = new Date(at)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The local date and time to the second. */
export const second = (at: number): string => `${minute(at)}:${two(new Date(at).getSeconds())}`

// Control characters (C0, DEL, C1), line and paragraph separators, and those that change the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** One line that is safe on a terminal, whoever wrote it: names, messages and payloads may come from visitors. */
export const printable = (text: string): string => text.replace(unprintable, escaped)

/** The same of several lines, which stay lines. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** JSON that is safe on a terminal: what it escapes stands in its strings only, and means the same. */
export const jsonText = (value: unknown, indent = 0): string =>
  JSON.stringify(value, undefined, indent).replace(unprintable, (character) => (character === "\n" ? character : escaped(character)))

/** Cut to a width, with `…` for what is missing. */
export const cut = (text: string, width: number): string => {
  if (width <= 0) return ""
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`
}
