import { printable } from "./format.ts"

/** A text as one word of a command line. */
export const shellWord = (text: string): string => `'${printable(text).replaceAll("'", `'\\''`)}'`
