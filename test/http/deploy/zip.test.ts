import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deflateRawSync } from "node:zlib"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { checkSitePath } from "../../../src/http/deploy/sitePath.ts"
import { openZip, type ZipFile, type ZipLimits, ZipRejected } from "../../../src/http/deploy/zip.ts"
import {
  type ArchiveSpec,
  buildZip,
  descriptorFlag,
  type EntrySpec,
  extraField,
  unicodePathField,
  utf8Flag,
  zip64Field,
  zipOf,
  zipQuilt,
} from "../../support/zip.ts"

const folder = mkdtempSync(join(tmpdir(), "fazt-zip-"))
afterAll(() => rmSync(folder, { recursive: true }))

const mebibyte = 1024 * 1024
const smallLimits: ZipLimits = { maxEntries: 20, maxFileBytes: 2000, maxTotalBytes: 5000, maxRatio: 200 }

let written = 0
function onDisk(bytes: Uint8Array): string {
  const file = join(folder, `${written++}.zip`)
  writeFileSync(file, bytes)
  return file
}

async function contentOf(file: ZipFile): Promise<Buffer> {
  const pieces: Array<Buffer> = []
  for await (const piece of file.read()) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function withZip<A>(bytes: Uint8Array, limits: ZipLimits, use: (files: ReadonlyArray<ZipFile>) => Promise<A>): Promise<A> {
  const file = onDisk(bytes)
  try {
    const zip = await openZip(file, limits)
    try {
      return await use(zip.files)
    } finally {
      zip.close()
    }
  } finally {
    rmSync(file)
  }
}

const defaultZipLimits: ZipLimits = {
  maxEntries: 20_000,
  maxFileBytes: 100 * mebibyte,
  maxTotalBytes: 1024 * mebibyte,
  maxRatio: 200,
}

function unpack(bytes: Uint8Array, limits = defaultZipLimits): Promise<ReadonlyArray<[path: string, content: Buffer]>> {
  return withZip(bytes, limits, async (files) => {
    const unpacked: Array<[string, Buffer]> = []
    for (const file of files) unpacked.push([file.path, await contentOf(file)])
    return unpacked
  })
}

async function unpackText(bytes: Uint8Array, limits = defaultZipLimits): Promise<Record<string, string>> {
  return Object.fromEntries((await unpack(bytes, limits)).map(([path, content]) => [path, content.toString()]))
}

async function rejectionOf(work: Promise<unknown>): Promise<ZipRejected> {
  const error = await work.then(
    () => new Error("the zip was accepted"),
    (cause: unknown) => cause,
  )
  if (error instanceof ZipRejected) return error
  throw error
}

const opened = (bytes: Uint8Array, limits = defaultZipLimits) => rejectionOf(withZip(bytes, limits, async () => undefined))

const one = (entry: Partial<EntrySpec>, archive: Partial<ArchiveSpec> = {}) =>
  buildZip({ ...archive, entries: [{ name: "a.txt", data: "hello", ...entry }] })
const named = (name: string | Uint8Array) => one({ name })
const good = () => zipOf({ "index.html": "<h1>Hello</h1>".repeat(20), "css/main.css": "body{}" })

const zeros = (mebibytes: number) => Buffer.alloc(mebibytes * mebibyte)
const overlong = Uint8Array.of(0xc0, 0xae, 0xc0, 0xae, 0x2f, 0x78)

type Attack = readonly [what: string, zip: () => Uint8Array, code: string]

const paths: ReadonlyArray<Attack> = [
  ["a path out of the site", () => named("../x"), "ZIP_UNSAFE_PATH"],
  ["a path out of the site by way of a folder", () => named("a/../../x"), "ZIP_UNSAFE_PATH"],
  ["an absolute path", () => named("/etc/passwd"), "ZIP_UNSAFE_PATH"],
  ["a drive letter with a backslash", () => named("C:\\x"), "ZIP_UNSAFE_PATH"],
  ["a drive letter with a slash", () => named("C:/x"), "ZIP_UNSAFE_PATH"],
  ["a backslash", () => named("a\\b.txt"), "ZIP_UNSAFE_PATH"],
  ["a path out of the site with backslashes", () => named("..\\x"), "ZIP_UNSAFE_PATH"],
  ["a NUL", () => named("a.html\0.txt"), "ZIP_UNSAFE_PATH"],
  ["an escape sequence", () => named("a\u001b[2J"), "ZIP_UNSAFE_PATH"],
  ["dots in overlong UTF-8", () => named(overlong), "ZIP_UNSAFE_PATH"],
  ["dots in overlong UTF-8 without the UTF-8 flag", () => one({ name: overlong, flags: 0 }), "ZIP_UNSAFE_PATH"],
  ["a surrogate in UTF-8", () => named(Uint8Array.of(0xed, 0xa0, 0x80)), "ZIP_UNSAFE_PATH"],
  ["a name in another encoding", () => one({ name: Buffer.from("caf\u00e9", "latin1"), flags: 0 }), "ZIP_UNSAFE_PATH"],
  ["an empty name", () => named(""), "ZIP_UNSAFE_PATH"],
  ["an empty segment", () => named("a//b"), "ZIP_UNSAFE_PATH"],
  ["a segment for the folder itself", () => named("./a"), "ZIP_UNSAFE_PATH"],
  ["a Windows device", () => named("con"), "ZIP_UNSAFE_PATH"],
  ["a Windows device with an extension", () => named("docs/Aux.html"), "ZIP_UNSAFE_PATH"],
  ["a trailing dot", () => named("a./b"), "ZIP_UNSAFE_PATH"],
  ["a trailing space", () => named("a "), "ZIP_UNSAFE_PATH"],
  ["a path too long", () => named("a/".repeat(600).concat("b")), "ZIP_UNSAFE_PATH"],
  ["a name of 64 KiB", () => named("a".repeat(65_535)), "ZIP_UNSAFE_PATH"],
  ["an unsafe folder", () => one({ name: "../x/", data: "" }), "ZIP_UNSAFE_PATH"],
  ["a folder that is the root", () => one({ name: "/", data: "" }), "ZIP_UNSAFE_PATH"],
  ["an unsafe path among what macOS adds", () => named("__MACOSX/../../x"), "ZIP_UNSAFE_PATH"],
  ["an unsafe Unicode path field", () => one({ extra: unicodePathField(Buffer.from("a.txt"), "../x") }), "ZIP_UNSAFE_PATH"],
]

const kinds: ReadonlyArray<Attack> = [
  ["a symbolic link", () => one({ unixMode: 0o120777, data: "/etc/passwd" }), "ZIP_SYMLINK"],
  [
    "a file written through a symbolic link",
    () =>
      buildZip({
        entries: [
          { name: "out", unixMode: 0o120777, data: "/etc" },
          { name: "out/passwd", data: "x" },
        ],
      }),
    "ZIP_SYMLINK",
  ],
  ["a symbolic link that claims to be from MS-DOS", () => one({ externalAttributes: 0xa1ff0000, versionMadeBy: 20 }), "ZIP_SYMLINK"],
  ["a symbolic link named as a folder", () => one({ name: "a/", data: "", unixMode: 0o120777 }), "ZIP_SYMLINK"],
  ["a symbolic link among what macOS adds", () => one({ name: "__MACOSX/x", unixMode: 0o120777 }), "ZIP_SYMLINK"],
  ["a fifo", () => one({ unixMode: 0o010644, data: "" }), "ZIP_SPECIAL_FILE"],
  ["a device", () => one({ unixMode: 0o020644, data: "" }), "ZIP_SPECIAL_FILE"],
  ["a socket", () => one({ unixMode: 0o140644, data: "" }), "ZIP_SPECIAL_FILE"],
  ["a folder named as a file", () => one({ unixMode: 0o040755, data: "" }), "ZIP_SPECIAL_FILE"],
  ["a folder with content", () => one({ name: "a/", data: "hidden" }), "ZIP_INVALID"],
]

const pair = (first: string, second: string) =>
  buildZip({
    entries: [
      { name: first, data: "1" },
      { name: second, data: "2" },
    ],
  })
const twins: ReadonlyArray<Attack> = [
  ["the same path twice", () => pair("a", "a"), "ZIP_DUPLICATE"],
  ["the same path composed and decomposed", () => pair("caf\u00e9", "cafe\u0301"), "ZIP_DUPLICATE"],
  ["a file that is a folder of another", () => pair("a", "a/b"), "ZIP_DUPLICATE"],
  ["a file that is a folder of another that came first", () => pair("a/b/c", "a/b"), "ZIP_DUPLICATE"],
  ["a file that is a decomposed folder of another", () => pair("caf\u00e9", "cafe\u0301/menu"), "ZIP_DUPLICATE"],
  ["a file that is an empty folder too", () => buildZip({ entries: [{ name: "a/" }, { name: "a", data: "1" }] }), "ZIP_DUPLICATE"],
]

const lies: ReadonlyArray<Attack> = [
  ["another name in front of the data", () => one({ local: { name: "b.txt" } }), "ZIP_MISMATCH"],
  ["a longer name in front of the data", () => one({ local: { name: "../../a.txt" } }), "ZIP_MISMATCH"],
  [
    "another Unicode path in front of the data",
    () => one({ local: { extra: unicodePathField(Buffer.from("a.txt"), "b.txt") } }),
    "ZIP_MISMATCH",
  ],
  ["another size in front of the data", () => one({ method: "deflate", local: { size: 6 } }), "ZIP_MISMATCH"],
  ["another compressed size in front of the data", () => one({ method: "deflate", local: { compressedSize: 1 } }), "ZIP_MISMATCH"],
  ["another checksum in front of the data", () => one({ local: { crc: 1 } }), "ZIP_MISMATCH"],
  ["another method in front of the data", () => one({ local: { method: 8 } }), "ZIP_MISMATCH"],
  ["encryption only in front of the data", () => one({ local: { flags: utf8Flag | 1 } }), "ZIP_MISMATCH"],
  ["a data descriptor only in front of the data", () => one({ local: { flags: utf8Flag | descriptorFlag, size: 0 } }), "ZIP_MISMATCH"],
  ["a data descriptor only in the directory", () => one({ central: { flags: utf8Flag | descriptorFlag } }), "ZIP_MISMATCH"],
  ["two sizes for a stored file", () => one({ central: { size: 4 } }), "ZIP_MISMATCH"],
  [
    "too few entries declared",
    () => buildZip({ entries: [{ name: "a" }, { name: "b" }], end: { entries: 1, entriesHere: 1 } }),
    "ZIP_MISMATCH",
  ],
  ["too many entries declared", () => one({}, { end: { entries: 2, entriesHere: 2 } }), "ZIP_INVALID"],
  ["a directory size too small", () => one({}, { end: { size: 10 } }), "ZIP_MISMATCH"],
  ["a directory that starts elsewhere", () => one({}, { end: { start: 0 } }), "ZIP_MISMATCH"],
  ["several disks", () => one({}, { end: { disk: 1 } }), "ZIP_INVALID"],
  ["a directory on another disk", () => one({}, { end: { startDisk: 1 } }), "ZIP_MISMATCH"],
  ["fewer entries on this disk", () => one({}, { end: { entriesHere: 0 } }), "ZIP_MISMATCH"],
  ["a second end record in the comment", () => one({}, { comment: "PK\u0005\u0006".concat("\0".repeat(18)).concat("x") }), "ZIP_INVALID"],
  ["an extra field longer than its space", () => one({ extra: Uint8Array.of(9, 9, 200, 0) }), "ZIP_INVALID"],
  ["an extra field too long in front of the data", () => one({ local: { extra: Uint8Array.of(9, 9, 200, 0) } }), "ZIP_INVALID"],
]

const farthest = 0xffff_ffff_ffff_ffffn
const mark = 0xffffffff
const zip64Lies: ReadonlyArray<Attack> = [
  ["a zip64 end record at the end of the address space", () => one({}, { zip64End: { recordAt: farthest } }), "ZIP_INVALID"],
  ["a zip64 end record that is no record", () => one({}, { zip64End: { recordAt: 0 } }), "ZIP_INVALID"],
  ["a zip64 end record with a wrong length", () => one({}, { zip64End: { recordSize: 45 } }), "ZIP_MISMATCH"],
  [
    "a zip64 end record with more entries than the plain one",
    () => one({}, { zip64End: {}, end: { entries: 0, entriesHere: 0 } }),
    "ZIP_MISMATCH",
  ],
  [
    "a zip64 end record with another directory than the plain one",
    () => one({}, { zip64End: { start: 0, size: 121 }, end: { start: 35 } }),
    "ZIP_MISMATCH",
  ],
  ["a zip64 directory outside the file", () => one({}, { zip64End: { start: 2 ** 60 } }), "ZIP_MISMATCH"],
  ["a zip64 count in the billions", () => one({}, { zip64End: { entries: 2 ** 40, entriesHere: 2 ** 40 } }), "ZIP_TOO_MANY_FILES"],
  ["zip64 disks", () => one({}, { zip64End: { disks: 2 } }), "ZIP_MISMATCH"],
  ["a mark for a zip64 end record that is missing", () => one({}, { end: { start: mark } }), "ZIP_MISMATCH"],
  ["a mark for a zip64 size that is missing", () => one({ method: "deflate", central: { size: mark } }), "ZIP_FILE_TOO_LARGE"],
  [
    "a mark for a zip64 size that its field leaves out",
    () => one({ method: "deflate", extra: zip64Field(), central: { size: mark } }),
    "ZIP_INVALID",
  ],
  [
    "a zip64 size of exabytes",
    () => one({ method: "deflate", zip64: true, central: { extra: zip64Field(2n ** 60n, 7, 0) } }),
    "ZIP_FILE_TOO_LARGE",
  ],
  [
    "a zip64 compressed size of exabytes",
    () => one({ method: "deflate", zip64: true, central: { extra: zip64Field(5, 2n ** 60n, 0) } }),
    "ZIP_INVALID",
  ],
  [
    "a zip64 offset at the end of the address space",
    () => one({ method: "deflate", zip64: true, central: { extra: zip64Field(5, 7, farthest) } }),
    "ZIP_INVALID",
  ],
  [
    "another zip64 size in front of the data",
    () => one({ method: "deflate", zip64: true, local: { extra: zip64Field(6, 7) } }),
    "ZIP_MISMATCH",
  ],
  ["zip64 fields that contradict each other", () => one({ extra: Buffer.concat([zip64Field(1), zip64Field(2)]) }), "ZIP_INVALID"],
]

const overlaps: ReadonlyArray<Attack> = [
  ["a quilt of overlapping files", () => zipQuilt(10, Buffer.alloc(20_000, 65)), "ZIP_OVERLAP"],
  ["a quilt of two", () => zipQuilt(2, Buffer.from("kernel")), "ZIP_OVERLAP"],
  [
    "two entries with the same data",
    () =>
      buildZip({
        entries: [
          { name: "a", data: "x" },
          { name: "b", data: "x", noLocal: true, central: { headerAt: 0 } },
        ],
      }),
    "ZIP_MISMATCH",
  ],
  [
    "data that runs into the central directory",
    () => one({ central: { compressedSize: 30, size: 30 }, local: { compressedSize: 30, size: 30 } }),
    "ZIP_OVERLAP",
  ],
  ["data beyond the end of the file", () => one({ central: { compressedSize: 5000, size: 5000 } }), "ZIP_INVALID"],
  ["an offset beyond the end of the file", () => one({ central: { headerAt: 10_000 } }), "ZIP_INVALID"],
  ["an offset that is no header", () => one({ central: { headerAt: 1 } }), "ZIP_INVALID"],
]

const unreadable: ReadonlyArray<Attack> = [
  ["an empty file", () => new Uint8Array(), "ZIP_INVALID"],
  ["a single byte", () => Uint8Array.of(0x50), "ZIP_INVALID"],
  ["garbage", () => Buffer.from("this is not a zip, whatever its name says ".repeat(100)), "ZIP_INVALID"],
  ["a gzipped tarball", () => Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), "ZIP_INVALID"],
  ["a zip cut in half", () => good().subarray(0, good().length / 2), "ZIP_INVALID"],
  ["a zip without its last byte", () => good().subarray(0, -1), "ZIP_INVALID"],
  ["a zip without its first byte", () => good().subarray(1), "ZIP_MISMATCH"],
  ["bytes after the end", () => Buffer.concat([good(), Buffer.from("x")]), "ZIP_INVALID"],
  ["an encrypted file", () => one({ flags: utf8Flag | 1 }), "ZIP_ENCRYPTED"],
  ["a strongly encrypted file", () => one({ flags: utf8Flag | 0x41 }), "ZIP_ENCRYPTED"],
  ["masked headers", () => one({ flags: utf8Flag | 0x2000 }), "ZIP_ENCRYPTED"],
  ["an unknown compression method", () => one({ method: 12 }), "ZIP_UNSUPPORTED"],
]

/** The central directory is in order, so these can only be noticed while unpacking. */
const inside: ReadonlyArray<Attack> = [
  ["a wrong checksum", () => one({ local: { crc: 1 }, central: { crc: 1 } }), "ZIP_MISMATCH"],
  ["a wrong checksum on an empty file", () => one({ data: "", local: { crc: 1 }, central: { crc: 1 } }), "ZIP_MISMATCH"],
  ["a wrong checksum behind a data descriptor", () => one({ dataDescriptor: true, central: { crc: 1 } }), "ZIP_MISMATCH"],
  ["more content than declared", () => one({ method: "deflate", local: { size: 4 }, central: { size: 4 } }), "ZIP_MISMATCH"],
  ["less content than declared", () => one({ method: "deflate", local: { size: 6 }, central: { size: 6 } }), "ZIP_MISMATCH"],
  [
    "a byte after the end of the deflated data",
    () => one({ method: 8, payload: Buffer.concat([deflateRawSync("hello"), Buffer.alloc(1)]) }),
    "ZIP_MISMATCH",
  ],
  [
    "much data after the end of the deflated data",
    () => one({ method: 8, payload: Buffer.concat([deflateRawSync("hello"), Buffer.alloc(200_000)]) }),
    "ZIP_MISMATCH",
  ],
  ["deflated data that stops short", () => one({ method: 8, payload: deflateRawSync("hello").subarray(0, -2) }), "ZIP_INVALID"],
  ["deflated data that is garbage", () => one({ method: 8, payload: Buffer.alloc(50, 0xff) }), "ZIP_INVALID"],
  ["a bomb that declares little", () => one({ method: 8, payload: deflateRawSync(zeros(50)) }), "ZIP_MISMATCH"],
]

describe("opening a zip", () => {
  it.each([...paths, ...kinds, ...twins, ...lies, ...zip64Lies, ...overlaps, ...unreadable])("refuses %s", async (_what, zip, code) => {
    const rejection = await opened(zip())
    expect([rejection.code, rejection.status]).toEqual([code, code === "ZIP_FILE_TOO_LARGE" || code === "ZIP_TOO_MANY_FILES" ? 413 : 400])
  })

  it("names the entry at fault, with control characters escaped", async () => {
    const rejection = await opened(buildZip({ entries: [{ name: "fine" }, { name: "bad\u001b[2J\u202e/../x" }] }))
    expect(rejection.entry).toBe("bad\\u{1b}[2J\\u{202e}/../x")
    expect(rejection.message).toBe('The zip was refused at "bad\\u{1b}[2J\\u{202e}/../x": the path contains a control character.')
  })

  it("shortens an endless name in the message", async () => {
    expect((await opened(named("a".repeat(60_000)))).message.length).toBeLessThan(400)
  })

  it("leaves errors of the system as they are, since the zip is not at fault", async () => {
    await expect(openZip(join(folder, "missing.zip"), defaultZipLimits)).rejects.toMatchObject({ code: "ENOENT" })
  })

  it("closes the file whatever happens", async () => {
    const held = () =>
      readdirSync("/proc/self/fd")
        .flatMap((fd) => linkOf(fd))
        .filter((link) => link.startsWith(folder))
    for (const [, zip] of [...paths, ...lies, ...zip64Lies, ...overlaps, ...unreadable]) await opened(zip())
    await expect.poll(held).toEqual([])
    for (const [, zip] of inside) await rejectionOf(unpack(zip()))
    await unpack(good())
    await expect.poll(held).toEqual([])
  })
})

function linkOf(fd: string): Array<string> {
  try {
    return [readlinkSync(`/proc/self/fd/${fd}`)]
  } catch {
    return []
  }
}

describe("unpacking a zip", () => {
  it.each(inside)("refuses %s", async (_what, zip, code) => {
    await withZip(zip(), defaultZipLimits, async ([file]) => {
      const rejection = await rejectionOf(contentOf(file!))
      expect([rejection.code, rejection.status, rejection.entry]).toEqual([code, 400, "a.txt"])
    })
  })

  it("gives pieces of bounded size", async () => {
    const content = zeros(8).map((_, i) => (i * i) >> 7)
    for (const method of ["store", "deflate"] as const) {
      await withZip(one({ data: content, method }), { ...defaultZipLimits, maxRatio: 10_000 }, async ([file]) => {
        for await (const piece of file!.read()) expect(piece.length).toBeLessThanOrEqual(64 * 1024)
        expect((await contentOf(file!)).equals(content)).toBe(true)
      })
    }
  })

  it("may stop early, start again, and read several files at a time", async () => {
    const files = { a: "a".repeat(300_000), b: "b".repeat(300_000) }
    await withZip(zipOf(files), defaultZipLimits, async ([a, b]) => {
      for await (const piece of a!.read()) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
      const contents = await Promise.all([contentOf(a!), contentOf(b!), contentOf(a!)])
      expect(contents.map(String)).toEqual([files.a, files.b, files.a])
    })
  })
})

describe("the limits of a zip", () => {
  it("refuse too many entries quickly, before reading them", async () => {
    const zip = buildZip({ entries: Array.from({ length: 100_000 }, (_, i) => ({ name: `f${i}` })), zip64End: {} })
    const started = performance.now()
    expect(await opened(zip)).toMatchObject({ code: "ZIP_TOO_MANY_FILES", status: 413 })
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it("are not fooled by a count that is too small", async () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => ({ name: `f${i}` }))
    const rejection = await opened(buildZip({ entries, end: { entries: 10, entriesHere: 10 } }))
    expect(rejection.code).toBe("ZIP_MISMATCH")
  })

  it("count folders and what macOS adds as entries", async () => {
    const entries = Array.from({ length: 21 }, (_, i) => ({ name: i % 2 === 0 ? `d${i}/` : `__MACOSX/${i}` }))
    expect((await opened(buildZip({ entries }), smallLimits)).code).toBe("ZIP_TOO_MANY_FILES")
  })

  it("refuse a file that declares too much", async () => {
    expect(await opened(one({ data: "x".repeat(2001) }), smallLimits)).toMatchObject({
      code: "ZIP_FILE_TOO_LARGE",
      status: 413,
      entry: "a.txt",
    })
  })

  it("refuse files that declare too much together", async () => {
    const entries = ["a", "b", "c"].map((name) => ({ name, data: "x".repeat(1900) }))
    expect(await opened(buildZip({ entries }), smallLimits)).toMatchObject({ code: "ZIP_TOO_LARGE", status: 413 })
  })

  it("let through what is exactly at them", async () => {
    const entries = ["a", "b"].map((name) => ({ name, data: "x".repeat(2000) })).concat({ name: "c", data: "x".repeat(1000) })
    expect(Object.keys(await unpackText(buildZip({ entries }), smallLimits))).toEqual(["a", "b", "c"])
  })

  it("refuse a file that turns out too large", async () => {
    const zip = one({ method: "deflate", data: "x".repeat(3000), local: { size: 1999 }, central: { size: 1999 } })
    expect(await rejectionOf(unpack(zip, smallLimits))).toMatchObject({ code: "ZIP_FILE_TOO_LARGE", status: 413 })
  })

  it("refuse files that turn out too large together", async () => {
    const lie = { local: { size: 1600 }, central: { size: 1600 } }
    const entries: Array<EntrySpec> = ["a", "b"].map((name) => ({ name, data: "x".repeat(1600) }))
    const zip = buildZip({ entries: [...entries, { name: "c", method: "deflate", data: "x".repeat(1900), ...lie }] })
    expect(await rejectionOf(unpack(zip, smallLimits))).toMatchObject({ code: "ZIP_TOO_LARGE", status: 413 })
  })

  it("do not count a file twice that is read twice", async () => {
    await withZip(one({ data: "x".repeat(2000) }), smallLimits, async ([file]) => {
      for (let i = 0; i < 5; i++) expect((await contentOf(file!)).length).toBe(2000)
    })
  })

  it("refuse a bomb that is honest about its size", async () => {
    expect(await opened(one({ method: "deflate", data: zeros(10) }))).toMatchObject({ code: "ZIP_RATIO", status: 413, entry: "a.txt" })
  })

  it("refuse a bomb that declares just what is let through", async () => {
    const payload = deflateRawSync(zeros(10))
    const size = payload.length * defaultZipLimits.maxRatio
    const zip = one({ method: 8, payload, local: { size }, central: { size } })
    await withZip(zip, defaultZipLimits, async ([file]) => {
      expect(await rejectionOf(contentOf(file!))).toMatchObject({ code: "ZIP_RATIO", status: 413 })
    })
  })

  it("stop a bomb that lies at its first pieces", async () => {
    const zip = one({ method: "deflate", data: zeros(90), local: { size: 100_000 }, central: { size: 100_000 } })
    await withZip(zip, defaultZipLimits, async ([file]) => {
      let seen = 0
      const reading = async () => {
        for await (const piece of file!.read()) seen += piece.length
      }
      expect((await rejectionOf(reading())).code).toBe("ZIP_MISMATCH")
      expect(seen).toBeLessThanOrEqual(100_000)
    })
  })

  it("let small files be as regular as they like", async () => {
    expect((await unpack(one({ method: "deflate", data: zeros(1) })))[0]?.[1].length).toBe(mebibyte)
  })

  it("hold when folders nest as deeply as they can, many times", async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => ({ name: `${"a/".repeat(500)}${i}` }))
    const started = performance.now()
    expect(Object.keys(await unpackText(buildZip({ entries }))).length).toBe(5000)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe("an honest zip", () => {
  const text = "The quick brown fox. ".repeat(50)
  const shapes: ReadonlyArray<[what: string, archive: ArchiveSpec]> = [
    ["stored", { entries: [{ name: "a.txt", data: text }] }],
    ["deflated", { entries: [{ name: "a.txt", data: text, method: "deflate" }] }],
    ["stored with a data descriptor", { entries: [{ name: "a.txt", data: text, dataDescriptor: true }] }],
    ["deflated with a data descriptor", { entries: [{ name: "a.txt", data: text, method: "deflate", dataDescriptor: true }] }],
    ["zip64", { entries: [{ name: "a.txt", data: text, method: "deflate", zip64: true }], zip64End: {} }],
    ["zip64 only at the end", { entries: [{ name: "a.txt", data: text }], zip64End: {} }],
    [
      "zip64 with the plain end record filled in",
      { entries: [{ name: "a.txt", data: text }], zip64End: {}, end: { entries: 1, entriesHere: 1, disk: 0, startDisk: 0 } },
    ],
    ["from Unix", { entries: [{ name: "a.txt", data: text, unixMode: 0o100755 }] }],
    ["with other extra fields", { entries: [{ name: "a.txt", data: text, extra: extraField(0x5455, Uint8Array.of(1, 0, 0, 0, 0)) }] }],
    ["padded in front of the data", { entries: [{ name: "a.txt", data: text, local: { extra: new Uint8Array(7) } }] }],
    ["with a comment", { entries: [{ name: "a.txt", data: text, central: { comment: "mine" } }], comment: "made by hand" }],
    ["behind something else", { prefix: Buffer.from("#!/bin/sh\n"), entries: [{ name: "a.txt", data: text }] }],
    ["with a gap", { entries: [{ name: "a.txt", data: text }], gap: Buffer.alloc(100) }],
    ["with folders", { entries: [{ name: "d/", unixMode: 0o040755 }, { name: "d/e/" }, { name: "d/" }, { name: "a.txt", data: text }] }],
    [
      "with an empty deflated folder",
      {
        entries: [
          { name: "d/", method: "deflate" },
          { name: "a.txt", data: text },
        ],
      },
    ],
    [
      "from macOS",
      {
        entries: [
          { name: "__MACOSX/" },
          { name: "__MACOSX/._a.txt", data: "x" },
          { name: "a.txt", data: text },
          { name: "d/.DS_Store", data: "x" },
        ],
      },
    ],
    [
      "with its name in a Unicode path field",
      { entries: [{ name: "?", data: text, flags: 0, extra: unicodePathField(Buffer.from("?"), "a.txt") }] },
    ],
  ]

  it.each(shapes)("is read exactly when it is %s", async (_what, archive) => {
    expect(await unpackText(buildZip(archive))).toEqual({ "a.txt": text })
  })

  it("gives its files in order, with their declared sizes", async () => {
    await withZip(zipOf({ "z.txt": "1", "b/c.txt": "22", "a.txt": "" }), defaultZipLimits, async (files) => {
      expect(files.map((file) => [file.path, file.declaredSize])).toEqual([
        ["z.txt", 1],
        ["b/c.txt", 2],
        ["a.txt", 0],
      ])
    })
  })

  it("may be empty", async () => {
    expect(await unpackText(zipOf({}))).toEqual({})
  })

  it("may have empty files, stored, deflated, or deflated to nothing", async () => {
    const entries = [{ name: "a" }, { name: "b", method: "deflate" as const }, { name: "c", method: 8, payload: new Uint8Array() }]
    expect(await unpackText(buildZip({ entries }))).toEqual({ a: "", b: "", c: "" })
  })

  it("may have UTF-8 names with the flag or without, which come out composed", async () => {
    const entries = [
      { name: "日本/é.txt", data: "1" },
      { name: "cafe\u0301", data: "2", flags: 0 },
    ]
    expect(await unpackText(buildZip({ entries }))).toEqual({ "日本/é.txt": "1", "caf\u00e9": "2" })
  })

  it("may have names that differ only in case", async () => {
    expect(await unpackText(zipOf({ README: "1", readme: "2" }))).toEqual({ README: "1", readme: "2" })
  })

  it("may have names that begin with the name of another file", async () => {
    const files = { a: "1", "a.b": "2", "a b/c": "3", "a!": "4" }
    expect(await unpackText(zipOf(files))).toEqual(files)
  })

  it("keeps its top folder even when it has no other", async () => {
    expect(Object.keys(await unpackText(zipOf({ "site/index.html": "1", "site/a.css": "2" })))).toEqual(["site/index.html", "site/a.css"])
  })
})

describe("any zip", () => {
  const segment = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("/"))
  const path = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((segments) => segments.join("/").normalize("NFC"))
    .filter((name) => checkSitePath(name).ok)
  const entry = fc.record({
    name: path,
    data: fc.uint8Array({ maxLength: 3000 }),
    method: fc.constantFrom("store" as const, "deflate" as const),
    dataDescriptor: fc.boolean(),
    zip64: fc.boolean(),
  })
  const clashes = (name: string, others: ReadonlyArray<{ readonly name: string }>) =>
    others.some((other) => `${name}/`.startsWith(`${other.name}/`) || `${other.name}/`.startsWith(`${name}/`))

  it("of files that fit together is read exactly", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), fc.boolean(), async (drawn, zip64) => {
        const entries = drawn.filter(({ name }, i) => !clashes(name, drawn.slice(0, i)))
        const unpacked = await unpack(buildZip({ entries, ...(zip64 ? { zip64End: {} } : {}) }))
        expect(unpacked).toEqual(entries.map(({ name, data }) => [name, Buffer.from(data)]))
      }),
      { numRuns: 200 },
    )
  })

  const original = buildZip({
    entries: [
      { name: "index.html", data: "<h1>Hello</h1>".repeat(20), method: "deflate", unixMode: 0o100644 },
      { name: "css/" },
      { name: "css/main.css", data: "body { margin: 0 }" },
      { name: "é.js", data: "let a = 1;".repeat(9), method: "deflate", dataDescriptor: true },
      { name: "big.txt", data: "zip64", zip64: true },
    ],
    zip64End: {},
  })
  const at = fc.nat({ max: original.length - 1 })
  const byte = fc.integer({ min: 0, max: 255 })
  const mutation = fc.oneof(
    { weight: 8, arbitrary: fc.record({ at, cut: fc.constant(1), insert: fc.array(byte, { minLength: 1, maxLength: 1 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ at, cut: fc.constant(4), insert: fc.constantFrom([0, 0, 0, 0], [255, 255, 255, 255], [0x50, 0x4b, 5, 6]) }),
    },
    { weight: 1, arbitrary: fc.record({ at, cut: fc.nat({ max: 40 }), insert: fc.array(byte, { maxLength: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ at, cut: fc.constant(original.length), insert: fc.constant([]) }) },
  )

  it("with bytes changed at random is refused, or read intact", async () => {
    const intact = await unpack(original)
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const bytes = mutations.reduce(mutated, original)
        const result = await unpack(bytes).catch((error: unknown) => error)
        if (!(result instanceof ZipRejected)) expect(result).toEqual(intact)
      }),
      { numRuns: 1500, interruptAfterTimeLimit: 15_000 },
    )
  })

  function mutated(bytes: Buffer, { at, cut, insert }: { at: number; cut: number; insert: ReadonlyArray<number> }): Buffer {
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + cut)])
  }
})
