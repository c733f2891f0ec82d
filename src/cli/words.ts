/** The words of an option that is given once with commas, or several times, or both: each once. */
export const wordsOf = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(
    texts
      .flatMap((text) => text.split(","))
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
]
