import { buffer } from "node:stream/consumers"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Environment } from "../config.ts"
import type { CliError } from "./errors.ts"
import { jsonText } from "./format.ts"
import { makePaint, type Paint } from "./paint.ts"
import { askAtTerminal } from "./prompt.ts"
import type { Look } from "./table.ts"

/** A question to the person at the terminal. `hidden`: what they type is not shown. Fails where they end it instead (Ctrl-C, Ctrl-D). */
export type Ask = (question: string, hidden?: boolean) => Effect.Effect<string, CliError>

/** Where the CLI writes: answers on stdout, everything about getting them on stderr. And what it may ask. */
export class Output extends Context.Tag("fazt/Output")<
  Output,
  {
    /** One line or more of the answer. */
    readonly print: (text: string) => Effect.Effect<void>
    /** Part of an answer that is bytes, exactly as they are. Done when there is room for more. */
    readonly write: (bytes: Uint8Array) => Effect.Effect<void>
    /** A remark beside the answer. */
    readonly note: (text: string) => Effect.Effect<void>
    /** Colours of the answer, and how wide it may be; no colours and no limit where it does not go to a terminal. */
    readonly look: Look
    /** Colours of remarks. */
    readonly notePaint: Paint
    /** Replaces the last line of the terminal that shows remarks; `none` where that is no terminal. */
    readonly draw: Option.Option<(line: string) => void>
    /** Asks the person at the terminal; `none` where there is nobody. */
    readonly ask: Option.Option<Ask>
    /** All of standard input, however often it is asked for. */
    readonly stdin: Effect.Effect<Buffer>
  }
>() {
  static readonly layer: Layer.Layer<Output, never, Environment> = Layer.effect(
    Output,
    Effect.gen(function* () {
      const { noColor } = yield* Environment
      const { stdin, stdout, stderr } = process
      const write = (stream: NodeJS.WriteStream, text: string) => Effect.sync(() => void stream.write(`${text}\n`))
      return {
        print: (text) => write(stdout, text),
        write: (bytes) =>
          Effect.async((resume) => {
            if (stdout.write(bytes)) resume(Effect.void)
            else stdout.once("drain", () => resume(Effect.void))
          }),
        note: (text) => write(stderr, text),
        look: { paint: makePaint(stdout.isTTY && !noColor), columns: stdout.isTTY ? stdout.columns : undefined },
        notePaint: makePaint(stderr.isTTY && !noColor),
        draw: stderr.isTTY ? Option.some(drawOn(stderr)) : Option.none(),
        ask: stdin.isTTY && stderr.isTTY ? Option.some(askAtTerminal) : Option.none(),
        stdin: yield* Effect.cached(Effect.promise(() => buffer(stdin))),
      }
    }),
  )
}

const drawOn =
  (stream: NodeJS.WriteStream) =>
  (line: string): void => {
    stream.write(`\r\x1b[2K${line}`)
  }

export const print = (text: string) => Effect.flatMap(Output, (output) => output.print(text))
export const note = (text: string) => Effect.flatMap(Output, (output) => output.note(text))

/** A value as JSON: indented for a terminal, one line for a program. */
export const printJson = (value: unknown) =>
  Effect.flatMap(Output, ({ print, look }) => print(jsonText(value, look.columns === undefined ? 0 : 2)))

/** Answers with `value` as JSON, or with what people want to read of it. */
export const answer = <A>(json: boolean, value: A, forPeople: (look: Look, now: number) => string) =>
  json
    ? printJson(value)
    : Effect.gen(function* () {
        const { print, look } = yield* Output
        yield* print(forPeople(look, yield* Clock.currentTimeMillis))
      })
