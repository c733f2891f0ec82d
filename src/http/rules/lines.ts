import type { RuleWarning } from "./redirects.ts"

/** What the two rule files share: plain lines, and warnings in a bounded number. */

/** A rule file over this is no settings that anybody wrote, and is not read. */
export const MAX_RULE_FILE_BYTES = 256 * 1024

const MAX_WARNINGS = 100
const MAX_QUOTED = 120

export interface Warnings {
  readonly list: ReadonlyArray<RuleWarning>
  readonly add: (line: number, text: string, reason: string) => void
}

/** A file of a million bad lines must not become a million warnings: the last one says that there are more. */
export function collectWarnings(): Warnings {
  const list: Array<RuleWarning> = []
  return {
    list,
    add(line, text, reason) {
      if (list.length > MAX_WARNINGS) return
      const quoted = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
      if (list.length < MAX_WARNINGS) list.push({ line, text: quoted, reason })
      else list.push({ line, text: "", reason: "further warnings are left out" })
    },
  }
}

/** The lines of a file, trimmed; the number of a line is its index plus one. */
export function linesOf(text: string): ReadonlyArray<string> {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text
  return body.split("\n").map((line) => line.trim())
}

/** Tab is the one control character a rule file may hold within a line. */
export function hasControl(text: string): boolean {
  return /(?!\t)\p{Cc}/u.test(text)
}
