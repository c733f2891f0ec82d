import { open } from "node:fs/promises"
import { pipeline } from "node:stream"
import { crc32, createInflateRaw } from "node:zlib"
import { Entry, fromRandomAccessReaderPromise, type ZipFile as Yauzl } from "yauzl"
import {
  checkEntry,
  deflated,
  headerProblem,
  type Located,
  type Member,
  overlapProblem,
  type Problem,
  sizeProblem,
  totalProblem,
  twinProblem,
} from "./zipRules.ts"
import { directoryBounds, pieceBytes, ZipSource } from "./zipSource.ts"

export interface ZipLimits {
  readonly maxEntries: number
  readonly maxFileBytes: number
  readonly maxTotalBytes: number
  /** Expanded over compressed size, for a file that expands past 1 MiB. */
  readonly maxRatio: number
}

const overLimit = new Set(["ZIP_TOO_MANY_FILES", "ZIP_FILE_TOO_LARGE", "ZIP_TOO_LARGE", "ZIP_RATIO"])

export class ZipRejected extends Error {
  override readonly name = "ZipRejected"
  readonly code: string
  readonly status: number
  /** The name of the entry at fault, control characters escaped. */
  readonly entry: string | undefined

  constructor({ code, reason, entry }: Problem, options?: ErrorOptions) {
    super(`The zip was refused${entry === undefined ? "" : ` at "${entry}"`}: ${reason.replace(/\.$/, "")}.`, options)
    this.code = code
    this.status = overLimit.has(code) ? 413 : 400
    this.entry = entry
  }
}

export interface ZipFile {
  readonly path: string
  readonly declaredSize: number
  /** Inflates. Size and CRC are proven only once the last piece has come: trust nothing before the end. */
  read(): AsyncIterable<Buffer>
}

interface Directory {
  readonly start: number
  readonly end: number
}

/** Opens the zip at `file` (a path on disk), validates the whole central directory before anything is unpacked, returns the regular files in directory order. */
export async function openZip(file: string, limits: ZipLimits): Promise<{ readonly files: ReadonlyArray<ZipFile>; close(): void }> {
  const handle = await open(file, "r")
  try {
    const { size } = await handle.stat()
    const files = await readDirectory(new ZipSource(handle, size), limits)
    return { files, close: () => void handle.close().catch(() => undefined) }
  } catch (error) {
    await handle.close()
    throw asRejection(error)
  }
}

async function readDirectory(source: ZipSource, limits: ZipLimits): Promise<ReadonlyArray<ZipFile>> {
  // Undecoded: yauzl would turn backslashes into slashes and bad UTF-8 into U+FFFD before they can be refused.
  const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false }
  const zip = await fromRandomAccessReaderPromise(source, source.size, options)
  refuseCount(zip.entryCount, limits)
  const directory = await directoryBounds(source, zip.comment.length)
  if ("problem" in directory) throw new ZipRejected({ code: "ZIP_MISMATCH", reason: directory.problem })
  const members = await readMembers(zip, directory, limits)
  refuse(twinProblem(members.filter((member) => !member.junk)))
  const located = await locate(zip, members)
  refuse(overlapProblem(located, directory.start))
  return filesOf(source, located, limits)
}

function refuseCount(count: number, { maxEntries }: ZipLimits): void {
  if (count <= maxEntries) return
  throw new ZipRejected({ code: "ZIP_TOO_MANY_FILES", reason: `it has ${count} entries; the limit is ${maxEntries}` })
}

async function readMembers(zip: Yauzl, { start, end }: Directory, limits: ZipLimits): Promise<ReadonlyArray<Member>> {
  const members: Array<Member> = []
  let cursor = start
  let total = 0
  for await (const entry of zip.eachEntry()) {
    cursor += 46 + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength
    if (cursor > end) break
    const member = checkEntry(entry, limits)
    if ("code" in member) throw new ZipRejected(member)
    members.push(member)
    if (isFile(member)) total += member.size
    refuse(totalProblem(total, limits))
  }
  // With too small a count, other tools might find entries here that nobody checked.
  if (cursor !== end) throw new ZipRejected({ code: "ZIP_MISMATCH", reason: "its central directory has not the length it declares" })
  return members
}

function isFile({ folder, junk }: Member): boolean {
  return !folder && !junk
}

async function locate(zip: Yauzl, members: ReadonlyArray<Member>): Promise<ReadonlyArray<Located>> {
  const located: Array<Located> = []
  for (const member of members) {
    try {
      const entry = Object.assign(new Entry(), { relativeOffsetOfLocalHeader: member.headerAt, compressedSize: member.compressedSize })
      const header = await zip.readLocalFileHeaderPromise(entry)
      refuse(headerProblem(member, header))
      located.push({ member, dataStart: header.fileDataStart })
    } catch (error) {
      throw asRejection(error, member.name)
    }
  }
  return located
}

function filesOf(source: ZipSource, located: ReadonlyArray<Located>, limits: ZipLimits): ReadonlyArray<ZipFile> {
  const meter = { total: 0 }
  const files = located.filter(({ member }) => isFile(member))
  return files.map(({ member, dataStart }) => {
    const spend = meterOf(member, meter, limits)
    return { path: member.path, declaredSize: member.size, read: () => contents(source, { member, dataStart }, spend) }
  })
}

/** Checks what a file has come to, and adds it to the archive's running total; reading it a second time adds nothing. */
function meterOf(member: Member, meter: { total: number }, limits: ZipLimits): (size: number) => void {
  let counted = 0
  return (size) => {
    refuse(sizeProblem(member, size, limits))
    meter.total += Math.max(0, size - counted)
    counted = Math.max(counted, size)
    refuse(totalProblem(meter.total, limits))
  }
}

async function* contents(source: ZipSource, { member, dataStart }: Located, spend: (size: number) => void): AsyncGenerator<Buffer> {
  let size = 0
  let crc = 0
  try {
    for await (const piece of expanded(source, { member, dataStart })) {
      size += piece.length
      spend(size)
      if (size > member.size) throw mismatch(member, "it expands to more than its declared size")
      crc = crc32(piece, crc)
      yield piece
    }
    if (size !== member.size) throw mismatch(member, "it expands to less than its declared size")
    if (crc !== member.crc) throw mismatch(member, "its content does not have the declared checksum")
  } catch (error) {
    throw asRejection(error, member.name)
  }
}

/** Inflated here and not by yauzl, which neither ends its inflater when reading stops early nor sees data left over after the end. */
async function* expanded(source: ZipSource, { member, dataStart }: Located): AsyncGenerator<Buffer> {
  const { compressedSize } = member
  // Some writers call an empty file deflated and write nothing.
  if (member.method !== deflated || compressedSize === 0) return yield* source.stream(dataStart, compressedSize)
  const inflate = createInflateRaw({ chunkSize: Math.min(pieceBytes, Math.max(1024, member.size)) })
  // An error of either end reaches the loop through `inflate`; leaving the loop destroys both. Most files need no stream.
  if (compressedSize <= pieceBytes) inflate.end(await source.bytes(dataStart, compressedSize))
  else pipeline(source.stream(dataStart, compressedSize), inflate, () => undefined)
  for await (const piece of inflate) yield piece
  if (inflate.bytesWritten !== compressedSize) throw mismatch(member, "its compressed data ends before its declared size")
}

function mismatch(member: Member, reason: string): ZipRejected {
  return new ZipRejected({ code: "ZIP_MISMATCH", reason, entry: member.name })
}

function refuse(problem: Problem | undefined): void {
  if (problem !== undefined) throw new ZipRejected(problem)
}

/** An error of yauzl or zlib is about the zip; one of the system (it names a syscall) is about this machine, and stays as it is. */
function asRejection(error: unknown, entry?: string): unknown {
  if (error instanceof ZipRejected || !(error instanceof Error) || "syscall" in error) return error
  // yauzl refuses this one before handing over the entry.
  const code = error.message === "strong encryption is not supported" ? "ZIP_ENCRYPTED" : "ZIP_INVALID"
  return new ZipRejected({ code, reason: error.message, entry }, { cause: error })
}
