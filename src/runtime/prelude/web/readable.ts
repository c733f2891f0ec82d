import type { AbortSignal } from "./abort.ts"
import { isBufferSource } from "./bytes.ts"
import { type PipeOptions, pipe } from "./pipe.ts"
import { nothing } from "./promises.ts"
import {
  cancelReadable,
  canEnqueue,
  closeReadable,
  desiredSize,
  enqueue,
  errorReadable,
  finishReadable,
  highWaterMarkIn,
  lockReadable,
  newReadable,
  type Readable,
  type Reader,
  readFrom,
  type Strategy,
  sizeIn,
  startReadable,
  unlockReadable,
} from "./readableCore.ts"
import { tee } from "./tee.ts"
import { utf8 } from "./text.ts"
import { type WritableStream, writableOf } from "./writable.ts"

export interface UnderlyingSource {
  readonly start?: (controller: ReadableStreamDefaultController) => unknown
  readonly pull?: (controller: ReadableStreamDefaultController) => unknown
  readonly cancel?: (reason: unknown) => unknown
  readonly type?: unknown
}

/** The state under a stream. */
export let readableOf: (stream: ReadableStream) => Readable
/** A stream over a state. */
export let streamOf: (readable: Readable) => ReadableStream

const trusted = Symbol()

export class ReadableStreamDefaultController {
  readonly #stream: Readable
  readonly #bytes: boolean

  constructor(token: unknown, stream: Readable, bytes: boolean) {
    if (token !== trusted) throw new TypeError("Illegal constructor")
    this.#stream = stream
    this.#bytes = bytes
  }

  get desiredSize(): number | null {
    return desiredSize(this.#stream)
  }

  /** Streams of bytes give no buffers to fill; whoever fills them enqueues what it has instead. */
  get byobRequest(): null {
    return null
  }

  enqueue(chunk?: unknown): void {
    if (this.#bytes && !(isBufferSource(chunk) && ArrayBuffer.isView(chunk) && chunk.byteLength > 0))
      throw new TypeError("A stream of bytes takes views of buffers that are not empty.")
    enqueue(this.#stream, chunk)
  }

  close(): void {
    closeReadable(this.#stream)
  }

  error(error?: unknown): void {
    errorReadable(this.#stream, error)
  }
}

export class ReadableStream {
  readonly #stream: Readable

  static {
    readableOf = (stream) => stream.#stream
    streamOf = (readable) => new ReadableStream(trusted as never, undefined, readable)
  }

  constructor(source?: UnderlyingSource | null, strategy?: Strategy, readable?: Readable) {
    if ((source as unknown) === trusted) {
      this.#stream = readable!
      return
    }
    const from = source ?? {}
    const bytes = from.type !== undefined
    if (bytes && String(from.type) !== "bytes") throw new TypeError(`There is no type of stream called "${from.type}".`)
    const { start, pull, cancel } = from
    const sizeOf = bytes ? (chunk: unknown) => (chunk as ArrayBufferView).byteLength : sizeIn(strategy)
    const stream = newReadable({}, highWaterMarkIn(strategy, bytes ? 0 : 1), sizeOf)
    const controller = new ReadableStreamDefaultController(trusted, stream, bytes)
    if (pull !== undefined) stream.pull = () => pull.call(from, controller)
    if (cancel !== undefined) stream.cancel = (reason) => cancel.call(from, reason)
    this.#stream = stream
    startReadable(stream, start && (() => start.call(from, controller)))
  }

  static from(iterable: unknown): ReadableStream {
    const items = iterable as Partial<AsyncIterable<unknown> & Iterable<unknown>>
    const iterator = items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]?.()
    if (iterator === undefined) throw new TypeError("ReadableStream.from takes something that can be iterated.")
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await iterator.next()
          if (done) controller.close()
          else controller.enqueue(await value)
        },
        cancel: async (reason) => void (await iterator.return?.(reason)),
      },
      { highWaterMark: 0 },
    )
  }

  get locked(): boolean {
    return this.#stream.reader !== undefined
  }

  cancel(reason?: unknown): Promise<unknown> {
    if (this.locked) return Promise.reject(new TypeError("A locked stream cannot be cancelled."))
    return cancelReadable(this.#stream, reason)
  }

  getReader(options?: { readonly mode?: unknown }): ReadableStreamDefaultReader {
    if (options?.mode !== undefined) throw new TypeError("Readers that bring their own buffer are not supported: call getReader().")
    return new ReadableStreamDefaultReader(this)
  }

  tee(): [ReadableStream, ReadableStream] {
    const [one, other] = tee(this.#stream)
    return [streamOf(one), streamOf(other)]
  }

  pipeTo(target: WritableStream, options?: PipeOptions): Promise<unknown> {
    try {
      const writable = writableOf(target)
      if (this.locked || writable.writer !== undefined) throw new TypeError("A locked stream cannot be piped.")
      return pipe(this.#stream, writable, options ?? {})
    } catch (error) {
      return Promise.reject(error)
    }
  }

  pipeThrough<Output>(
    transform: { readonly writable: WritableStream; readonly readable: Output },
    options?: PipeOptions & { readonly signal?: AbortSignal },
  ): Output {
    const { readable, writable } = transform
    if (this.locked || writable.locked) throw new TypeError("A locked stream cannot be piped.")
    this.pipeTo(writable, options).catch(nothing)
    return readable
  }

  values(options?: { readonly preventCancel?: boolean }): AsyncIterableIterator<unknown> {
    const reader = this.getReader()
    let ended = false
    // One after the other, also when the caller does not wait; at once if nothing is under way, since the engine does not wait for
    // `return` when a loop is left.
    let busy: Promise<unknown> | undefined
    const inTurn = <Result>(step: () => Promise<Result>): Promise<Result> => {
      const result = busy === undefined ? step() : busy.then(step)
      const clear = (): void => {
        if (busy === settled) busy = undefined
      }
      const settled: Promise<unknown> = result.then(clear, clear)
      busy = settled
      return result
    }
    const end = (value: unknown): IteratorResult<unknown> => {
      ended = true
      reader.releaseLock()
      return { done: true, value }
    }
    const iterator: AsyncIterableIterator<unknown> = {
      next: () =>
        inTurn(async () => {
          if (ended) return { done: true, value: undefined }
          try {
            const result = await reader.read()
            return result.done ? end(undefined) : result
          } catch (error) {
            end(undefined)
            throw error
          }
        }),
      return: (value?: unknown) =>
        inTurn(async () => {
          if (ended) return { done: true, value }
          const cancelled = options?.preventCancel ? undefined : reader.cancel(value)
          end(value)
          await cancelled
          return { done: true, value }
        }),
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  [Symbol.asyncIterator](options?: { readonly preventCancel?: boolean }): AsyncIterableIterator<unknown> {
    return this.values(options)
  }
}

export class ReadableStreamDefaultReader {
  #stream: Readable | undefined
  readonly #reader: Reader

  constructor(stream: ReadableStream) {
    this.#stream = readableOf(stream)
    this.#reader = lockReadable(this.#stream)
  }

  get closed(): Promise<unknown> {
    return this.#reader.closed.promise
  }

  read(): Promise<{ done: boolean; value: unknown }> {
    const stream = this.#stream
    if (stream === undefined) return Promise.reject(new TypeError("The reader was released."))
    return new Promise((resolve, reject) =>
      readFrom(stream, {
        chunk: (value) => resolve({ done: false, value }),
        close: () => resolve({ done: true, value: undefined }),
        error: reject,
      }),
    )
  }

  cancel(reason?: unknown): Promise<unknown> {
    return this.#stream === undefined ? Promise.reject(new TypeError("The reader was released.")) : cancelReadable(this.#stream, reason)
  }

  releaseLock(): void {
    if (this.#stream === undefined) return
    unlockReadable(this.#stream, this.#reader)
    this.#stream = undefined
  }
}

/** A stream of one chunk of bytes, which is made when it is asked for. */
export const streamOver = (whole: string | ArrayBuffer | Uint8Array<ArrayBuffer>): ReadableStream => {
  const stream = newReadable({}, 0, () => 1)
  stream.whole = whole instanceof Uint8Array ? undefined : whole
  stream.pull = () => {
    const bytes = typeof whole === "string" ? utf8(whole) : whole instanceof ArrayBuffer ? new Uint8Array(whole.slice(0)) : whole.slice()
    if (bytes.length > 0) enqueue(stream, bytes)
    if (canEnqueue(stream)) closeReadable(stream)
  }
  startReadable(stream, undefined)
  return streamOf(stream)
}

/** Takes what a stream would give without reading it, if nobody has begun to; it is read to its end then. */
export const takeWhole = (stream: ReadableStream): string | ArrayBuffer | undefined => {
  const readable = readableOf(stream)
  if (readable.disturbed || readable.reader !== undefined || readable.whole === undefined) return undefined
  const whole = readable.whole
  readable.disturbed = true
  finishReadable(readable)
  return whole
}

export const isDisturbed = (stream: ReadableStream): boolean => readableOf(stream).disturbed
