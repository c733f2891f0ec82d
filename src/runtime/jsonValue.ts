import { canonicalJson } from "../events/chain.ts"

/** How deep values may be nested. */
export const maxJsonDepth = 500

/** JSON text that came from outside, as a value and in its canonical form; `problem` says why it is refused. */
export const jsonValue = (
  text: string,
): { readonly value: unknown; readonly text: string } | { readonly problem: string; readonly value?: undefined } => {
  if (isTooDeep(text)) return { problem: `it is nested deeper than ${maxJsonDepth} levels` }
  try {
    const value: unknown = JSON.parse(text)
    return { value, text: isOrdered(value) ? JSON.stringify(value) : canonicalJson(value) }
  } catch {
    return { problem: "it is not JSON" }
  }
}

/**
 * Whether a JSON text is nested deeper than values may be. Looked at before it is parsed: what goes through such a value afterwards takes
 * time by the square of its depth, or has no stack left.
 */
export const isTooDeep = (text: string, levels: number = maxJsonDepth): boolean =>
  // So deep a value takes at least two characters a level.
  text.length > 2 * levels && depthOf(text) > levels

/** Whether the keys of all objects in it are in the order of canonical JSON, so that it is what JSON is anyway. */
const isOrdered = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return true
  if (Array.isArray(value)) return value.every(isOrdered)
  let before = ""
  for (const key of Object.keys(value)) {
    if (key < before || !isOrdered((value as Record<string, unknown>)[key])) return false
    before = key
  }
  return true
}

const [quote, backslash] = [0x22, 0x5c]

/** How deep brackets are nested in a JSON text. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === backslash) i++
      else if (code === quote) inString = false
    } else if (code === quote) inString = true
    // [ and {, ] and }
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x5d || code === 0x7d) depth--
  }
  return deepest
}
