import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Ask, Output } from "../../src/cli/output.ts"
import { makePaint } from "../../src/cli/paint.ts"

/** Who sits at a terminal: what they reply to a question, knowing what was noted before. */
export type Person = (question: string, noted: ReadonlyArray<string>) => string

/** An output that is kept instead of shown; `isTerminal` makes it draw. Nobody is asked where there is no `person`. */
export const terminal = (isTerminal = false, { person, stdin = "" }: { readonly person?: Person; readonly stdin?: string } = {}) => {
  const printed: Array<string> = []
  const written: Array<Uint8Array> = []
  const noted: Array<string> = []
  const drawn: Array<string> = []
  const asked: Array<{ readonly question: string; readonly hidden: boolean }> = []
  const draw = (line: string): void => {
    drawn.push(line)
  }
  const layer = Layer.succeed(Output, {
    print: (text) => Effect.sync(() => void printed.push(text)),
    write: (bytes) => Effect.sync(() => void written.push(bytes)),
    note: (text) => Effect.sync(() => void noted.push(text)),
    look: { paint: makePaint(false), columns: isTerminal ? 80 : undefined },
    notePaint: makePaint(false),
    draw: isTerminal ? Option.some(draw) : Option.none(),
    ask:
      person === undefined
        ? Option.none()
        : Option.some<Ask>((question, hidden = false) =>
            Effect.sync(() => {
              asked.push({ question, hidden })
              return person(question, noted)
            }),
          ),
    stdin: Effect.sync(() => Buffer.from(stdin)),
  })
  return { printed, written, noted, drawn, asked, layer }
}
