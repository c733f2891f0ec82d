import { console } from "../console.ts"
import { timerFunctions } from "../timers.ts"
import { AbortController, AbortSignal } from "./abort.ts"
import { atob, btoa } from "./base64.ts"
import { Blob, File } from "./blob.ts"
import { crypto } from "./crypto.ts"
import { CryptoKey } from "./cryptoKey.ts"
import { define } from "./define.ts"
import { DOMException } from "./domException.ts"
import { TextDecoder, TextEncoder } from "./encoding.ts"
import { CustomEvent, Event, EventTarget } from "./event.ts"
import { FormData } from "./formData.ts"
import { Headers } from "./headers.ts"
import { shown } from "./inspect.ts"
import { performance } from "./performance.ts"
import { random } from "./random.ts"
import { ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader } from "./readable.ts"
import { Request } from "./request.ts"
import { Response } from "./response.ts"
import { URLSearchParams } from "./searchParams.ts"
import { structuredClone } from "./structuredClone.ts"
import { ByteLengthQueuingStrategy, CountQueuingStrategy, TextDecoderStream, TextEncoderStream } from "./textStreams.ts"
import { TransformStream, TransformStreamDefaultController } from "./transform.ts"
import { URL } from "./url.ts"
import { WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter } from "./writable.ts"

/** Puts the web's standard classes and functions on the global object, all but `fetch`. */
export const installWeb = (global: object): void => {
  define(global, {
    AbortController,
    AbortSignal,
    Blob,
    ByteLengthQueuingStrategy,
    CountQueuingStrategy,
    CryptoKey,
    CustomEvent,
    DOMException,
    Event,
    EventTarget,
    File,
    FormData,
    Headers,
    ReadableStream,
    ReadableStreamDefaultController,
    ReadableStreamDefaultReader,
    Request,
    Response,
    TextDecoder,
    TextDecoderStream,
    TextEncoder,
    TextEncoderStream,
    TransformStream,
    TransformStreamDefaultController,
    URL,
    URLSearchParams,
    WritableStream,
    WritableStreamDefaultController,
    WritableStreamDefaultWriter,
    atob,
    btoa,
    console,
    crypto,
    navigator: { userAgent: "Fazt" },
    performance,
    self: global,
    structuredClone,
    ...timerFunctions,
  })
  define(Math, { random })
  show()
}

/** How the console shows what these classes keep private. */
const show = (): void => {
  const pairs = (value: Iterable<[string, unknown]>): object => Object.fromEntries(value)
  const pick =
    (...names: ReadonlyArray<string>) =>
    (value: object): object =>
      Object.fromEntries(names.map((name) => [name, (value as Record<string, unknown>)[name]]))
  for (const [type, view] of [
    [Headers, pairs],
    [URLSearchParams, pairs],
    [FormData, pairs],
    [URL, pick("href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash")],
    [Request, pick("method", "url", "headers", "bodyUsed")],
    [Response, pick("status", "statusText", "ok", "headers", "bodyUsed", "type", "url")],
    [Blob, pick("size", "type")],
    [File, pick("name", "size", "type", "lastModified")],
    [AbortSignal, pick("aborted", "reason")],
    [Event, pick("type", "defaultPrevented")],
  ] as ReadonlyArray<[{ readonly prototype: object }, (value: never) => unknown]>)
    shown.set(type.prototype, view)
}
