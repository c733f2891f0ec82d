import { ago, minute } from "./format.ts"
import { type Cell, type Look, table } from "./table.ts"

/** What every version of something has, whatever it is. */
interface Version {
  readonly version: number
  readonly at: string
  readonly actor: string
}

/** Versions, newest first, with one column for `what` each of them was, and how to page on from `next`. */
export const versionTable = <V extends Version>(
  versions: ReadonlyArray<V>,
  what: string,
  cell: (version: V) => Cell,
  next: string | null,
  look: Look,
  now: number,
): string => {
  const columns = [{ title: "VERSION", align: "right" }, { title: "WHEN" }, { title: "" }, { title: "BY" }, { title: what }] as const
  const rows = versions.map(
    (version): ReadonlyArray<Cell> => [
      String(version.version),
      ago(Date.parse(version.at), now),
      { text: minute(Date.parse(version.at)), paint: look.paint.dim },
      version.actor,
      cell(version),
    ],
  )
  const more = next === null ? "" : `\n${look.paint.dim(`more: --before ${next}`)}`
  return table(columns, rows, look) + more
}
