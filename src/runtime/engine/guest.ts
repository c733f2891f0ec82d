import { cardBase, cardBytes, cardOf, type Exports, evalFlags, exportsOf, importsOf, initialPages, stackBytes, tags } from "./abi.ts"

/** What a guest calls out to; nothing while the blank state is made. */
export interface GuestHost {
  /** A call of a host function. Gives the address of a JSValue, or 0 for undefined. */
  readonly callFunction: (argc: number, argv: number, id: number) => number
  /** Polled while code runs. Throwing here ends the run in a way that no code inside can catch. */
  readonly poll: () => void
  readonly loadModule: (name: string) => string
  readonly normalizeModule: (base: string, name: string) => string
}

/** Where this compiled QuickJS keeps what a restore needs to know, found by `findLayout`. */
export interface Layout {
  /** Address of the allocator's `top`: all live heap lies below what it points at. */
  readonly top: number
  /** Address of the end of the heap. */
  readonly brk: number
  /** Offset of `interrupt_counter` in a context. */
  readonly interruptCounter: number
}

/** Memory grows in steps of this many pages, so that growing is rare. */
const growthPages = 16

/**
 * One instance of QuickJS: a linear memory and the plain calls into it. Values are addresses of JSValues in that memory; nothing
 * is freed during a request, because restoring the image takes all of it back.
 */
export class Guest {
  readonly exports: Exports
  readonly memory: WebAssembly.Memory
  /** The stack's beginning: where the stack pointer stands between calls. */
  readonly stackTop: number
  readonly maxPages: number
  host: GuestHost = silentHost
  bytes: Buffer
  words: Int32Array

  constructor(module: WebAssembly.Module, maxBytes: number) {
    this.maxPages = initialPages + Math.ceil(maxBytes / 65_536)
    this.memory = new WebAssembly.Memory({ initial: initialPages, maximum: this.maxPages })
    this.bytes = Buffer.from(this.memory.buffer)
    this.words = new Int32Array(this.memory.buffer)
    const imports = importsOf(this.memory, {
      callFunction: (_ctx, _self, argc, argv, id) => this.host.callFunction(argc, argv, id),
      shouldInterrupt: () => {
        this.host.poll()
        return 0
      },
      loadModule: (name) => this.cString(this.host.loadModule(this.textAt(name))),
      normalizeModule: (base, name) => this.cString(this.host.normalizeModule(this.textAt(base), this.textAt(name))),
      grow: (bytes) => this.grow(bytes),
    })
    this.exports = exportsOf(new WebAssembly.Instance(module, imports))
    this.exports.initialize()
    this.stackTop = this.exports.currentStack()
  }

  /** Static data ends before this address, where a card begins. Above it lie the cards, room, and the C stack, which grows down. */
  get staticEnd(): number {
    return (cardOf(this.dataEnd) + 1) * cardBytes
  }

  get dataEnd(): number {
    return this.stackTop - stackBytes
  }

  /** The heap begins in the card at this address, right above the stack. */
  get heapStart(): number {
    return cardOf(this.stackTop) * cardBytes
  }

  get pages(): number {
    return this.bytes.length / 65_536
  }

  private grow(bytes: number): boolean {
    const needed = Math.ceil(bytes / 65_536) - this.pages
    if (needed <= 0) return true
    const room = this.maxPages - this.pages
    if (needed > room) return false
    this.memory.grow(Math.min(room, Math.max(needed, growthPages)))
    this.bytes = Buffer.from(this.memory.buffer)
    this.words = new Int32Array(this.memory.buffer)
    return true
  }

  /** Makes memory at least so large. */
  reserve(bytes: number): void {
    if (!this.grow(bytes)) throw new GuestOutOfMemory()
  }

  word(address: number): number {
    return this.words[address >> 2]!
  }

  setWord(address: number, value: number): void {
    this.words[address >> 2] = value
    this.bytes[cardBase + cardOf(address)] = 1
  }

  /** Notes that the host has written there, as the program itself notes its own stores. */
  private mark(address: number, length: number): void {
    this.bytes.fill(1, cardBase + cardOf(address), cardBase + cardOf(address + length) + 1)
  }

  /** The cards in [from, to). */
  cards(from: number, to: number): Buffer {
    return this.bytes.subarray(cardBase + from, cardBase + to)
  }

  /** Whether anything has been written to what this card stands for, or over the end of the one before it, since cards were cleared. */
  mayHaveChanged(card: number): boolean {
    return this.bytes[cardBase + card] === 1 || (card > 0 && this.bytes[cardBase + card - 1] === 1)
  }

  /** Behind the cards: from here on the room for the stack is free. */
  get roomStart(): number {
    return cardBase + cardOf(this.maxPages * 65_536)
  }

  malloc(bytes: number): number {
    const pointer = this.exports.malloc(bytes)
    if (pointer === 0) throw new GuestOutOfMemory()
    return pointer
  }

  /** A C string in the guest's heap. */
  cString(text: string): number {
    const room = text.length * 3 + 1
    const pointer = this.malloc(room)
    const written = this.bytes.utf8Write(text, pointer, room - 1)
    this.bytes[pointer + written] = 0
    this.mark(pointer, written)
    this.lastLength = written
    return pointer
  }
  /** Bytes of the last string that `cString` wrote. */
  private lastLength = 0

  textAt(address: number): string {
    return this.bytes.utf8Slice(address, this.bytes.indexOf(0, address))
  }

  newString(ctx: number, text: string): number {
    const pointer = this.cString(text)
    const value = this.exports.newString(ctx, pointer)
    this.exports.free(pointer)
    return value
  }

  newNumber(ctx: number, value: number): number {
    return this.exports.newFloat64(ctx, value)
  }

  newBytes(ctx: number, content: Uint8Array): number {
    const pointer = this.malloc(Math.max(1, content.byteLength))
    this.bytes.set(content, pointer)
    this.mark(pointer, content.byteLength)
    return this.exports.newArrayBuffer(ctx, pointer, content.byteLength)
  }

  /** The text of any value, as `String(value)` would give it; undefined if that throws. */
  text(ctx: number, value: number): string | undefined {
    const pointer = this.exports.getString(ctx, value)
    if (pointer === 0) return undefined
    const text = this.textAt(pointer)
    this.exports.freeCString(ctx, pointer)
    return text
  }

  number(ctx: number, value: number): number {
    return this.word(value + 4) === tags.int ? this.word(value) : this.exports.getFloat64(ctx, value)
  }

  isUndefined(value: number): boolean {
    return this.word(value + 4) === tags.undefined
  }

  isObject(value: number): boolean {
    return this.word(value + 4) === tags.object
  }

  /** A view of an ArrayBuffer's content, until memory changes; undefined if the value is none. */
  bytesOf(ctx: number, value: number): Buffer | undefined {
    if (!this.isObject(value)) return undefined
    const pointer = this.exports.getArrayBuffer(ctx, value)
    const length = pointer === 0 ? 0 : this.exports.getArrayBufferLength(ctx, value)
    return this.bytes.subarray(pointer, pointer + length)
  }

  call(ctx: number, fn: number, args: ReadonlyArray<number>): number {
    const argv = this.malloc(4 * Math.max(1, args.length))
    for (let i = 0; i < args.length; i++) this.setWord(argv + 4 * i, args[i]!)
    return this.exports.call(ctx, fn, this.exports.getUndefined(), args.length, argv)
  }

  evaluate(ctx: number, code: string, file: string, flags: number = evalFlags.script): number {
    const source = this.cString(code)
    const length = this.lastLength
    const name = this.cString(file)
    const value = this.exports.evaluate(ctx, source, length, name, 0, flags)
    this.exports.free(source)
    this.exports.free(name)
    return value
  }

  /** What was thrown, if the value stands for an exception: the engine's own JSON of it. */
  thrown(ctx: number, value: number): string | undefined {
    const error = this.exports.resolveException(ctx, value)
    return error === 0 ? undefined : this.textAt(this.exports.dump(ctx, error))
  }

  property(ctx: number, object: number, name: string): number {
    return this.exports.getProp(ctx, object, this.newString(ctx, name))
  }

  setProperty(ctx: number, object: number, name: string, value: number): void {
    this.exports.setProp(ctx, object, this.newString(ctx, name), value)
  }
}

/** The guest's memory is full; code inside gets a catchable InternalError instead where it asks for memory itself. */
export class GuestOutOfMemory extends Error {
  override readonly name = "GuestOutOfMemory"
}

const silentHost: GuestHost = {
  callFunction: () => 0,
  poll: () => {},
  loadModule: () => "",
  normalizeModule: (_, name) => name,
}
