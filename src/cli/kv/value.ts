/** A value as it is typed: JSON if it is JSON, else the text itself. */
export const valueOfText = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A value as it is shown: text as it is, anything else as JSON. What is shown can be typed again, unless the text looks like JSON. */
export const textOfValue = (value: unknown, indent = 0): string =>
  typeof value === "string" ? value : JSON.stringify(value, undefined, indent)
