import type { BufferSource } from "./bytes.ts"
import { TextDecoder, TextEncoder } from "./encoding.ts"
import type { ReadableStream } from "./readable.ts"
import { TransformStream } from "./transform.ts"
import type { WritableStream } from "./writable.ts"

export class TextEncoderStream {
  readonly #stream: TransformStream

  constructor() {
    const encoder = new TextEncoder()
    // The first half of a surrogate pair waits for the second.
    let high = ""
    this.#stream = new TransformStream({
      transform: (chunk, controller) => {
        const text = high + String(chunk)
        high = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : ""
        const bytes = encoder.encode(high === "" ? text : text.slice(0, -1))
        if (bytes.length > 0) controller.enqueue(bytes)
      },
      flush: (controller) => {
        if (high !== "") controller.enqueue(encoder.encode(high))
      },
    })
  }

  get encoding(): string {
    return "utf-8"
  }
  get readable(): ReadableStream {
    return this.#stream.readable
  }
  get writable(): WritableStream {
    return this.#stream.writable
  }
}

export class TextDecoderStream {
  readonly #decoder: TextDecoder
  readonly #stream: TransformStream

  constructor(label?: unknown, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean }) {
    const decoder = new TextDecoder(label, options)
    this.#decoder = decoder
    this.#stream = new TransformStream({
      transform: (chunk, controller) => {
        const text = decoder.decode(chunk as BufferSource, { stream: true })
        if (text !== "") controller.enqueue(text)
      },
      flush: (controller) => {
        const text = decoder.decode()
        if (text !== "") controller.enqueue(text)
      },
    })
  }

  get encoding(): string {
    return this.#decoder.encoding
  }
  get fatal(): boolean {
    return this.#decoder.fatal
  }
  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM
  }
  get readable(): ReadableStream {
    return this.#stream.readable
  }
  get writable(): WritableStream {
    return this.#stream.writable
  }
}

export class CountQueuingStrategy {
  readonly #mark: number
  constructor(options: { readonly highWaterMark: number }) {
    this.#mark = Number(options.highWaterMark)
  }
  get highWaterMark(): number {
    return this.#mark
  }
  get size(): () => number {
    return () => 1
  }
}

export class ByteLengthQueuingStrategy {
  readonly #mark: number
  constructor(options: { readonly highWaterMark: number }) {
    this.#mark = Number(options.highWaterMark)
  }
  get highWaterMark(): number {
    return this.#mark
  }
  get size(): (chunk: ArrayBufferView) => number {
    return (chunk) => chunk.byteLength
  }
}
