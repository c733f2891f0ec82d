import { isUtf8 } from "node:buffer"
import { crc32 } from "node:zlib"
import { type Entry, type ExtraField, type LocalFileHeader, parseExtraFields } from "yauzl"
import { checkSitePath } from "./sitePath.ts"
import type { ZipLimits } from "./zip.ts"
import { uint64 } from "./zipSource.ts"

/** What a zip may say about its entries. Nothing here reads the file: each rule gives the reason to refuse, if there is one. */
export interface Problem {
  readonly code: string
  readonly reason: string
  readonly entry?: string | undefined
}

/** What is kept of a central directory header. Copied, because yauzl's entry would hold its comment and extra fields too. */
export interface Member {
  /** For messages. */
  readonly name: string
  readonly rawName: Buffer
  /** The name in UTF-8: `rawName`, or the Unicode path field in its stead. */
  readonly nameBytes: Buffer
  readonly path: string
  readonly folder: boolean
  readonly junk: boolean
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  readonly headerAt: number
}
export interface Located {
  readonly member: Member
  readonly dataStart: number
}

export const deflated = 8
const stored = 0
const flagDescriptor = 0x0008
/** Encrypted, strongly encrypted, headers masked by an encrypted directory. */
const flagsEncrypted = 0x0001 | 0x0040 | 0x2000
const fieldZip64 = 0x0001
const fieldUnicodePath = 0x7075
/** "The number is in the zip64 field." */
const zip64Mark = 0xffffffff
const fileType = { mask: 0o170000, unknown: 0, regular: 0o100000, folder: 0o040000, symlink: 0o120000 }
/** A raw name is kept for every entry, so 64 KiB is too much. */
const maxRawName = 4096
/** Small, very regular files compress as well as a bomb does; they are too small to matter. */
const ratioFloor = 1024 * 1024

/** The entry if it may be in a site, as far as the central directory tells. */
export function checkEntry(entry: Entry, limits: ZipLimits): Member | Problem {
  const named = checkName(entry)
  if ("code" in named) return named
  const member: Member = {
    ...named,
    rawName: Buffer.from(entry.fileNameRaw),
    junk: isJunk(named.path),
    flags: entry.generalPurposeBitFlag,
    method: entry.compressionMethod,
    crc: entry.crc32,
    compressedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    headerAt: entry.relativeOffsetOfLocalHeader,
  }
  const kept = !member.folder && !member.junk
  const problem = kindProblem(member, entry) ?? encodingProblem(member) ?? (kept ? sizeProblem(member, member.size, limits) : undefined)
  return problem ?? member
}

function checkName(entry: Entry): Pick<Member, "name" | "nameBytes" | "path" | "folder"> | Problem {
  const nameBytes = Buffer.from(unicodePath(entry.fileNameRaw, entry.extraFields) ?? entry.fileNameRaw)
  const valid = isUtf8(nameBytes)
  const text = nameBytes.toString(valid ? "utf8" : "latin1")
  const name = printable(text)
  // Strict whether or not the UTF-8 flag is set: macOS leaves it out, and a guess at a code page would be a wrong name.
  if (!valid) return { code: "ZIP_UNSAFE_PATH", reason: "the path is not valid UTF-8", entry: name }
  if (entry.fileNameLength > maxRawName) return { code: "ZIP_UNSAFE_PATH", reason: "the path is too long", entry: name }
  const folder = text.endsWith("/") && text !== "/"
  const checked = checkSitePath(folder ? text.slice(0, -1) : text)
  if (!checked.ok) return { code: "ZIP_UNSAFE_PATH", reason: checked.reason, entry: name }
  return { name, nameBytes, path: checked.path, folder }
}

/** Info-ZIP's field 0x7075: the name in UTF-8 where the header has an old code page. It counts only for the name it was made for. */
function unicodePath(rawName: Buffer, fields: ReadonlyArray<ExtraField>): Buffer | undefined {
  const counts = ({ id, data }: ExtraField) =>
    id === fieldUnicodePath && data.length > 5 && data[0] === 1 && data.readUInt32LE(1) === crc32(rawName)
  return fields.find(counts)?.data.subarray(5)
}

/** What macOS adds to the zips it makes. */
function isJunk(path: string): boolean {
  return path === "__MACOSX" || path.startsWith("__MACOSX/") || path === ".DS_Store" || path.endsWith("/.DS_Store")
}

/** The Unix file type is looked at whatever system the zip claims to come from: most extractors believe it. */
function kindProblem({ name, folder, size }: Member, entry: Entry): Problem | undefined {
  const type = (entry.externalFileAttributes >>> 16) & fileType.mask
  if (type === fileType.symlink) return { code: "ZIP_SYMLINK", reason: "it is a symbolic link", entry: name }
  const usual = type === fileType.unknown || type === fileType.regular || (type === fileType.folder && folder)
  if (!usual) return { code: "ZIP_SPECIAL_FILE", reason: "it is not a regular file", entry: name }
  if (folder && size !== 0) return { code: "ZIP_INVALID", reason: "it is a folder with content", entry: name }
  const zip64Fields = entry.extraFields.filter((field) => field.id === fieldZip64)
  if (zip64Fields.length > 1) return { code: "ZIP_INVALID", reason: "it has two zip64 fields", entry: name }
  return undefined
}

function encodingProblem({ name, flags, method, compressedSize, size }: Member): Problem | undefined {
  if ((flags & flagsEncrypted) !== 0) return { code: "ZIP_ENCRYPTED", reason: "it is encrypted", entry: name }
  if (method !== stored && method !== deflated) {
    return { code: "ZIP_UNSUPPORTED", reason: `it uses compression method ${method}; use deflate or none`, entry: name }
  }
  if (method === stored && compressedSize !== size) {
    return { code: "ZIP_MISMATCH", reason: "it is stored, yet its two sizes differ", entry: name }
  }
  return undefined
}

/** For the declared size before unpacking, and for the true one during it. */
export function sizeProblem({ name, compressedSize }: Member, size: number, limits: ZipLimits): Problem | undefined {
  if (size > limits.maxFileBytes) {
    return { code: "ZIP_FILE_TOO_LARGE", reason: `it is larger than ${limits.maxFileBytes} bytes`, entry: name }
  }
  if (size > ratioFloor && size > compressedSize * limits.maxRatio) {
    return { code: "ZIP_RATIO", reason: `it expands to more than ${limits.maxRatio} times its compressed size`, entry: name }
  }
  return undefined
}

export function totalProblem(total: number, limits: ZipLimits): Problem | undefined {
  if (total <= limits.maxTotalBytes) return undefined
  return { code: "ZIP_TOO_LARGE", reason: `its files expand to more than ${limits.maxTotalBytes} bytes` }
}

/**
 * No file twice, and none where another needs a folder. Sorted with a closing slash, whatever is inside `a` comes right
 * after `a`, so neighbours suffice; a set of all the folders could be made to hold millions.
 */
export function twinProblem(members: ReadonlyArray<Member>): Problem | undefined {
  const keyed = members.map(({ name, path, folder }) => ({ key: `${path}/`, name, folder }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : Number(a.folder) - Number(b.folder)))
  for (const [index, entry] of keyed.entries()) {
    const last = keyed[index - 1]
    if (last === undefined || last.folder || !entry.key.startsWith(last.key)) continue
    const twice = last.key === entry.key && !entry.folder
    const reason = twice ? `it is there twice (also as "${last.name}")` : `"${last.name}" cannot be a file and a folder`
    return { code: "ZIP_DUPLICATE", reason, entry: entry.name }
  }
  return undefined
}

/** The header in front of the data must tell what the central directory tells; other tools read that one. */
export function headerProblem(member: Member, header: LocalFileHeader): Problem | undefined {
  const lie = headerLie(member, header)
  if (lie === undefined) return undefined
  return { code: "ZIP_MISMATCH", reason: `its own header has another ${lie} than the central directory`, entry: member.name }
}

function headerLie(member: Member, header: LocalFileHeader): string | undefined {
  const fields = parseExtraFields(header.extraField)
  const path = unicodePath(header.fileName, fields)
  if (!header.fileName.equals(member.rawName)) return "name"
  if (path !== undefined && !path.equals(member.nameBytes)) return "name"
  if (header.compressionMethod !== member.method) return "compression method"
  if (((header.generalPurposeBitFlag ^ member.flags) & (flagsEncrypted | flagDescriptor)) !== 0) return "set of flags"
  // With a data descriptor the writer did not know the rest yet.
  if ((header.generalPurposeBitFlag & flagDescriptor) !== 0) return undefined
  if (header.crc32 !== member.crc) return "checksum"
  const { size, compressedSize } = localSizes(header, fields)
  return size === member.size && compressedSize === member.compressedSize ? undefined : "size"
}

function localSizes(
  header: LocalFileHeader,
  fields: ReadonlyArray<ExtraField>,
): { readonly size: number; readonly compressedSize: number } {
  const data = fields.find((field) => field.id === fieldZip64)?.data ?? Buffer.alloc(0)
  let at = 0
  const resolve = (value: number) => {
    if (value !== zip64Mark || at + 8 > data.length) return value
    at += 8
    return uint64(data, at - 8)
  }
  return { size: resolve(header.uncompressedSize), compressedSize: resolve(header.compressedSize) }
}

/** Bombs such as zip quilts let many entries share the same bytes. */
export function overlapProblem(located: ReadonlyArray<Located>, directoryStart: number): Problem | undefined {
  const sorted = [...located].sort((a, b) => a.member.headerAt - b.member.headerAt)
  for (const [index, { member, dataStart }] of sorted.entries()) {
    const next = sorted[index + 1]?.member
    if (dataStart + member.compressedSize <= (next?.headerAt ?? directoryStart)) continue
    const what = next === undefined ? "the central directory" : `"${next.name}"`
    return { code: "ZIP_OVERLAP", reason: `its bytes overlap those of ${what}`, entry: member.name }
  }
  return undefined
}

/** Names come from strangers and go to terminals and logs: no control characters, no text direction tricks, not endless. */
function printable(name: string): string {
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name
  return shown.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`)
}
