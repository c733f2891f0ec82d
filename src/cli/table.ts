import { cut, printable } from "./format.ts"
import type { Paint } from "./paint.ts"

/** Text, and perhaps how to colour it: measured and made safe before it is coloured. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string }

export interface Column {
  readonly title: string
  readonly align?: "left" | "right"
}

export interface Look {
  readonly paint: Paint
  /** The terminal's width: the last column is cut to fit. Without it, nothing is. */
  readonly columns: number | undefined
}

const gap = "  "

const textOf = (cell: Cell): string => printable(typeof cell === "string" ? cell : cell.text)

/** How many columns a terminal takes for it: two for wide characters, none for marks that combine. */
export const displayWidth = (text: string): number => {
  let width = 0
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\u200d/u.test(character)) continue
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      character,
    )
      ? 2
      : 1
  }
  return width
}

/** Aligned columns under a header, or without one when no column has a title. */
export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<Cell>>, look: Look): string => {
  const head: ReadonlyArray<Cell> = columns.map(({ title }) => ({ text: title, paint: look.paint.dim }))
  const all = columns.some(({ title }) => title !== "") ? [head, ...rows] : rows
  const widths = columns.map((_, index) => Math.max(0, ...all.map((row) => displayWidth(textOf(row[index] ?? "")))))
  const last = columns.length - 1
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0)

  const line = (row: ReadonlyArray<Cell>): string => {
    const cells = columns.map(({ align }, index) => {
      const cell = row[index] ?? ""
      const full = textOf(cell)
      const text = index === last && look.columns !== undefined ? cut(full, Math.max(8, look.columns - before)) : full
      const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)))
      const painted = typeof cell === "string" ? text : cell.paint(text)
      if (align === "right") return padding + painted
      return index === last ? painted : painted + padding
    })
    return cells.join(gap).trimEnd()
  }
  return all.map(line).join("\n")
}

/** Names and values, one pair a line. */
export const pairs = (rows: ReadonlyArray<readonly [name: string, value: Cell]>, look: Look): string =>
  table(
    [{ title: "" }, { title: "" }],
    rows.map(([name, value]) => [{ text: name, paint: look.paint.dim }, value]),
    look,
  )
