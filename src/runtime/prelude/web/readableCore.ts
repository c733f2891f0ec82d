import { type Deferred, deferred, invoked } from "./promises.ts"

/** What waits for the next chunk. */
export interface Reading {
  readonly chunk: (value: unknown) => void
  readonly close: () => void
  readonly error: (error: unknown) => void
}

/** What holds the lock of a stream. */
export interface Reader {
  readonly waiting: Array<Reading>
  closed: Deferred
}

/** The state of a ReadableStream: what the standard calls the stream and its controller. */
export interface Readable {
  state: "readable" | "closed" | "errored"
  error: unknown
  disturbed: boolean
  reader: Reader | undefined
  queue: Array<{ readonly value: unknown; readonly size: number }>
  total: number
  readonly highWaterMark: number
  readonly sizeOf: (chunk: unknown) => unknown
  closing: boolean
  started: boolean
  pulling: boolean
  pullAgain: boolean
  pull: (() => unknown) | undefined
  cancel: ((reason: unknown) => unknown) | undefined
  /** All that the stream will ever give, while nobody has read of it. */
  whole: string | ArrayBuffer | undefined
}

export interface Source {
  readonly start?: () => unknown
  readonly pull?: (() => unknown) | undefined
  readonly cancel?: ((reason: unknown) => unknown) | undefined
}

export interface Strategy {
  readonly highWaterMark?: number
  readonly size?: (chunk: unknown) => unknown
}

export const sizeIn = (strategy: Strategy | undefined): ((chunk: unknown) => unknown) => strategy?.size ?? (() => 1)

export const highWaterMarkIn = (strategy: Strategy | undefined, otherwise: number): number => {
  const mark = Number(strategy?.highWaterMark ?? otherwise)
  if (Number.isNaN(mark) || mark < 0) throw new RangeError("highWaterMark cannot be negative.")
  return mark
}

export const checkedSize = (size: unknown): number => {
  const number = Number(size)
  if (Number.isNaN(number) || number < 0 || number === Number.POSITIVE_INFINITY)
    throw new RangeError("The size of a chunk is a finite number.")
  return number
}

/** A stream that is not started yet, so that its source can be given the controller first. */
export const newReadable = (source: Source, highWaterMark: number, sizeOf: (chunk: unknown) => unknown): Readable => ({
  state: "readable",
  error: undefined,
  disturbed: false,
  reader: undefined,
  queue: [],
  total: 0,
  highWaterMark,
  sizeOf,
  closing: false,
  started: false,
  pulling: false,
  pullAgain: false,
  pull: source.pull,
  cancel: source.cancel,
  whole: undefined,
})

/** `start` throws at once; its promise holds back pulling. */
export const startReadable = (stream: Readable, start: (() => unknown) | undefined): void => {
  Promise.resolve(start?.()).then(
    () => {
      stream.started = true
      pullIfNeeded(stream)
    },
    (error) => errorReadable(stream, error),
  )
}

export const desiredSize = (stream: Readable): number | null =>
  stream.state === "errored" ? null : stream.state === "closed" ? 0 : stream.highWaterMark - stream.total

export const canEnqueue = (stream: Readable): boolean => stream.state === "readable" && !stream.closing

export const wantsChunk = (stream: Readable): boolean =>
  canEnqueue(stream) && ((stream.reader !== undefined && stream.reader.waiting.length > 0) || desiredSize(stream)! > 0)

const pullIfNeeded = (stream: Readable): void => {
  if (!stream.started || !wantsChunk(stream)) return
  if (stream.pulling) {
    stream.pullAgain = true
    return
  }
  stream.pulling = true
  invoked(stream.pull).then(
    () => {
      stream.pulling = false
      if (!stream.pullAgain) return
      stream.pullAgain = false
      pullIfNeeded(stream)
    },
    (error) => errorReadable(stream, error),
  )
}

export const enqueue = (stream: Readable, value: unknown): void => {
  if (!canEnqueue(stream)) throw new TypeError("The stream is closed, so nothing can be enqueued.")
  const waiting = stream.reader?.waiting.shift()
  if (waiting !== undefined) waiting.chunk(value)
  else {
    try {
      const size = checkedSize(stream.sizeOf(value))
      stream.queue.push({ value, size })
      stream.total += size
    } catch (error) {
      errorReadable(stream, error)
      throw error
    }
  }
  pullIfNeeded(stream)
}

/** No more will be enqueued; what is queued is still read. */
export const closeReadable = (stream: Readable): void => {
  if (!canEnqueue(stream)) throw new TypeError("The stream is closed already.")
  stream.closing = true
  if (stream.queue.length === 0) finishReadable(stream)
}

const forget = (stream: Readable): void => {
  stream.queue = []
  stream.total = 0
  stream.pull = undefined
  stream.cancel = undefined
  stream.whole = undefined
}

export const finishReadable = (stream: Readable): void => {
  if (stream.state !== "readable") return
  stream.state = "closed"
  forget(stream)
  const reader = stream.reader
  reader?.closed.resolve()
  for (const waiting of reader?.waiting.splice(0) ?? []) waiting.close()
}

export const errorReadable = (stream: Readable, error: unknown): void => {
  if (stream.state !== "readable") return
  stream.state = "errored"
  stream.error = error
  forget(stream)
  const reader = stream.reader
  reader?.closed.reject(error)
  for (const waiting of reader?.waiting.splice(0) ?? []) waiting.error(error)
}

export const readFrom = (stream: Readable, reading: Reading): void => {
  stream.disturbed = true
  if (stream.state === "closed") return reading.close()
  if (stream.state === "errored") return reading.error(stream.error)
  const first = stream.queue.shift()
  if (first === undefined) {
    stream.reader!.waiting.push(reading)
    return pullIfNeeded(stream)
  }
  stream.total = Math.max(0, stream.total - first.size)
  if (stream.closing && stream.queue.length === 0) finishReadable(stream)
  else pullIfNeeded(stream)
  reading.chunk(first.value)
}

export const cancelReadable = (stream: Readable, reason: unknown): Promise<unknown> => {
  stream.disturbed = true
  if (stream.state === "closed") return Promise.resolve()
  if (stream.state === "errored") return Promise.reject(stream.error)
  const cancel = stream.cancel
  finishReadable(stream)
  return invoked(cancel, reason).then(() => undefined)
}

export const lockReadable = (stream: Readable): Reader => {
  if (stream.reader !== undefined) throw new TypeError("The stream is locked to another reader.")
  const reader: Reader = { waiting: [], closed: deferred() }
  if (stream.state === "closed") reader.closed.resolve()
  if (stream.state === "errored") reader.closed.reject(stream.error)
  stream.reader = reader
  return reader
}

export const unlockReadable = (stream: Readable, reader: Reader): void => {
  if (stream.reader !== reader) return
  const error = new TypeError("The reader was released.")
  if (stream.state !== "readable") reader.closed = deferred()
  reader.closed.reject(error)
  for (const waiting of reader.waiting.splice(0)) waiting.error(error)
  stream.reader = undefined
}
