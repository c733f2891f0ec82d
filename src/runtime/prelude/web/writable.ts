import type { AbortSignal } from "./abort.ts"
import { highWaterMarkIn, type Strategy, sizeIn } from "./readableCore.ts"
import {
  abortWritable,
  closeWritable,
  desiredSizeOf,
  errorWritable,
  lockWritable,
  newWritable,
  startWritable,
  unlockWritable,
  type Writable,
  type Writer,
  writeTo,
} from "./writableCore.ts"

export interface UnderlyingSink {
  readonly start?: (controller: WritableStreamDefaultController) => unknown
  readonly write?: (chunk: unknown, controller: WritableStreamDefaultController) => unknown
  readonly close?: () => unknown
  readonly abort?: (reason: unknown) => unknown
}

/** The state under a stream. */
export let writableOf: (stream: WritableStream) => Writable
/** A stream over a state. */
export let writableStreamOf: (writable: Writable) => WritableStream

const trusted = Symbol()

export class WritableStreamDefaultController {
  readonly #stream: Writable

  constructor(token: unknown, stream: Writable) {
    if (token !== trusted) throw new TypeError("Illegal constructor")
    this.#stream = stream
  }

  get signal(): AbortSignal {
    return this.#stream.controller.signal
  }

  error(error?: unknown): void {
    errorWritable(this.#stream, error)
  }
}

export class WritableStream {
  readonly #stream: Writable

  static {
    writableOf = (stream) => stream.#stream
    writableStreamOf = (writable) => new WritableStream(trusted as never, undefined, writable)
  }

  constructor(sink?: UnderlyingSink | null, strategy?: Strategy, writable?: Writable) {
    if ((sink as unknown) === trusted) {
      this.#stream = writable!
      return
    }
    const into = sink ?? {}
    const { start, write, close, abort } = into
    const stream = newWritable(highWaterMarkIn(strategy, 1), sizeIn(strategy))
    const controller = new WritableStreamDefaultController(trusted, stream)
    stream.sink.write = write && ((chunk) => write.call(into, chunk, controller))
    stream.sink.close = close && (() => close.call(into))
    stream.sink.abort = abort && ((reason) => abort.call(into, reason))
    this.#stream = stream
    startWritable(stream, start && (() => start.call(into, controller)))
  }

  get locked(): boolean {
    return this.#stream.writer !== undefined
  }

  getWriter(): WritableStreamDefaultWriter {
    return new WritableStreamDefaultWriter(this)
  }

  abort(reason?: unknown): Promise<unknown> {
    return this.locked ? Promise.reject(new TypeError("A locked stream cannot be aborted.")) : abortWritable(this.#stream, reason)
  }

  close(): Promise<unknown> {
    return this.locked ? Promise.reject(new TypeError("A locked stream cannot be closed.")) : closeWritable(this.#stream)
  }
}

export class WritableStreamDefaultWriter {
  #stream: Writable | undefined
  readonly #writer: Writer

  constructor(stream: WritableStream) {
    this.#stream = writableOf(stream)
    this.#writer = lockWritable(this.#stream)
  }

  get closed(): Promise<unknown> {
    return this.#writer.closed.promise
  }

  get ready(): Promise<unknown> {
    return this.#writer.ready.promise
  }

  get desiredSize(): number | null {
    if (this.#stream === undefined) throw released()
    return desiredSizeOf(this.#stream)
  }

  write(chunk?: unknown): Promise<unknown> {
    return this.#stream === undefined ? Promise.reject(released()) : writeTo(this.#stream, chunk)
  }

  close(): Promise<unknown> {
    return this.#stream === undefined ? Promise.reject(released()) : closeWritable(this.#stream)
  }

  abort(reason?: unknown): Promise<unknown> {
    return this.#stream === undefined ? Promise.reject(released()) : abortWritable(this.#stream, reason)
  }

  releaseLock(): void {
    if (this.#stream === undefined) return
    unlockWritable(this.#stream, this.#writer)
    this.#stream = undefined
  }
}

const released = (): TypeError => new TypeError("The writer was released.")
