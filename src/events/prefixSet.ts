/**
 * Many prefixes at once: what all of them have in common, and which of them a text begins with, in a few steps. Whatever stands in
 * order between a prefix and a text that begins with it begins with it too, so that one comparison decides.
 */
export const prefixSet = (prefixes: ReadonlyArray<string>) => {
  const sorted: Array<string> = []
  for (const prefix of [...prefixes].sort()) {
    const before = sorted.at(-1)
    if (before === undefined || !prefix.startsWith(before)) sorted.push(prefix)
  }
  const [first = "", last = ""] = [sorted[0], sorted.at(-1)]
  let length = 0
  while (length < first.length && first[length] === last[length]) length++
  const common = first.slice(0, length)
  return {
    // Half a character is none for SQLite.
    common: common.isWellFormed() ? common : common.slice(0, -1),
    prefixOf: (text: string): string | undefined => {
      let low = 0
      for (let high = sorted.length; low < high; ) {
        const middle = (low + high) >> 1
        if (sorted[middle]! <= text) low = middle + 1
        else high = middle
      }
      const candidate = sorted[low - 1]
      return candidate !== undefined && text.startsWith(candidate) ? candidate : undefined
    },
  }
}
