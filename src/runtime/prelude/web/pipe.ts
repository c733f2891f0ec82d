import { type AbortSignal, whenAborted } from "./abort.ts"
import { nothing } from "./promises.ts"
import { cancelReadable, lockReadable, type Readable, readFrom, unlockReadable } from "./readableCore.ts"
import { abortWritable, closeWritable, lockWritable, unlockWritable, type Writable, writeTo } from "./writableCore.ts"

export interface PipeOptions {
  readonly preventClose?: boolean
  readonly preventAbort?: boolean
  readonly preventCancel?: boolean
  readonly signal?: AbortSignal
}

/** Writes all that one stream gives into the other, and carries the end or the error of either to the other. */
export const pipe = (source: Readable, target: Writable, options: PipeOptions): Promise<unknown> => {
  const { preventClose, preventAbort, preventCancel, signal } = options
  const reader = lockReadable(source)
  const writer = lockWritable(target)
  source.disturbed = true
  return new Promise((resolve, reject) => {
    let ending = false
    let written: Promise<unknown> = Promise.resolve()
    let unlisten = nothing

    /** Waits for what was read to be written, does the last thing, and lets both streams go. */
    const end = (last: (() => Promise<unknown>) | undefined, failure?: { readonly error: unknown }): void => {
      if (ending) return
      ending = true
      const finish = (outcome: { readonly error: unknown } | undefined): void => {
        unlockWritable(target, writer)
        unlockReadable(source, reader)
        unlisten()
        if (outcome === undefined) resolve(undefined)
        else reject(outcome.error)
      }
      written
        .catch(nothing)
        .then(() => last?.())
        .then(
          () => finish(failure),
          (error) => finish({ error }),
        )
    }
    const aborted = (): void => {
      const error = signal!.reason
      end(
        () =>
          Promise.all([
            preventAbort ? undefined : abortWritable(target, error),
            preventCancel || source.state === "errored" ? undefined : cancelReadable(source, error),
          ]),
        { error },
      )
    }
    if (signal?.aborted) return aborted()
    if (signal !== undefined) unlisten = whenAborted(signal, aborted)

    reader.closed.promise.then(
      () => end(preventClose || target.closing !== undefined || target.state === "closed" ? undefined : () => closeWritable(target)),
      (error) => end(preventAbort ? undefined : () => abortWritable(target, error), { error }),
    )
    const targetEnded = (error: unknown): void =>
      end(preventCancel || source.state === "errored" ? undefined : () => cancelReadable(source, error), { error })
    writer.closed.promise.then(() => targetEnded(new TypeError("The target of the pipe is closed.")), targetEnded)
    if (target.closing !== undefined) targetEnded(new TypeError("The target of the pipe is closed."))

    const step = (): void => {
      if (ending) return
      writer.ready.promise.then(() => {
        if (ending) return
        readFrom(source, {
          chunk: (value) => {
            written = writeTo(target, value)
            written.catch(nothing)
            step()
          },
          close: nothing,
          error: nothing,
        })
      }, nothing)
    }
    step()
  })
}
