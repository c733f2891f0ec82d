/**
 * The names of one compiled QuickJS: `@jitl/quickjs-wasmfile-release-sync` 0.32.0 (bellard QuickJS 2025-09-13), as
 * `scripts/cards.mjs` has instrumented it. Its build shortens the names of imports and exports, so they belong to these very
 * bytes: `engine.ts` refuses any others.
 */
export const wasmSha256 = "e69f6c3089b0aeb8cf6f9bbc809e31c7bfbca5aaeaf0ef7e83a26b3f8c90dc87"

/**
 * For each 256 bytes of memory there is a byte that a store into them sets to 1. These cards lie low in the room for the C stack,
 * which grows down from the other end, and which the engine's own limit keeps to its first few hundred kilobytes.
 */
export const cardBase = 128 * 1024
export const cardShift = 8
export const cardBytes = 1 << cardShift
export const cardOf = (address: number): number => address >>> cardShift

/** What the C stack may need at most, with room to spare: below that, what a guest is restored from lies beside the cards. */
export const stackReserve = 512 * 1024

/** Pages (64 KiB) that the program needs to begin with, and that in bytes. */
export const initialPages = 256
export const initialBytes = initialPages * 65_536

/** The C stack that the program's linker reserved below the heap, in bytes. */
export const stackBytes = 5 * 1024 * 1024

/** Where a runtime keeps what is left out of compiled functions (source text 1, line tables 2), as an offset in its struct. */
export const stripOffset = 228
export const stripAll = 3

/** Flags of `eval`. */
export const evalFlags = { script: 0, module: 1, strict: 8 } as const

/** Type tags of a JSValue: its upper 32 bits. What lies outside them all (`bigInt` to `shortBigInt`) belongs to a float. */
export const tags = {
  bigInt: -9,
  string: -7,
  rope: -6,
  object: -1,
  int: 0,
  bool: 1,
  null: 2,
  undefined: 3,
  exception: 6,
  shortBigInt: 7,
} as const

export interface Exports {
  readonly initialize: () => void
  readonly malloc: (bytes: number) => number
  readonly free: (pointer: number) => void
  readonly throwValue: (ctx: number, error: number) => number
  readonly newError: (ctx: number) => number
  readonly setMaxStackSize: (rt: number, bytes: number) => void
  readonly getUndefined: () => number
  readonly newRuntime: () => number
  readonly newContext: (rt: number, intrinsics: number) => number
  readonly freeCString: (ctx: number, text: number) => void
  readonly newArrayBuffer: (ctx: number, bytes: number, length: number) => number
  readonly newFloat64: (ctx: number, value: number) => number
  readonly getFloat64: (ctx: number, value: number) => number
  readonly newString: (ctx: number, text: number) => number
  readonly getString: (ctx: number, value: number) => number
  readonly getArrayBuffer: (ctx: number, value: number) => number
  readonly getArrayBufferLength: (ctx: number, value: number) => number
  readonly isJobPending: (rt: number) => number
  readonly executePendingJob: (rt: number, max: number, ctxOut: number) => number
  readonly getProp: (ctx: number, object: number, name: number) => number
  readonly setProp: (ctx: number, object: number, name: number, value: number) => void
  readonly call: (ctx: number, fn: number, self: number, count: number, args: number) => number
  readonly resolveException: (ctx: number, value: number) => number
  readonly dump: (ctx: number, value: number) => number
  readonly evaluate: (ctx: number, code: number, length: number, file: number, detectModule: number, flags: number) => number
  readonly getGlobal: (ctx: number) => number
  readonly promiseState: (ctx: number, promise: number) => number
  readonly promiseResult: (ctx: number, promise: number) => number
  readonly newFunction: (ctx: number, name: number, length: number, isConstructor: number, id: number) => number
  readonly enableInterruptHandler: (rt: number) => void
  readonly enableModuleLoader: (rt: number, withNormalizer: number) => void
  readonly restoreStack: (pointer: number) => void
  readonly currentStack: () => number
  /** Copies back what the marked ones of a range of cards stand for, from so many bytes further on: see `scripts/cards.mjs`. */
  readonly restore: (distance: number, from: number, to: number) => void
}

const exportNames: Readonly<Record<keyof Exports, string>> = {
  initialize: "u",
  malloc: "v",
  free: "M",
  throwValue: "w",
  newError: "x",
  setMaxStackSize: "D",
  getUndefined: "E",
  newRuntime: "K",
  newContext: "N",
  freeCString: "S",
  newArrayBuffer: "X",
  newFloat64: "Y",
  getFloat64: "Z",
  newString: "_",
  getString: "$",
  getArrayBuffer: "aa",
  getArrayBufferLength: "ba",
  isJobPending: "fa",
  executePendingJob: "ga",
  getProp: "ha",
  setProp: "ja",
  call: "ma",
  resolveException: "na",
  dump: "oa",
  evaluate: "pa",
  getGlobal: "ua",
  promiseState: "wa",
  promiseResult: "xa",
  newFunction: "Da",
  enableInterruptHandler: "Fa",
  enableModuleLoader: "Ha",
  restoreStack: "Ma",
  currentStack: "Oa",
  restore: "restore",
}

export const exportsOf = (instance: WebAssembly.Instance): Exports =>
  Object.fromEntries(Object.entries(exportNames).map(([name, short]) => [name, instance.exports[short]])) as unknown as Exports

/** What the program calls: the four of QuickJS that reach user code's host, and growth of memory. */
export interface Callbacks {
  readonly callFunction: (ctx: number, self: number, argc: number, argv: number, id: number) => number
  readonly shouldInterrupt: () => number
  /** Gives the address of a C string that the program frees. */
  readonly loadModule: (name: number) => number
  readonly normalizeModule: (base: number, name: number) => number
  /** Whether memory now has so many bytes. */
  readonly grow: (bytes: number) => boolean
}

const notSupported = 52
const seekNotSupported = 70

/**
 * Everything the program imports. The C library finds no files, no environment and no time zone: user code sees UTC whatever
 * the machine's clock is set to.
 */
export const importsOf = (memory: WebAssembly.Memory, callbacks: Callbacks): WebAssembly.Imports => {
  const view = (): DataView => new DataView(memory.buffer)
  const stop = (reason: string) => (): never => {
    throw new WebAssembly.RuntimeError(reason)
  }
  return {
    a: {
      a: memory,
      b: stop("assertion failed"),
      c: (_fd: number, _vectors: number, _count: number, written: number) => {
        view().setUint32(written, 0, true)
        return 0
      },
      d: () => notSupported,
      e: () => 0,
      f: (count: number, bytes: number) => {
        view().setUint32(count, 0, true)
        view().setUint32(bytes, 0, true)
        return 0
      },
      g: (_rt: number, _ctx: number, base: number, name: number) => callbacks.normalizeModule(base, name),
      h: (_rt: number, _ctx: number, name: number) => callbacks.loadModule(name),
      i: () => callbacks.shouldInterrupt(),
      j: () => 0,
      k: (bytes: number) => (callbacks.grow(bytes >>> 0) ? 1 : 0),
      l: () => {},
      m: (seconds: bigint, tm: number) => writeUtc(view(), Number(seconds), tm),
      n: (offset: number, isSummer: number) => {
        view().setInt32(offset, 0, true)
        view().setInt32(isSummer, 0, true)
      },
      o: () => seekNotSupported,
      p: () => Date.now(),
      q: stop("abort"),
      r: stop("exit"),
      s: callbacks.callFunction,
      // Host functions have fixed numbers: there is nothing to free.
      t: () => {},
    },
  }
}

/** Fills C's `struct tm`. */
const writeUtc = (view: DataView, seconds: number, tm: number): void => {
  const date = new Date(seconds * 1000)
  const year = date.getUTCFullYear()
  const dayOfYear = Math.floor((Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000)
  const fields = [
    date.getUTCSeconds(),
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth(),
    year - 1900,
    date.getUTCDay(),
    dayOfYear,
    0,
    0,
  ]
  fields.forEach((value, i) => {
    view.setInt32(tm + 4 * i, value, true)
  })
}
