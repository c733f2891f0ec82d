import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Output } from "../../src/cli/output.ts"
import { makePaint } from "../../src/cli/paint.ts"

/** An output that is kept instead of shown; `isTerminal` makes it draw. */
export const terminal = (isTerminal = false) => {
  const printed: Array<string> = []
  const noted: Array<string> = []
  const drawn: Array<string> = []
  const draw = (line: string): void => {
    drawn.push(line)
  }
  const layer = Layer.succeed(Output, {
    print: (text) => Effect.sync(() => void printed.push(text)),
    note: (text) => Effect.sync(() => void noted.push(text)),
    look: { paint: makePaint(false), columns: isTerminal ? 80 : undefined },
    notePaint: makePaint(false),
    draw: isTerminal ? Option.some(draw) : Option.none(),
    confirm: Option.none(),
  })
  return { printed, noted, drawn, layer }
}
