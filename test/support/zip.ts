import { crc32, deflateRawSync } from "node:zlib"

/** A zip writer that can lie about anything; whatever is not overridden is honest. */

/** The fields that a local header and a central directory header share. */
export interface HeaderFields {
  readonly name: string | Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  readonly extra: Uint8Array
}
export interface CentralFields extends HeaderFields {
  readonly versionMadeBy: number
  readonly externalAttributes: number
  readonly disk: number
  readonly comment: string
  readonly headerAt: number
}
export interface EntrySpec {
  readonly name: string | Uint8Array
  readonly data?: string | Uint8Array
  readonly method?: "store" | "deflate" | number
  /** Replaces the flags; by default only "names are UTF-8". */
  readonly flags?: number
  readonly externalAttributes?: number
  readonly versionMadeBy?: number
  /** Shorthand for made by Unix, with this mode. */
  readonly unixMode?: number
  /** Sizes and checksum follow the data, as when a zip is written to a pipe. */
  readonly dataDescriptor?: boolean
  /** Sizes (and the offset, in the central directory) are in zip64 fields. */
  readonly zip64?: boolean
  readonly extra?: Uint8Array
  /** The bytes after the local header, in place of the compressed data. */
  readonly payload?: Uint8Array
  /** What only the local header says. */
  readonly local?: Partial<HeaderFields>
  /** What only the central directory says. */
  readonly central?: Partial<CentralFields>
  /** Writes nothing but the central header. */
  readonly noLocal?: boolean
}
export interface EndFields {
  readonly disk: number
  readonly startDisk: number
  readonly entriesHere: number
  readonly entries: number
  readonly size: number
  readonly start: number
  readonly commentLength: number
}
export interface ArchiveSpec {
  readonly entries: ReadonlyArray<EntrySpec>
  /** Written in front; offsets take it into account. */
  readonly prefix?: Uint8Array
  /** Written between the last entry and the central directory. */
  readonly gap?: Uint8Array
  readonly comment?: string
  readonly end?: Partial<EndFields>
  /** Adds the zip64 end records, with these lies; the plain one then refers to them. */
  readonly zip64End?: Partial<EndFields> & { readonly recordAt?: number | bigint; readonly recordSize?: number; readonly disks?: number }
}

export const utf8Flag = 0x0800
export const descriptorFlag = 0x0008
const mark16 = 0xffff
const mark32 = 0xffffffff

/** The same files in a plain, honest zip. */
export function zipOf(files: Record<string, string | Uint8Array>): Buffer {
  return buildZip({ entries: Object.entries(files).map(([name, data]) => ({ name, data, method: "deflate" })) })
}

export function buildZip(archive: ArchiveSpec): Buffer {
  const prefix = Buffer.from(archive.prefix ?? [])
  const bodies: Array<Buffer> = [prefix]
  const headers: Array<Buffer> = []
  let at = prefix.length
  for (const spec of archive.entries) {
    const fields = fieldsOf(spec, at)
    const body = spec.noLocal === true ? Buffer.alloc(0) : bodyOf(spec, fields)
    headers.push(centralHeader(spec, fields))
    bodies.push(body)
    at += body.length
  }
  const gap = Buffer.from(archive.gap ?? [])
  const directory = Buffer.concat(headers)
  return Buffer.concat([...bodies, gap, directory, endOf(archive, at + gap.length, directory.length)])
}

function fieldsOf(spec: EntrySpec, headerAt: number): CentralFields & { readonly packed: Buffer } {
  const data = Buffer.from(spec.data ?? "")
  const method = spec.method === "deflate" ? 8 : typeof spec.method === "number" ? spec.method : 0
  const packed = Buffer.from(spec.payload ?? (method === 8 ? deflateRawSync(data) : data))
  const unix = spec.unixMode !== undefined
  return {
    packed,
    name: spec.name,
    flags: spec.flags ?? utf8Flag | (spec.dataDescriptor === true ? descriptorFlag : 0),
    method,
    crc: crc32(data),
    compressedSize: packed.length,
    size: data.length,
    extra: spec.extra ?? new Uint8Array(),
    versionMadeBy: spec.versionMadeBy ?? (unix ? (3 << 8) | 30 : 20),
    externalAttributes: spec.externalAttributes ?? (unix ? ((spec.unixMode ?? 0) << 16) >>> 0 : 0),
    disk: 0,
    comment: "",
    headerAt,
  }
}

function bodyOf(spec: EntrySpec, honest: HeaderFields & { readonly packed: Buffer }): Buffer {
  const later = spec.dataDescriptor === true ? { crc: 0, compressedSize: 0, size: 0 } : {}
  const fields = { ...honest, ...later, ...(spec.zip64 === true ? zip64Local({ ...honest, ...later }) : {}), ...spec.local }
  const parts = [localHeader(fields), honest.packed]
  if (spec.dataDescriptor === true) parts.push(numbers([4, 0x08074b50], [4, honest.crc], [4, honest.compressedSize], [4, honest.size]))
  return Buffer.concat(parts)
}

function zip64Local({ size, compressedSize, extra }: HeaderFields): Partial<HeaderFields> {
  return { size: mark32, compressedSize: mark32, extra: Buffer.concat([zip64Field(size, compressedSize), extra]) }
}

/** The extra field with these 64-bit numbers. */
export function zip64Field(...values: ReadonlyArray<number | bigint>): Buffer {
  return extraField(0x0001, numbers(...values.map((value): [number, number | bigint] => [8, value])))
}

export function extraField(id: number, data: Uint8Array): Buffer {
  return Buffer.concat([numbers([2, id], [2, data.length]), data])
}

/** Info-ZIP's Unicode path field. */
export function unicodePathField(rawName: Uint8Array, name: string): Buffer {
  return extraField(0x7075, Buffer.concat([numbers([1, 1], [4, crc32(rawName)]), Buffer.from(name)]))
}

export function localHeader(fields: HeaderFields): Buffer {
  const name = Buffer.from(fields.name)
  const fixed = numbers([4, 0x04034b50], [2, 20], [2, fields.flags], [2, fields.method], [4, 0], [4, fields.crc])
  const sizes = numbers([4, fields.compressedSize], [4, fields.size], [2, name.length], [2, fields.extra.length])
  return Buffer.concat([fixed, sizes, name, fields.extra])
}

function centralHeader(spec: EntrySpec, honest: CentralFields): Buffer {
  const wide = {
    size: mark32,
    compressedSize: mark32,
    headerAt: mark32,
    extra: Buffer.concat([zip64Field(honest.size, honest.compressedSize, honest.headerAt), honest.extra]),
  }
  const fields = { ...honest, ...(spec.zip64 === true ? wide : {}), ...spec.central }
  const [name, comment] = [Buffer.from(fields.name), Buffer.from(fields.comment)]
  return Buffer.concat([
    numbers([4, 0x02014b50], [2, fields.versionMadeBy], [2, 20], [2, fields.flags], [2, fields.method], [4, 0], [4, fields.crc]),
    numbers([4, fields.compressedSize], [4, fields.size], [2, name.length], [2, fields.extra.length], [2, comment.length]),
    numbers([2, fields.disk], [2, 0], [4, fields.externalAttributes], [4, fields.headerAt]),
    name,
    fields.extra,
    comment,
  ])
}

function endOf(archive: ArchiveSpec, start: number, size: number): Buffer {
  const count = archive.entries.length
  const comment = Buffer.from(archive.comment ?? "")
  const honest = { disk: 0, startDisk: 0, entriesHere: count, entries: count, size, start, commentLength: comment.length }
  const marks = { disk: mark16, startDisk: mark16, entriesHere: mark16, entries: mark16, size: mark32, start: mark32 }
  const fields = { ...honest, ...(archive.zip64End === undefined ? {} : marks), ...archive.end }
  return Buffer.concat([
    archive.zip64End === undefined ? Buffer.alloc(0) : zip64EndOf(archive.zip64End, honest),
    numbers([4, 0x06054b50], [2, fields.disk], [2, fields.startDisk], [2, fields.entriesHere], [2, fields.entries]),
    numbers([4, fields.size], [4, fields.start], [2, fields.commentLength]),
    comment,
  ])
}

function zip64EndOf(lies: NonNullable<ArchiveSpec["zip64End"]>, honest: EndFields): Buffer {
  const fields = { ...honest, recordAt: honest.start + honest.size, recordSize: 44, disks: 1, ...lies }
  return Buffer.concat([
    numbers([4, 0x06064b50], [8, fields.recordSize], [2, 45], [2, 45], [4, fields.disk], [4, fields.startDisk]),
    numbers([8, fields.entriesHere], [8, fields.entries], [8, fields.size], [8, fields.start]),
    numbers([4, 0x07064b50], [4, 0], [8, fields.recordAt], [4, fields.disks]),
  ])
}

/** Little-endian numbers of 1, 2, 4 or 8 bytes; those too large are cut off, as a lie may be. */
function numbers(...values: ReadonlyArray<[bytes: number, value: number | bigint]>): Buffer {
  const buffer = Buffer.alloc(values.reduce((length, [bytes]) => length + bytes, 0))
  let at = 0
  for (const [bytes, value] of values) {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at)
    else buffer.writeUIntLE(Number(value) % 2 ** (8 * bytes), at, bytes)
    at += bytes
  }
  return buffer
}

/** Fifield's zip bomb: each file quotes the headers of those after it, and all of them end in the same deflated kernel. */
export function zipQuilt(count: number, kernel: Uint8Array): Buffer {
  let packed: Buffer = deflateRawSync(kernel)
  let content: Buffer = Buffer.from(kernel)
  const files: Array<{ readonly fields: HeaderFields; readonly fromEnd: number }> = []
  for (let i = count - 1; i >= 0; i--) {
    const honest = { crc: crc32(content), compressedSize: packed.length, size: content.length }
    const fields = { name: `f${i}`, flags: utf8Flag, method: 8, ...honest, extra: new Uint8Array() }
    const header = localHeader(fields)
    files.unshift({ fields, fromEnd: header.length + packed.length })
    // A stored deflate block around this header makes it content of the file before.
    packed = Buffer.concat([numbers([1, 0], [2, header.length], [2, 0xffff - header.length]), header, packed])
    content = Buffer.concat([header, content])
  }
  // The first quote has no file before it.
  const body = packed.subarray(5)
  const entries = files.map(({ fields, fromEnd }) => ({
    name: fields.name,
    noLocal: true,
    central: { ...fields, headerAt: body.length - fromEnd },
  }))
  return buildZip({ prefix: body, entries })
}
