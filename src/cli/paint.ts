/** Colours for a terminal; the identity where there is none. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const style =
  (enabled: boolean, on: number, off: number) =>
  (text: string): string =>
    enabled && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text

export const makePaint = (enabled: boolean): Paint => ({
  bold: style(enabled, 1, 22),
  dim: style(enabled, 2, 22),
  red: style(enabled, 31, 39),
  green: style(enabled, 32, 39),
  yellow: style(enabled, 33, 39),
  cyan: style(enabled, 36, 39),
})
