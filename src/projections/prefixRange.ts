/**
 * Bounds of a text column that hold for exactly the values that begin with `prefix` and, if given, come after `after`:
 * `column >= lower AND column < upper`. Texts are compared as SQLite does it, by their UTF-8 bytes, which is by code points.
 */
export const prefixRange = (prefix: string, after?: string): { readonly lower: string; readonly upper: string | Buffer } => ({
  // U+0000 comes before every character that a key may have.
  lower: after !== undefined && compareText(after, prefix) >= 0 ? `${after}\0` : prefix,
  upper: successor([...prefix]) ?? afterAllText,
})

/** Every blob comes after every text. */
const afterAllText = Buffer.alloc(0)

/** The first text after all that begin with these characters; `undefined` if there is none. */
const successor = (characters: ReadonlyArray<string>): string | undefined => {
  const last = characters.at(-1)?.codePointAt(0)
  if (last === undefined) return undefined
  const before = characters.slice(0, -1)
  if (last === 0x10ffff) return successor(before)
  return before.join("") + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
}

/** The order of texts in SQLite. */
export const compareText = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))
