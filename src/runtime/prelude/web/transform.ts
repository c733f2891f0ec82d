import { deferred, invoked } from "./promises.ts"
import { type ReadableStream, streamOf } from "./readable.ts"
import {
  canEnqueue,
  closeReadable,
  desiredSize,
  enqueue,
  errorReadable,
  highWaterMarkIn,
  newReadable,
  type Readable,
  type Strategy,
  sizeIn,
  startReadable,
  wantsChunk,
} from "./readableCore.ts"
import { type WritableStream, writableStreamOf } from "./writable.ts"
import { errorWritable, newWritable, startWritable } from "./writableCore.ts"

export interface Transformer {
  readonly start?: (controller: TransformStreamDefaultController) => unknown
  readonly transform?: (chunk: unknown, controller: TransformStreamDefaultController) => unknown
  readonly flush?: (controller: TransformStreamDefaultController) => unknown
  readonly cancel?: (reason: unknown) => unknown
}

interface Control {
  readonly readable: Readable
  readonly enqueue: (chunk: unknown) => void
  readonly error: (error: unknown) => void
  readonly terminate: () => void
}

const trusted = Symbol()

export class TransformStreamDefaultController {
  readonly #control: Control

  constructor(token: unknown, control: Control) {
    if (token !== trusted) throw new TypeError("Illegal constructor")
    this.#control = control
  }

  get desiredSize(): number | null {
    return desiredSize(this.#control.readable)
  }

  enqueue(chunk?: unknown): void {
    this.#control.enqueue(chunk)
  }

  error(error?: unknown): void {
    this.#control.error(error)
  }

  terminate(): void {
    this.#control.terminate()
  }
}

export class TransformStream {
  readonly #readable: ReadableStream
  readonly #writable: WritableStream

  constructor(transformer?: Transformer | null, writableStrategy?: Strategy, readableStrategy?: Strategy) {
    const by = transformer ?? {}
    const readable = newReadable({}, highWaterMarkIn(readableStrategy, 0), sizeIn(readableStrategy))
    const writable = newWritable(highWaterMarkIn(writableStrategy, 1), sizeIn(writableStrategy))
    let backpressure = true
    let change = deferred()
    const setBackpressure = (value: boolean): void => {
      change.resolve()
      change = deferred()
      backpressure = value
    }
    const error = (reason: unknown): void => {
      errorReadable(readable, reason)
      errorWritable(writable, reason)
      if (backpressure) setBackpressure(false)
    }
    const controller = new TransformStreamDefaultController(trusted, {
      readable,
      error,
      enqueue: (chunk) => {
        try {
          enqueue(readable, chunk)
        } catch (thrown) {
          error(thrown)
          throw readable.state === "errored" ? readable.error : thrown
        }
        if (!wantsChunk(readable) && !backpressure) setBackpressure(true)
      },
      terminate: () => {
        if (canEnqueue(readable)) closeReadable(readable)
        errorWritable(writable, new TypeError("The stream was terminated."))
        if (backpressure) setBackpressure(false)
      },
    })
    const transform = (chunk: unknown): Promise<unknown> =>
      invoked(() => (by.transform === undefined ? controller.enqueue(chunk) : by.transform(chunk, controller))).catch((thrown) => {
        error(thrown)
        throw thrown
      })
    writable.sink.write = (chunk) =>
      backpressure
        ? change.promise.then(() => {
            if (writable.state === "erroring") throw writable.error
            return transform(chunk)
          })
        : transform(chunk)
    writable.sink.close = () =>
      invoked(by.flush && (() => by.flush!(controller))).then(
        () => {
          if (readable.state === "errored") throw readable.error
          if (canEnqueue(readable)) closeReadable(readable)
        },
        (thrown) => {
          error(thrown)
          throw thrown
        },
      )
    writable.sink.abort = (reason) => invoked(by.cancel && (() => by.cancel!(reason))).finally(() => errorReadable(readable, reason))
    readable.pull = () => {
      setBackpressure(false)
      return change.promise
    }
    readable.cancel = (reason) =>
      invoked(by.cancel && (() => by.cancel!(reason))).finally(() => {
        errorWritable(writable, reason)
        if (backpressure) setBackpressure(false)
      })
    this.#readable = streamOf(readable)
    this.#writable = writableStreamOf(writable)
    const started = by.start?.(controller)
    startReadable(readable, () => started)
    startWritable(writable, () => started)
  }

  get readable(): ReadableStream {
    return this.#readable
  }

  get writable(): WritableStream {
    return this.#writable
  }
}
