import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { bytes, grouped } from "./format.ts"
import { Output } from "./output.ts"
import { makePaint, type Paint } from "./paint.ts"

/** How far some work has come. */
export interface Progress {
  readonly label: string
  readonly done: number
  /** `0` when it is not known: no bar then. */
  readonly total: number
  readonly unit: "bytes" | "count"
  /** More to say, such as a rate. */
  readonly detail: string
}

export interface ProgressBar {
  /** Begins a piece of work. */
  readonly begin: (label: string, total: number, unit?: Progress["unit"]) => void
  /** So much more is done: plain, as it is called for every chunk. */
  readonly add: (amount: number) => void
  readonly update: (change: Partial<Progress>) => void
}

const width = 24

/** `uploading  ██████░░░░░░  50%  1.2 MB of 2.4 MB`. */
export const renderProgress = ({ label, done, total, unit, detail }: Progress, paint: Paint = makePaint(false)): string => {
  const amount = unit === "bytes" ? bytes : grouped
  const parts = [label.padEnd(10)]
  if (total > 0) {
    const share = Math.min(1, done / total)
    const full = Math.round(share * width)
    parts.push(paint.cyan("█".repeat(full)) + paint.dim("░".repeat(width - full)), `${Math.floor(share * 100)}%`.padStart(4))
    parts.push(`${amount(Math.min(done, total))} of ${amount(total)}`)
  } else if (done > 0) parts.push(amount(done))
  if (detail !== "") parts.push(detail)
  return parts.join("  ").trimEnd()
}

/** A bar on the terminal that is redrawn ten times a second and gone when the scope closes; nothing where there is no terminal. */
export const progressBar: Effect.Effect<ProgressBar, never, Output | Scope.Scope> = Effect.gen(function* () {
  const { draw, notePaint } = yield* Output
  let progress: Progress = { label: "", done: 0, total: 0, unit: "count", detail: "" }
  const bar: ProgressBar = {
    begin: (label, total, unit = "count") => {
      progress = { label, total, unit, done: 0, detail: "" }
    },
    add: (amount) => {
      progress = { ...progress, done: progress.done + amount }
    },
    update: (change) => {
      progress = { ...progress, ...change }
    },
  }
  if (Option.isSome(draw)) {
    let drawn: Progress | undefined
    const redraw = Effect.sync(() => {
      if (progress === drawn || progress.label === "") return
      drawn = progress
      draw.value(renderProgress(progress, notePaint))
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => drawn !== undefined && draw.value("")))
    yield* redraw.pipe(Effect.delay("100 millis"), Effect.forever, Effect.forkScoped)
  }
  return bar
})
