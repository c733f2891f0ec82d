/**
 * What server code on Fazt finds: the types of its globals and of a module's handler.
 *
 * Use it with `/// <reference path="./fazt.d.ts" />`, or name it in `include` of a tsconfig or jsconfig whose `lib` is `["ES2023"]`.
 * It declares the web's classes itself, as far as they exist here, so `"DOM"` does not belong in that `lib`.
 *
 * Code is written in one of three forms; `fazt deploy` says which one it found.
 *
 *  1. An ES module, `main.js` or `api/main.js` (also `.ts`, `.mjs`): `export default { fetch(request, env, ctx) { … } }`.
 *     `main.js` answers every path that has no file, `api/main.js` those under `/api/`.
 *  2. A script, `api/main.js`: it finds `request`, `respond` and `require`, and the value of its last expression is the answer.
 *  3. A script, `main.js`: it finds `req` and `res`. For sites that were made for Fazt 0.8.
 *
 * In all of them, everything that one request writes is saved together when it has succeeded, or not at all. Every request starts
 * from the state that the code was in when it was deployed: variables do not live from one request to the next, `kv`, `ds` and
 * `s3` do.
 */

/** What the second argument of `fetch` holds: the site's data, and each of its environment variables by name. */
type Env = Fazt.Bindings & Fazt.Variables

/** What the third argument of `fetch` is. */
interface ExecutionContext {
  /**
   * Lets the run go on after its answer until the promise has settled. What is written then is saved by itself, apart from what was
   * written before the answer.
   */
  waitUntil(promise: Promise<unknown>): void
}

declare namespace Fazt {
  /**
   * The default export of a module.
   *
   * ```ts
   * export default {
   *   async fetch(request, env, ctx) {
   *     return Response.json({ visits: env.kv.incr("visits") })
   *   },
   * } satisfies Fazt.Handler
   * ```
   */
  interface Handler {
    fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Served | Promise<Response | Served>
  }

  interface Bindings {
    readonly kv: Kv
    readonly ds: Documents
    readonly s3: Objects
    readonly realtime: Realtime
    readonly fazt: Global
  }

  /**
   * The site's environment variables (`fazt env set <site> NAME=value`). Name yours for better types:
   *
   * ```ts
   * declare namespace Fazt {
   *   interface Variables {
   *     readonly GREETING: string
   *   }
   * }
   * ```
   */
  interface Variables {
    readonly [name: string]: string | undefined
  }

  /** What can be stored. */
  type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

  // ------------------------------------------------------------------------------------------------------------------ key-value

  /**
   * Values by key. Calls answer at once; `await` does no harm. A request sees one state of the data together with its own
   * writes, and runs again if another one changed what it has read: `set(key, get(key) + 1)` loses no count.
   */
  interface Kv {
    /** The value; `undefined` if there is none, or it has expired. */
    get<T = any>(key: string): T | undefined
    /** Sets the value, which can be whatever JSON can hold. Without an expiry it stays, whatever it had before. */
    set(key: string, value: unknown, expiry?: KvExpiry): void
    /** Whether there was a value. */
    delete(key: string): boolean
    has(key: string): boolean
    /** All keys that begin with `prefix`, in order. */
    list<T = any>(prefix?: string): Array<KvEntry<T>>
    /** A page of their names only. `cursor` of the answer, where there is one, asks for the next. */
    list(options: KvListOptions & { readonly values: false }): { readonly keys: Array<string>; readonly cursor?: string }
    list<T = any>(options: KvListOptions): { readonly items: Array<KvEntry<T>>; readonly cursor?: string }
    /** Adds to a number, which begins as 0, and returns what it has become. */
    incr(key: string, by?: number): number
    /** Sets `next` if the value is `expected`. `undefined` stands for no such key. Whether it was. */
    cas(key: string, expected: unknown, next: unknown, expiry?: KvExpiry): boolean
  }

  /** How long a value is kept: milliseconds, `ttl` (the same), or `expires`, a moment. */
  type KvExpiry = number | { readonly ttl?: number; readonly expires?: number | Date }

  interface KvListOptions {
    readonly prefix?: string
    readonly limit?: number
    readonly cursor?: string
    readonly values?: boolean
  }

  interface KvEntry<T = any> {
    readonly key: string
    readonly value: T
    /** Milliseconds since 1970. */
    readonly expiresAt?: number
  }

  // ------------------------------------------------------------------------------------------------------------------ documents

  /** JSON documents in named collections. Calls answer at once. */
  interface Documents {
    /** Stores a document under its `id`, or a new one, and returns that. Throws if the id is taken. */
    insert(collection: string, document: object): string
    /** The documents that match, newest first if `options` do not say otherwise. */
    find<T = any>(collection: string, query?: Query, options?: FindOptions): Array<Document<T>>
    /** The newest that matches, or the one with this id; `null` if there is none. */
    findOne<T = any>(collection: string, idOrQuery: string | Query): Document<T> | null
    /** Changes what matches, and returns how many that were. */
    update(collection: string, idOrQuery: string | Query, changes: Changes): number
    /** Deletes what matches (`{}` matches all), and returns how many that were. */
    delete(collection: string, idOrQuery: string | Query): number
    count(collection: string, query?: Query): number
    /** Deletes the oldest until only `keep` are left, and returns how many that were. */
    deleteOldest(collection: string, keep: number): number
    /** Makes queries on a field fast, such as `"email"` or `"address.city"`. Whether that is new; calling it again costs little. */
    index(collection: string, field: string): boolean
    /** Whether there was such an index. */
    dropIndex(collection: string, field: string): boolean
    /** The names of the collections that hold documents. */
    collections(): Array<string>
  }

  type Document<T = any> = T & {
    readonly id: string
    /** Milliseconds since 1970. */
    readonly _createdAt: number
    readonly _updatedAt: number
  }

  /**
   * Conditions on fields, all of which have to hold: `{ done: false, points: { $gte: 10 }, "author.name": "Ann" }`. A value alone means
   * equal to it.
   */
  interface Query {
    readonly $and?: ReadonlyArray<Query>
    readonly $or?: ReadonlyArray<Query>
    readonly $not?: Query
    readonly [field: string]: unknown
  }

  /** What a field can be asked for. */
  interface Conditions {
    readonly $eq?: Json
    readonly $ne?: Json
    readonly $gt?: number | string
    readonly $gte?: number | string
    readonly $lt?: number | string
    readonly $lte?: number | string
    readonly $in?: ReadonlyArray<Json>
    readonly $nin?: ReadonlyArray<Json>
    /** The field is a list that holds this. */
    readonly $contains?: Json
    readonly $exists?: boolean
    readonly $not?: Conditions
  }

  /** Fields to set, or operators. */
  interface Changes {
    readonly $set?: { readonly [field: string]: unknown }
    readonly $unset?: { readonly [field: string]: unknown } | ReadonlyArray<string>
    readonly $inc?: { readonly [field: string]: number }
    readonly $push?: { readonly [field: string]: unknown }
    readonly $pull?: { readonly [field: string]: unknown }
    readonly [field: string]: unknown
  }

  interface FindOptions {
    readonly limit?: number
    readonly offset?: number
    /** By creation: `"asc"` is oldest first. */
    readonly order?: "asc" | "desc" | 1 | -1
    /** By fields: `{ points: -1 }`, `"-points"`, `[["points", "desc"], "name"]`. */
    readonly sort?:
      | string
      | Readonly<Record<string, "asc" | "desc" | 1 | -1>>
      | ReadonlyArray<string | readonly [string, "asc" | "desc" | 1 | -1]>
  }

  // -------------------------------------------------------------------------------------------------------------------- objects

  /** Files by path. Calls answer at once. */
  interface Objects {
    /** Stores a file. `type` is its media type; without one it is that of a Blob, of text, or `application/octet-stream`. */
    put(path: string, content: string | BufferSource | Blob, type?: string): ObjectInfo
    get(path: string): StoredObject | null
    /** The same without the bytes. */
    head(path: string): ObjectInfo | null
    /** Whether there was one. */
    delete(path: string): boolean
    /** All whose path begins with `prefix`, in order. */
    list(prefix?: string): Array<ObjectItem>
    /** A page of them. `cursor` of the answer, where there is one, asks for the next. */
    list(options: { readonly prefix?: string; readonly limit?: number; readonly cursor?: string }): {
      readonly items: Array<ObjectItem>
      readonly cursor?: string
    }
    /**
     * An answer that consists of the object; `null` if there is none. The server sends it, with ETag and ranges, and its bytes do not
     * pass through your code. `download`: the name under which browsers save it instead of showing it.
     */
    serve(path: string, options?: { readonly status?: number; readonly headers?: HeadersInit; readonly download?: string }): Served | null
  }

  interface ObjectItem {
    readonly path: string
    readonly mime: string
    readonly size: number
    /** Milliseconds since 1970. */
    readonly updatedAt: number
  }

  interface ObjectInfo extends ObjectItem {
    /** SHA-256, in hexadecimal. */
    readonly hash: string
  }

  interface StoredObject {
    readonly mime: string
    readonly size: number
    readonly hash: string
    /** The bytes in base64. */
    readonly data: string
    text(): string
    json<T = any>(): T
    arrayBuffer(): ArrayBuffer
  }

  /** What `s3.serve` gives: something to return from a handler, and nothing else. */
  interface Served {
    readonly status: number
    readonly headers: ReadonlyArray<string>
    readonly object: { readonly hash: string; readonly size: number; readonly type: string }
  }

  // ------------------------------------------------------------------------------------------------------------------- realtime

  /**
   * The sockets that are open on the site. A page opens one at `/_ws`, sends `{"type":"subscribe","channel":"chat"}`, and gets
   * `{"type":"message","channel":"chat","data":…}` from then on. Messages leave once what the request wrote has been saved.
   */
  interface Realtime {
    broadcast(channel: string, data: unknown): void
    broadcastAll(data: unknown): void
    /** How many clients have subscribed to a channel. */
    subscribers(channel: string): number
    /** The same, or without a channel how many clients there are. */
    count(channel?: string): number
    /** Closes the socket of a client, which learns its id when it subscribes. */
    kick(client: string): void
  }

  // ----------------------------------------------------------------------------------------------------------------- the global

  /** The global `fazt`. */
  interface Global {
    /** The site that the code belongs to; both are its name. */
    readonly app: { readonly id: string; readonly name: string; readonly kv: Kv; readonly ds: Documents; readonly s3: Objects }
    /** The site's environment variables. */
    readonly env: { get(name: string): string | undefined; has(name: string): boolean }
    /** Writes to the site's log, as `console` does. */
    readonly log: {
      debug(...values: ReadonlyArray<unknown>): void
      info(...values: ReadonlyArray<unknown>): void
      warn(...values: ReadonlyArray<unknown>): void
      error(...values: ReadonlyArray<unknown>): void
    }
    /** The server's version. */
    readonly version: string
    readonly storage: { readonly kv: Kv; readonly ds: Documents; readonly s3: Objects }
    readonly realtime: Realtime
    /** Calls another server and waits for its answer; throws what goes wrong. Elsewhere than in scripts, `fetch` is better. */
    readonly net: {
      fetch(
        url: string,
        options?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
      ): NetResponse
    }
  }

  interface NetResponse {
    readonly status: number
    readonly ok: boolean
    readonly headers: Readonly<Record<string, string>>
    text(): string
    json<T = any>(): T
  }

  // -------------------------------------------------------------------------------------------------------- scripts in api/main.js

  /** `request` in a script `api/main.js`. */
  interface ApiRequest {
    readonly method: string
    readonly path: string
    /** The first value of each parameter. */
    readonly query: Readonly<Record<string, string>>
    /** The first value of each header, by names such as `Content-Type`. */
    readonly headers: Readonly<Record<string, string>>
    /** Parsed if it came as JSON, text otherwise; `undefined` if there is none. */
    readonly body: any
    /** Text fields of a `multipart/form-data` form, the first of each name. Such a request has no `body`. */
    readonly form?: Readonly<Record<string, string>>
    /** Its files. */
    readonly files?: Readonly<Record<string, ApiFile>>
  }

  interface ApiFile {
    readonly name: string
    readonly type: string
    readonly size: number
    readonly data: ArrayBuffer
  }

  interface ApiResponse {
    readonly status: number
    readonly body: unknown
    readonly headers: ApiHeaders
  }

  /** Several values under one name are sent as so many headers. */
  type ApiHeaders = Readonly<Record<string, string | number | ReadonlyArray<string>>>

  // ------------------------------------------------------------------------------------------------------------ scripts in main.js

  /** `req` in a script `main.js`. */
  interface LegacyRequest {
    readonly method: string
    readonly path: string
    /** As it stands in the address, without the question mark. */
    readonly query: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }

  /** `res` in a script `main.js`. */
  interface LegacyResponse {
    status(code: number): LegacyResponse
    header(name: string, value: string): LegacyResponse
    /** Answers with HTML. */
    send(html: unknown): LegacyResponse
    json(value: unknown): LegacyResponse
  }
}

/** The site's values by key. */
declare const kv: Fazt.Kv
/** The site's documents. */
declare const ds: Fazt.Documents
/** The site's files. */
declare const s3: Fazt.Objects
declare const fazt: Fazt.Global
declare const process: { readonly env: Record<string, string | undefined> }

/** In a script `api/main.js`: what was asked. */
declare const request: Fazt.ApiRequest
/** In a script `api/main.js`: makes an answer, which is given by being the value of the script's last expression. */
declare function respond(status: number): Fazt.ApiResponse
declare function respond(body: unknown): Fazt.ApiResponse
declare function respond(status: number, body: unknown, headers?: Fazt.ApiHeaders): Fazt.ApiResponse
/** In a script `api/main.js`: files in `api/` (`"./lib.js"`), and the packages lodash, cheerio, uuid, zod, marked, dayjs and validator. */
declare function require(name: string): any
/** In files that a script requires. */
declare const module: { exports: any }
declare const exports: any

/** In a script `main.js`: what was asked. */
declare const req: Fazt.LegacyRequest
/** In a script `main.js`: the answer. */
declare const res: Fazt.LegacyResponse
/** In a script `main.js`: as `kv`, but `get` gives `null` where there is nothing. */
declare const db: Omit<Fazt.Kv, "get"> & { get<T = any>(key: string): T | null }
/** In a script `main.js`: the sockets that are open on the site. */
declare const socket: { broadcast(message: unknown): void; clients(): number }

// ---------------------------------------------------------------------------------------------------------------- the web's own

/** Writes to the site's log: `fazt logs <site>`. */
declare const console: {
  debug(...values: ReadonlyArray<unknown>): void
  log(...values: ReadonlyArray<unknown>): void
  info(...values: ReadonlyArray<unknown>): void
  warn(...values: ReadonlyArray<unknown>): void
  error(...values: ReadonlyArray<unknown>): void
  trace(...values: ReadonlyArray<unknown>): void
  dir(value: unknown, options?: { readonly depth?: number | null }): void
  dirxml(...values: ReadonlyArray<unknown>): void
  table(data: unknown, columns?: ReadonlyArray<string>): void
  assert(condition: unknown, ...values: ReadonlyArray<unknown>): void
  count(label?: string): void
  countReset(label?: string): void
  time(label?: string): void
  timeLog(label?: string, ...values: ReadonlyArray<unknown>): void
  timeEnd(label?: string): void
  group(...values: ReadonlyArray<unknown>): void
  groupCollapsed(...values: ReadonlyArray<unknown>): void
  groupEnd(): void
  clear(): void
}

type BufferSource = ArrayBuffer | ArrayBufferView
type BodyInit = string | BufferSource | Blob | FormData | URLSearchParams | ReadableStream
type HeadersInit = Headers | Readonly<Record<string, string>> | Iterable<readonly [string, string]>
type RequestInfo = string | URL | Request

interface RequestInit {
  method?: string
  headers?: HeadersInit
  body?: BodyInit | null
  redirect?: "follow" | "manual" | "error"
  signal?: AbortSignal | null
}

interface ResponseInit {
  status?: number
  statusText?: string
  headers?: HeadersInit
}

/** Calls another server. Only public addresses can be reached; a request may make a limited number of calls. */
declare function fetch(input: RequestInfo, init?: RequestInit): Promise<Response>

interface Body {
  readonly body: ReadableStream<Uint8Array> | null
  readonly bodyUsed: boolean
  arrayBuffer(): Promise<ArrayBuffer>
  blob(): Promise<Blob>
  bytes(): Promise<Uint8Array>
  formData(): Promise<FormData>
  json<T = any>(): Promise<T>
  text(): Promise<string>
}

declare class Headers {
  constructor(init?: HeadersInit)
  append(name: string, value: string): void
  delete(name: string): void
  get(name: string): string | null
  getSetCookie(): Array<string>
  has(name: string): boolean
  set(name: string, value: string): void
  forEach(callback: (value: string, name: string, headers: Headers) => void): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  [Symbol.iterator](): IterableIterator<[string, string]>
}

interface Request extends Body {}
declare class Request {
  constructor(input: RequestInfo, init?: RequestInit)
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly redirect: "follow" | "manual" | "error"
  readonly signal: AbortSignal
  clone(): Request
}

interface Response extends Body {}
declare class Response {
  constructor(body?: BodyInit | null, init?: ResponseInit)
  static json(data: unknown, init?: ResponseInit): Response
  static redirect(url: string | URL, status?: number): Response
  static error(): Response
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  readonly redirected: boolean
  readonly url: string
  readonly headers: Headers
  clone(): Response
}

declare class URL {
  constructor(url: string | URL, base?: string | URL)
  static canParse(url: string | URL, base?: string | URL): boolean
  static parse(url: string | URL, base?: string | URL): URL | null
  hash: string
  host: string
  hostname: string
  href: string
  readonly origin: string
  password: string
  pathname: string
  port: string
  protocol: string
  search: string
  readonly searchParams: URLSearchParams
  username: string
  toJSON(): string
  toString(): string
}

declare class URLSearchParams {
  constructor(init?: string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>)
  readonly size: number
  append(name: string, value: string): void
  delete(name: string, value?: string): void
  get(name: string): string | null
  getAll(name: string): Array<string>
  has(name: string, value?: string): boolean
  set(name: string, value: string): void
  sort(): void
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  [Symbol.iterator](): IterableIterator<[string, string]>
  toString(): string
}

declare class Blob {
  constructor(parts?: ReadonlyArray<string | BufferSource | Blob>, options?: { readonly type?: string })
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
  bytes(): Promise<Uint8Array>
  slice(start?: number, end?: number, type?: string): Blob
  stream(): ReadableStream<Uint8Array>
  text(): Promise<string>
}

declare class File extends Blob {
  constructor(
    parts: ReadonlyArray<string | BufferSource | Blob>,
    name: string,
    options?: { readonly type?: string; readonly lastModified?: number },
  )
  readonly name: string
  readonly lastModified: number
}

declare class FormData {
  append(name: string, value: string | Blob, filename?: string): void
  delete(name: string): void
  get(name: string): string | File | null
  getAll(name: string): Array<string | File>
  has(name: string): boolean
  set(name: string, value: string | Blob, filename?: string): void
  forEach(callback: (value: string | File, name: string, data: FormData) => void): void
  entries(): IterableIterator<[string, string | File]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string | File>
  [Symbol.iterator](): IterableIterator<[string, string | File]>
}

/** What a stream is read from: `start`, `pull` and `cancel`. */
interface UnderlyingSource<T> {
  start?(controller: ReadableStreamDefaultController<T>): unknown
  pull?(controller: ReadableStreamDefaultController<T>): unknown
  cancel?(reason?: unknown): unknown
}

declare class ReadableStreamDefaultController<T = any> {
  private constructor()
  readonly desiredSize: number | null
  close(): void
  enqueue(chunk: T): void
  error(reason?: unknown): void
}

declare class ReadableStreamDefaultReader<T = any> {
  constructor(stream: ReadableStream<T>)
  readonly closed: Promise<void>
  read(): Promise<{ readonly done: false; readonly value: T } | { readonly done: true; readonly value: undefined }>
  cancel(reason?: unknown): Promise<void>
  releaseLock(): void
}

declare class ReadableStream<T = any> {
  constructor(source?: UnderlyingSource<T>, strategy?: QueuingStrategy<T>)
  readonly locked: boolean
  cancel(reason?: unknown): Promise<void>
  getReader(): ReadableStreamDefaultReader<T>
  pipeThrough<U>(transform: { readonly readable: ReadableStream<U>; readonly writable: WritableStream<T> }): ReadableStream<U>
  pipeTo(destination: WritableStream<T>): Promise<void>
  tee(): [ReadableStream<T>, ReadableStream<T>]
  [Symbol.asyncIterator](): AsyncIterableIterator<T>
}

declare class WritableStreamDefaultController {
  private constructor()
  readonly signal: AbortSignal
  error(reason?: unknown): void
}

declare class TransformStreamDefaultController<T = any> {
  private constructor()
  readonly desiredSize: number | null
  enqueue(chunk: T): void
  error(reason?: unknown): void
  terminate(): void
}

declare class WritableStreamDefaultWriter<T = any> {
  constructor(stream: WritableStream<T>)
  readonly closed: Promise<void>
  readonly ready: Promise<void>
  write(chunk: T): Promise<void>
  close(): Promise<void>
  abort(reason?: unknown): Promise<void>
  releaseLock(): void
}

declare class WritableStream<T = any> {
  constructor(
    sink?: {
      start?(controller: WritableStreamDefaultController): unknown
      write?(chunk: T, controller: WritableStreamDefaultController): unknown
      close?(): unknown
      abort?(reason?: unknown): unknown
    },
    strategy?: QueuingStrategy<T>,
  )
  readonly locked: boolean
  abort(reason?: unknown): Promise<void>
  close(): Promise<void>
  getWriter(): WritableStreamDefaultWriter<T>
}

declare class TransformStream<I = any, O = any> {
  constructor(transformer?: {
    start?(controller: TransformStreamDefaultController<O>): unknown
    transform?(chunk: I, controller: TransformStreamDefaultController<O>): unknown
    flush?(controller: TransformStreamDefaultController<O>): unknown
  })
  readonly readable: ReadableStream<O>
  readonly writable: WritableStream<I>
}

interface QueuingStrategy<T> {
  readonly highWaterMark?: number
  size?(chunk: T): number
}

declare class CountQueuingStrategy {
  constructor(options: { readonly highWaterMark: number })
  readonly highWaterMark: number
  size(): 1
}

declare class ByteLengthQueuingStrategy {
  constructor(options: { readonly highWaterMark: number })
  readonly highWaterMark: number
  size(chunk: ArrayBufferView): number
}

declare class TextEncoderStream {
  readonly encoding: "utf-8"
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<string>
}

declare class TextDecoderStream {
  constructor(encoding?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean })
  readonly encoding: string
  readonly readable: ReadableStream<string>
  readonly writable: WritableStream<BufferSource>
}

declare class TextEncoder {
  readonly encoding: "utf-8"
  encode(text?: string): Uint8Array<ArrayBuffer>
}

declare class TextDecoder {
  constructor(encoding?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean })
  readonly encoding: string
  decode(bytes?: BufferSource, options?: { readonly stream?: boolean }): string
}

declare class CryptoKey {
  private constructor()
  readonly type: "secret"
  readonly extractable: boolean
  readonly algorithm: { readonly name: string; readonly hash?: { readonly name: string }; readonly length?: number }
  readonly usages: ReadonlyArray<KeyUsage>
}

type KeyUsage = "sign" | "verify" | "encrypt" | "decrypt" | "deriveBits" | "deriveKey"

/** The name of an algorithm, or an object with it and what else the algorithm needs, such as `hash`, `length`, `iv`, `salt`. */
type Algorithm = string | { readonly name: string; readonly [parameter: string]: unknown }

interface JsonWebKey {
  readonly kty?: string
  readonly k?: string
  readonly [field: string]: unknown
}

/** With secret keys only: SHA-1, SHA-256, SHA-384, SHA-512, HMAC, AES, PBKDF2 (200,000 iterations in one request), HKDF. */
declare const crypto: {
  randomUUID(): string
  getRandomValues<T extends ArrayBufferView>(array: T): T
  readonly subtle: {
    digest(algorithm: Algorithm, data: BufferSource): Promise<ArrayBuffer>
    importKey(format: "raw", key: BufferSource, algorithm: Algorithm, extractable: boolean, usages: Iterable<KeyUsage>): Promise<CryptoKey>
    importKey(format: "jwk", key: JsonWebKey, algorithm: Algorithm, extractable: boolean, usages: Iterable<KeyUsage>): Promise<CryptoKey>
    exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>
    exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>
    generateKey(algorithm: Algorithm, extractable: boolean, usages: Iterable<KeyUsage>): Promise<CryptoKey>
    sign(algorithm: Algorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>
    verify(algorithm: Algorithm, key: CryptoKey, signature: BufferSource, data: BufferSource): Promise<boolean>
    encrypt(algorithm: Algorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>
    decrypt(algorithm: Algorithm, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>
    deriveBits(algorithm: Algorithm, key: CryptoKey, length: number): Promise<ArrayBuffer>
    deriveKey(algorithm: Algorithm, key: CryptoKey, target: Algorithm, extractable: boolean, usages: Iterable<KeyUsage>): Promise<CryptoKey>
    /** Compares secrets in a time that does not tell where they differ. */
    timingSafeEqual(a: BufferSource, b: BufferSource): boolean
  }
}

declare const navigator: { readonly userAgent: "Fazt" }
declare const self: typeof globalThis

declare const performance: { now(): number; readonly timeOrigin: number }

declare function atob(base64: string): string
declare function btoa(binary: string): string
declare function structuredClone<T>(value: T): T
/** Logs an error as if nobody had caught it. */
declare function reportError(error: unknown): void
declare function queueMicrotask(callback: () => void): void
declare function setTimeout<Args extends Array<any>>(callback: (...args: Args) => void, milliseconds?: number, ...args: Args): number
declare function setInterval<Args extends Array<any>>(callback: (...args: Args) => void, milliseconds?: number, ...args: Args): number
declare function clearTimeout(timer?: number): void
declare function clearInterval(timer?: number): void

declare class Event {
  constructor(type: string)
  readonly type: string
  readonly defaultPrevented: boolean
  preventDefault(): void
}

declare class CustomEvent<T = any> extends Event {
  constructor(type: string, options?: { readonly detail?: T })
  readonly detail: T
}

declare class EventTarget {
  addEventListener(
    type: string,
    listener: (event: Event) => void,
    options?: { readonly once?: boolean; readonly signal?: AbortSignal },
  ): void
  removeEventListener(type: string, listener: (event: Event) => void): void
  dispatchEvent(event: Event): boolean
}

declare class AbortSignal extends EventTarget {
  static abort(reason?: unknown): AbortSignal
  static any(signals: Iterable<AbortSignal>): AbortSignal
  static timeout(milliseconds: number): AbortSignal
  readonly aborted: boolean
  readonly reason: any
  onabort: ((event: Event) => void) | null
  throwIfAborted(): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare class DOMException extends Error {
  constructor(message?: string, name?: string)
  readonly code: number
}
