/** A line of a `.env` file that was not understood, or what the file says. Values are never part of a problem: they are secrets. */
export type Dotenv =
  | { readonly values: Readonly<Record<string, string>> }
  | { readonly problem: { readonly line: number; readonly reason: string } }

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/
const blank = /^[ \t]*(?:#.*)?$/

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

/**
 * Reads a `.env` file: `NAME=value` lines, `export` before them, comments with `#`, values in single, double or back quotes, also
 * over several lines. In double quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes. Nothing is expanded. The last of a name wins.
 */
export const parseDotenv = (text: string): Dotenv => {
  const source = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n")
  const values = new Map<string, string>()
  let at = 0
  const problem = (reason: string): Dotenv => ({ problem: { line: source.slice(0, at).split("\n").length, reason } })

  while (at < source.length) {
    const end = endOfLine(source, at)
    const line = source.slice(at, end)
    if (blank.test(line)) {
      at = end + 1
      continue
    }
    const [prefix, name] = assignment.exec(line) ?? []
    if (prefix === undefined || name === undefined) return problem("it is no NAME=value.")
    const start = at + prefix.length
    const quote = source[start]
    if (quote === '"' || quote === "'" || quote === "`") {
      const closing = closingQuote(source, start)
      if (closing === undefined) return problem(`the value of ${name} begins with a quote that is never closed.`)
      const rest = endOfLine(source, closing)
      if (!blank.test(source.slice(closing + 1, rest))) return problem(`something follows the closing quote of ${name}.`)
      const inside = source.slice(start + 1, closing)
      values.set(name, quote === '"' ? inside.replace(/\\([nrt"\\])/g, (_, escaped: string) => escapes[escaped] ?? escaped) : inside)
      at = rest + 1
    } else {
      values.set(
        name,
        source
          .slice(start, end)
          .replace(/(^|[ \t])#.*$/, "")
          .trim(),
      )
      at = end + 1
    }
  }
  return { values: Object.fromEntries(values) }
}

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}

/** Where the quote that opens at `open` is closed; a backslash hides the next character in double quotes only. */
const closingQuote = (text: string, open: number): number | undefined => {
  const quote = text[open]
  for (let i = open + 1; i < text.length; i++) {
    if (quote === '"' && text[i] === "\\") i++
    else if (text[i] === quote) return i
  }
  return undefined
}
