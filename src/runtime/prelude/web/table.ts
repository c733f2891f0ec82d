import { inspect } from "./inspect.ts"

/** Rows as a table, or `undefined` for what has no rows. */
export const table = (data: unknown, only?: ReadonlyArray<string>): string | undefined => {
  if (typeof data !== "object" || data === null) return undefined
  const rows =
    data instanceof Map ? [...data] : data instanceof Set ? [...data].map((item, i): [unknown, unknown] => [i, item]) : Object.entries(data)
  const columns: Array<string> = only === undefined ? [] : [...only]
  let hasValues = false
  const cells = rows.slice(0, 1000).map(([index, row]) => {
    const line = new Map<string, string>()
    if (typeof row !== "object" || row === null) {
      hasValues = true
      return { index: String(index), line, value: inspect(row) }
    }
    for (const [key, value] of Object.entries(row)) {
      if (only === undefined && !columns.includes(key)) columns.push(key)
      line.set(key, inspect(value, 0))
    }
    return { index: String(index), line, value: "" }
  })
  const head = ["(index)", ...columns, ...(hasValues ? ["Values"] : [])]
  const body = cells.map(({ index, line, value }) => [
    index,
    ...columns.map((column) => line.get(column) ?? ""),
    ...(hasValues ? [value] : []),
  ])
  const widths = head.map((name, i) => Math.max(name.length, ...body.map((row) => row[i]!.length)) + 2)
  const ruled = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right
  const lined = (row: ReadonlyArray<string>): string => `│${row.map((cell, i) => ` ${cell}`.padEnd(widths[i]!)).join("│")}│`
  return [ruled("┌", "┬", "┐"), lined(head), ruled("├", "┼", "┤"), ...body.map(lined), ruled("└", "┴", "┘")].join("\n")
}
