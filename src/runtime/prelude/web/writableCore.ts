import { AbortController } from "./abort.ts"
import { type Deferred, deferred, invoked } from "./promises.ts"
import { checkedSize } from "./readableCore.ts"

/** What holds the lock of a stream. */
export interface Writer {
  closed: Deferred
  ready: Deferred
}

interface Write {
  readonly chunk: unknown
  readonly size: number
  readonly done: Deferred
}

export interface Sink {
  write: ((chunk: unknown) => unknown) | undefined
  close: (() => unknown) | undefined
  abort: ((reason: unknown) => unknown) | undefined
}

/** The state of a WritableStream: what the standard calls the stream and its controller. */
export interface Writable {
  state: "writable" | "erroring" | "errored" | "closed"
  error: unknown
  writer: Writer | undefined
  queue: Array<Write>
  total: number
  readonly highWaterMark: number
  readonly sizeOf: (chunk: unknown) => unknown
  readonly sink: Sink
  started: boolean
  /** A write or the closing is under way in the sink. */
  busy: boolean
  backpressure: boolean
  closing: Deferred | undefined
  aborting: { readonly done: Deferred; readonly reason: unknown; readonly wasErroring: boolean } | undefined
  readonly controller: AbortController
}

export const newWritable = (highWaterMark: number, sizeOf: (chunk: unknown) => unknown): Writable => ({
  state: "writable",
  error: undefined,
  writer: undefined,
  queue: [],
  total: 0,
  highWaterMark,
  sizeOf,
  sink: { write: undefined, close: undefined, abort: undefined },
  started: false,
  busy: false,
  backpressure: highWaterMark <= 0,
  closing: undefined,
  aborting: undefined,
  controller: new AbortController(),
})

/** `start` throws at once; its promise holds back writing. */
export const startWritable = (stream: Writable, start: (() => unknown) | undefined): void => {
  Promise.resolve(start?.()).then(
    () => {
      stream.started = true
      advance(stream)
    },
    (error) => {
      stream.started = true
      fail(stream, error)
    },
  )
}

export const desiredSizeOf = (stream: Writable): number | null =>
  stream.state === "errored" || stream.state === "erroring" ? null : stream.state === "closed" ? 0 : stream.highWaterMark - stream.total

const updateBackpressure = (stream: Writable): void => {
  if (stream.state !== "writable" || stream.closing !== undefined) return
  const backpressure = stream.highWaterMark - stream.total <= 0
  if (backpressure === stream.backpressure) return
  stream.backpressure = backpressure
  if (stream.writer === undefined) return
  if (backpressure) stream.writer.ready = deferred()
  else stream.writer.ready.resolve()
}

export const writeTo = (stream: Writable, chunk: unknown): Promise<unknown> => {
  let size = 1
  try {
    size = checkedSize(stream.sizeOf(chunk))
  } catch (error) {
    startErroring(stream, error)
  }
  if (stream.state === "errored" || stream.state === "erroring") return Promise.reject(stream.error)
  if (stream.closing !== undefined || stream.state === "closed") return Promise.reject(new TypeError("The stream is closed."))
  const done = deferred()
  stream.queue.push({ chunk, size, done })
  stream.total += size
  updateBackpressure(stream)
  advance(stream)
  return done.promise
}

export const closeWritable = (stream: Writable): Promise<unknown> => {
  if (stream.state === "closed" || stream.state === "errored" || stream.closing !== undefined)
    return Promise.reject(new TypeError("The stream is closed already."))
  stream.closing = deferred()
  if (stream.backpressure && stream.state === "writable") stream.writer?.ready.resolve()
  advance(stream)
  return stream.closing.promise
}

export const abortWritable = (stream: Writable, reason: unknown): Promise<unknown> => {
  if (stream.state === "closed" || stream.state === "errored") return Promise.resolve()
  stream.controller.abort(reason)
  // Listeners of the signal may have ended it.
  if ((stream.state as string) === "closed" || (stream.state as string) === "errored") return Promise.resolve()
  if (stream.aborting !== undefined) return stream.aborting.done.promise
  const wasErroring = stream.state === "erroring"
  const done = deferred()
  stream.aborting = { done, reason: wasErroring ? undefined : reason, wasErroring }
  if (!wasErroring) startErroring(stream, reason)
  return done.promise
}

/** To be called by whoever is below: no write is taken from now on. */
export const errorWritable = (stream: Writable, error: unknown): void => {
  if (stream.state === "writable") startErroring(stream, error)
}

const startErroring = (stream: Writable, error: unknown): void => {
  if (stream.state !== "writable") return
  stream.state = "erroring"
  stream.error = error
  const writer = stream.writer
  if (writer !== undefined) {
    writer.ready.reject(error)
    writer.ready = deferred()
    writer.ready.reject(error)
  }
  if (!stream.busy && stream.started) finishErroring(stream)
}

const fail = (stream: Writable, error: unknown): void => {
  if (stream.state === "writable") startErroring(stream, error)
  else if (stream.state === "erroring" && !stream.busy) finishErroring(stream)
}

const finishErroring = (stream: Writable): void => {
  stream.state = "errored"
  for (const write of stream.queue.splice(0)) write.done.reject(stream.error)
  stream.total = 0
  const aborting = stream.aborting
  stream.aborting = undefined
  const rejectClosed = (): void => {
    stream.closing?.reject(stream.error)
    stream.writer?.closed.reject(stream.error)
  }
  if (aborting === undefined || aborting.wasErroring) {
    aborting?.done.reject(stream.error)
    return rejectClosed()
  }
  invoked(stream.sink.abort, aborting.reason)
    .then(() => aborting.done.resolve(), aborting.done.reject)
    .then(rejectClosed)
}

const advance = (stream: Writable): void => {
  if (!stream.started || stream.busy) return
  if (stream.state === "erroring") return finishErroring(stream)
  if (stream.state !== "writable") return
  const write = stream.queue[0]
  if (write !== undefined) return processWrite(stream, write)
  if (stream.closing !== undefined) processClose(stream, stream.closing)
}

const processWrite = (stream: Writable, write: Write): void => {
  stream.busy = true
  // It stays in the queue meanwhile: what the sink works on counts as backpressure.
  const end = (): void => {
    stream.busy = false
    stream.queue.shift()
    stream.total = Math.max(0, stream.total - write.size)
  }
  invoked(stream.sink.write, write.chunk).then(
    () => {
      end()
      write.done.resolve()
      updateBackpressure(stream)
      advance(stream)
    },
    (error) => {
      end()
      write.done.reject(error)
      fail(stream, error)
    },
  )
}

const processClose = (stream: Writable, closing: Deferred): void => {
  stream.busy = true
  invoked(stream.sink.close).then(
    () => {
      stream.busy = false
      stream.state = "closed"
      closing.resolve()
      stream.aborting?.done.resolve()
      stream.aborting = undefined
      stream.writer?.closed.resolve()
    },
    (error) => {
      stream.busy = false
      closing.reject(error)
      stream.aborting?.done.reject(error)
      stream.aborting = undefined
      fail(stream, error)
    },
  )
}

export const lockWritable = (stream: Writable): Writer => {
  if (stream.writer !== undefined) throw new TypeError("The stream is locked to another writer.")
  const writer: Writer = { closed: deferred(), ready: deferred() }
  if (stream.state === "closed") writer.closed.resolve()
  if (stream.state === "errored") writer.closed.reject(stream.error)
  if (stream.state === "erroring" || stream.state === "errored") writer.ready.reject(stream.error)
  else if (stream.state === "closed" || stream.closing !== undefined || !stream.backpressure) writer.ready.resolve()
  stream.writer = writer
  return writer
}

export const unlockWritable = (stream: Writable, writer: Writer): void => {
  if (stream.writer !== writer) return
  const error = new TypeError("The writer was released.")
  writer.ready.reject(error)
  writer.closed.reject(error)
  writer.ready = deferred()
  writer.closed = deferred()
  writer.ready.reject(error)
  writer.closed.reject(error)
  stream.writer = undefined
}
