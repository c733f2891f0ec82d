import { deferred } from "./promises.ts"
import {
  cancelReadable,
  canEnqueue,
  closeReadable,
  enqueue,
  errorReadable,
  lockReadable,
  newReadable,
  type Readable,
  readFrom,
  startReadable,
} from "./readableCore.ts"

/** Two streams that each give all chunks of one. */
export const tee = (stream: Readable): [Readable, Readable] => {
  const reader = lockReadable(stream)
  const cancelled = deferred()
  const reasons: Array<{ readonly reason: unknown } | undefined> = [undefined, undefined]
  let reading = false
  let again = false

  const open = (branch: Readable, place: number): boolean => reasons[place] === undefined && canEnqueue(branch)
  const each = (run: (branch: Readable) => void): void => {
    for (const place of [0, 1]) if (open(branches[place]!, place)) run(branches[place]!)
  }
  const pull = (): void => {
    if (reading) {
      again = true
      return
    }
    reading = true
    readFrom(stream, {
      // A turn later, so that an error that comes at the same time reaches both branches first.
      chunk: (value) =>
        void Promise.resolve().then(() => {
          again = false
          each((branch) => enqueue(branch, value))
          reading = false
          if (again) pull()
        }),
      close: () => {
        reading = false
        each(closeReadable)
        if (reasons.includes(undefined)) cancelled.resolve()
      },
      error: () => {
        reading = false
      },
    })
  }
  const cancel = (place: number) => (reason: unknown) => {
    reasons[place] = { reason }
    if (!reasons.includes(undefined))
      cancelled.resolve(
        cancelReadable(
          stream,
          reasons.map((given) => given!.reason),
        ),
      )
    return cancelled.promise
  }
  const branches = [0, 1].map((place) => newReadable({ pull, cancel: cancel(place) }, 1, () => 1))
  for (const branch of branches) startReadable(branch, undefined)
  reader.closed.promise.catch((error) => {
    for (const branch of branches) errorReadable(branch, error)
    if (reasons.includes(undefined)) cancelled.resolve()
  })
  return [branches[0]!, branches[1]!]
}
