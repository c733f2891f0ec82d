import type { FileHandle } from "node:fs/promises"
import { RandomAccessReader } from "yauzl"

const blockBytes = 16 * 1024
/** What is held of a file's content at a time. */
export const pieceBytes = 64 * 1024

/**
 * The bytes of an uploaded zip, for yauzl and for us. yauzl's own reader hands any 64-bit offset found in the file to
 * fs.read, which throws inside a callback and takes the process down; here every range is checked first. One block is
 * kept because headers are read a few bytes at a time.
 */
export class ZipSource extends RandomAccessReader {
  readonly size: number
  readonly #handle: FileHandle
  #block: Buffer = Buffer.alloc(0)
  #blockStart = 0

  constructor(handle: FileHandle, size: number) {
    super()
    this.#handle = handle
    this.size = size
  }

  /** Exactly these bytes, or an error. */
  async bytes(position: number, length: number): Promise<Buffer> {
    if (!(position >= 0 && position + length <= this.size)) throw new Error("it points outside the file; it may be cut short")
    if (length > blockBytes) return this.#readFully(position, length)
    const from = position - this.#blockStart
    if (from >= 0 && from + length <= this.#block.length) return this.#block.subarray(from, from + length)
    this.#block = await this.#readFully(position, Math.min(blockBytes, this.size - position))
    this.#blockStart = position
    return this.#block.subarray(0, length)
  }

  /** The range, a piece at a time. */
  async *stream(start: number, length: number): AsyncGenerator<Buffer, void, undefined> {
    const end = start + length
    for (let at = start; at < end; at += pieceBytes) yield await this.#readFully(at, Math.min(pieceBytes, end - at))
  }

  // A throw inside yauzl's callback comes back through the same callback, so it can never be an unhandled rejection.
  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (err: Error | null) => void): void {
    this.bytes(position, length)
      .then((bytes) => {
        bytes.copy(buffer, offset)
        callback(null)
      })
      .catch(callback)
  }

  // The handle belongs to openZip, not to yauzl.
  override close(callback: (err: Error | null) => void): void {
    setImmediate(callback, null)
  }

  async #readFully(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled)
      if (bytesRead === 0) throw new Error("the file ended while it was being read")
      filled += bytesRead
    }
    return buffer
  }
}

interface EndRecord {
  readonly disk: number
  readonly startDisk: number
  readonly entriesHere: number
  readonly entries: number
  readonly size: number
  readonly start: number
}
type Zip64End = { readonly at: number; readonly problem: string | undefined; readonly record: EndRecord }
export type DirectoryBounds = { readonly start: number; readonly end: number } | { readonly problem: string }

const endBytes = 22
const locatorBytes = 20
const locatorSignature = 0x07064b50
const zip64EndBytes = 56

/**
 * Where the central directory lies. yauzl reads only a count and an offset from the end records; here all their fields
 * must agree, so that no other reader of the same file could find another directory in it.
 */
export async function directoryBounds(source: ZipSource, commentLength: number): Promise<DirectoryBounds> {
  const endAt = source.size - endBytes - commentLength
  const plain = plainEnd(await source.bytes(endAt, endBytes))
  const zip64 = await zip64End(source, endAt)
  if (zip64?.problem !== undefined) return { problem: zip64.problem }
  if (zip64 !== undefined && !agree(plain, zip64.record)) return { problem: "its zip64 end record contradicts its end record" }
  const record = zip64?.record ?? plain
  const end = zip64?.at ?? endAt
  if (record.disk !== 0 || record.startDisk !== 0 || record.entriesHere !== record.entries) return { problem: "it spans several disks" }
  if (record.start + record.size !== end) return { problem: "its central directory is not where its end record says" }
  return { start: record.start, end }
}

function plainEnd(bytes: Buffer): EndRecord {
  return {
    disk: bytes.readUInt16LE(4),
    startDisk: bytes.readUInt16LE(6),
    entriesHere: bytes.readUInt16LE(8),
    entries: bytes.readUInt16LE(10),
    size: bytes.readUInt32LE(12),
    start: bytes.readUInt32LE(16),
  }
}

async function zip64End(source: ZipSource, endAt: number): Promise<Zip64End | undefined> {
  const locatorAt = endAt - locatorBytes
  if (locatorAt < 0) return undefined
  const locator = await source.bytes(locatorAt, locatorBytes)
  if (locator.readUInt32LE(0) !== locatorSignature) return undefined
  const at = uint64(locator, 8)
  const bytes = await source.bytes(at, zip64EndBytes)
  const record = {
    disk: bytes.readUInt32LE(16),
    startDisk: bytes.readUInt32LE(20),
    entriesHere: uint64(bytes, 24),
    entries: uint64(bytes, 32),
    size: uint64(bytes, 40),
    start: uint64(bytes, 48),
  }
  const adjoins = at + 12 + uint64(bytes, 4) === locatorAt
  const oneDisk = locator.readUInt32LE(4) === 0 && locator.readUInt32LE(16) <= 1
  const problem = !adjoins ? "its zip64 end record has a wrong length" : oneDisk ? undefined : "it spans several disks"
  return { at, problem, record }
}

/** Each field of the old record holds the same value, or the mark "see zip64". */
function agree(plain: EndRecord, zip64: EndRecord): boolean {
  const same = (field: keyof EndRecord, mark: number) => plain[field] === mark || plain[field] === zip64[field]
  const short = ["disk", "startDisk", "entriesHere", "entries"] as const
  return short.every((field) => same(field, 0xffff)) && same("size", 0xffffffff) && same("start", 0xffffffff)
}

/** Beyond 2^53 this rounds, but by then it is outside any file. */
export function uint64(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset))
}
