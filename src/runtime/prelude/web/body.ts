import { Blob, blobBytes, blobOf } from "./blob.ts"
import { type Bytes, bufferOf, bytesOf, concatenated, copyOf, isBufferSource } from "./bytes.ts"
import { FormData } from "./formData.ts"
import type { Headers } from "./headers.ts"
import { readForm, writeForm } from "./multipart.ts"
import { isDisturbed, ReadableStream, readableOf, streamOf, streamOver, takeWhole } from "./readable.ts"
import { lockReadable, readFrom } from "./readableCore.ts"
import { URLSearchParams } from "./searchParams.ts"
import { tee } from "./tee.ts"
import { textOf, utf8 } from "./text.ts"

const used = Symbol("used")

/** What a body holds: text and bytes stay as they are until somebody asks for the stream. */
export type Content = string | ArrayBuffer | ReadableStream | null

/** Takes the content, which is used from then on. Throws if it is used already. */
export let takeContent: (body: Body) => Content
/** A second content that gives the same. */
export let copyContent: (body: Body) => Content

/** What Request and Response have in common. */
export class Body {
  #content: Content | typeof used

  static {
    takeContent = (body) => {
      const content = body.#content
      if (content === null) return null
      if (typeof content === "string") {
        body.#content = used
        return content
      }
      if (content === used || isTaken(content)) throw new TypeError("The body has been used already.")
      if (!(content instanceof ReadableStream)) body.#content = used
      return content
    }
    copyContent = (body) => {
      const content = body.#content
      if (content === used || isTaken(content)) throw new TypeError("A body that has been used cannot be copied.")
      if (!(content instanceof ReadableStream)) return content
      const [one, other] = tee(readableOf(content))
      body.#content = streamOf(one)
      return streamOf(other)
    }
  }

  constructor(content: Content) {
    this.#content = content
  }

  get body(): ReadableStream | null {
    const content = this.#content
    if (content === null || content instanceof ReadableStream) return content
    const stream = streamOver(content === used ? "" : content)
    if (content === used) takeWhole(stream)
    this.#content = stream
    return stream
  }

  get bodyUsed(): boolean {
    const content = this.#content
    return content === used || (content instanceof ReadableStream && isDisturbed(content))
  }

  text(): Promise<string> {
    return this.#read(textOf)
  }

  json(): Promise<unknown> {
    return this.#read((content) => JSON.parse(textOf(content)))
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read(ownBuffer)
  }

  bytes(): Promise<Bytes> {
    return this.#read((content) => new Uint8Array(ownBuffer(content)))
  }

  blob(): Promise<Blob> {
    return this.#read((content) => blobOf(new Uint8Array(ownBuffer(content)), this.#type() ?? ""))
  }

  formData(): Promise<FormData> {
    return this.#read((content) => readForm(content, this.#type()))
  }

  #type(): string | null {
    return (this as unknown as { readonly headers: Headers }).headers.get("content-type")
  }

  #read<Result>(convert: (content: string | ArrayBuffer) => Result): Promise<Result> {
    try {
      const content = gathered(takeContent(this))
      return content instanceof Promise ? content.then(convert) : Promise.resolve(convert(content ?? ""))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

const isTaken = (content: Content): boolean => content instanceof ReadableStream && (content.locked || isDisturbed(content))

/** Content without a stream. Only one that somebody fills bit by bit has to be waited for. */
export const gathered = (content: Content): string | ArrayBuffer | null | Promise<ArrayBuffer> =>
  typeof content !== "string" && content instanceof ReadableStream ? (takeWhole(content) ?? collected(content)) : content

const collected = (stream: ReadableStream): Promise<ArrayBuffer> =>
  new Promise((resolve, reject) => {
    const readable = readableOf(stream)
    const chunks: Array<Bytes> = []
    lockReadable(readable)
    const step = (): void =>
      readFrom(readable, {
        chunk: (value) => {
          if (!isBufferSource(value))
            return reject(new TypeError("A stream that is a body gives Uint8Arrays: encode text with a TextEncoder."))
          chunks.push(bytesOf(value))
          // Not from inside: a stream with many chunks queued would pile up calls.
          Promise.resolve().then(step)
        },
        close: () => resolve(bufferOf(concatenated(chunks))),
        error: reject,
      })
    step()
  })

const ownBuffer = (content: string | ArrayBuffer): ArrayBuffer => (typeof content === "string" ? utf8(content).buffer : content.slice(0))

export const textType = "text/plain;charset=UTF-8"

/** The content that a value given as `body` stands for, and the content type that it brings. */
export const contentOf = (body: unknown): { readonly content: Content; readonly type: string | undefined } => {
  if (body === null || body === undefined) return { content: null, type: undefined }
  if (isBufferSource(body)) return { content: copyOf(body), type: undefined }
  if (body instanceof ReadableStream) {
    if (isTaken(body)) throw new TypeError("The stream is locked or has been read, so it cannot be a body.")
    return { content: body, type: undefined }
  }
  if (body instanceof URLSearchParams) return { content: body.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" }
  if (body instanceof FormData) return writeForm(body)
  if (body instanceof Blob) return { content: bufferOf(blobBytes(body)), type: body.type === "" ? undefined : body.type }
  return { content: String(body), type: textType }
}
