import { randomBytes } from "node:crypto"
import { get, type IncomingMessage } from "node:http"
import { connect, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { deploySite } from "../support/hosting.ts"
import { type Answer, startServer, type TestServer } from "../support/server.ts"

const mebibyte = 1024 * 1024

/** Files are stored in pieces of one MiB: these lie within one, end at its border, and cross it. */
const files: Record<string, Buffer> = {
  "random.bin": randomBytes(2.5 * mebibyte),
  "exact.bin": randomBytes(mebibyte),
  "exact2.bin": randomBytes(2 * mebibyte),
  "more.bin": randomBytes(mebibyte + 1),
  "text.txt": Buffer.from(randomBytes(mebibyte).toString("base64")),
  "small.txt": Buffer.from("0123456789"),
  "empty.txt": Buffer.alloc(0),
  "404.html": Buffer.from("not here"),
}
const size = files["random.bin"]!.length

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await deploySite(server, "files", files)
})
afterAll(() => server.stop())

const at = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  server.ask(`/${path}`, { host: "files.localhost", headers })

/** The bytes are compared, not shown: a failed comparison of a megabyte is no help. */
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

describe("a whole file", () => {
  it.each(Object.keys(files).filter((path) => path !== "404.html"))("comes as it was deployed: %s", async (path) => {
    const { status, headers, body } = await at(path)
    expect([status, headers["content-length"], headers["accept-ranges"]]).toEqual([200, String(files[path]!.length), "bytes"])
    expect(isSame(body, files[path]!)).toBe(true)
  })

  it("comes complete to a client that reads slowly", async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get({ port: server.port, path: "/random.bin", headers: { host: "files.localhost" }, agent: false }, resolve).on("error", reject),
    )
    const parts: Array<Buffer> = []
    for await (const part of answer) {
      parts.push(part as Buffer)
      if (parts.length % 8 === 0) await sleep(5)
    }
    expect(isSame(Buffer.concat(parts), files["random.bin"]!)).toBe(true)
  })

  it("comes in the order of the requests on one connection, also where they do not wait for each other", async () => {
    const paths = ["more.bin", "small.txt", "random.bin", "empty.txt", "exact.bin"]
    const socket = connect(server.port, "127.0.0.1")
    const head = (path: string, last: boolean) =>
      `GET /${path} HTTP/1.1\r\nHost: files.localhost\r\nConnection: ${last ? "close" : "keep-alive"}\r\n\r\n`
    socket.write(paths.map((path, i) => head(path, i === paths.length - 1)).join(""))
    const parts: Array<Buffer> = []
    for await (const part of socket) parts.push(part as Buffer)
    let rest = Buffer.concat(parts)
    for (const path of paths) {
      const bodyAt = rest.indexOf("\r\n\r\n") + 4
      const bodyEnd = bodyAt + files[path]!.length
      expect([path, isSame(rest.subarray(bodyAt, bodyEnd), files[path]!)]).toEqual([path, true])
      rest = rest.subarray(bodyEnd)
    }
    expect(rest.length).toBe(0)
  })
})

describe("one range", () => {
  it.each<readonly [path: string, range: string, start: number, end: number]>([
    ["random.bin", "bytes=0-0", 0, 0],
    ["random.bin", "bytes=0-", 0, size - 1],
    ["random.bin", "bytes=100-199", 100, 199],
    ["random.bin", `bytes=0-${mebibyte - 1}`, 0, mebibyte - 1],
    ["random.bin", `bytes=0-${mebibyte}`, 0, mebibyte],
    ["random.bin", `bytes=${mebibyte - 1}-${mebibyte}`, mebibyte - 1, mebibyte],
    ["random.bin", `bytes=${mebibyte}-${mebibyte}`, mebibyte, mebibyte],
    ["random.bin", `bytes=${mebibyte}-${2 * mebibyte - 1}`, mebibyte, 2 * mebibyte - 1],
    ["random.bin", "bytes=1000000-2200000", 1000000, 2200000],
    ["random.bin", `bytes=${2 * mebibyte}-`, 2 * mebibyte, size - 1],
    ["random.bin", "bytes=-1", size - 1, size - 1],
    ["random.bin", `bytes=-${mebibyte}`, size - mebibyte, size - 1],
    ["random.bin", "bytes=-99999999", 0, size - 1],
    ["random.bin", "bytes=5-99999999", 5, size - 1],
    ["random.bin", `Bytes=${size - 1}-`, size - 1, size - 1],
    ["exact.bin", `bytes=${mebibyte - 1}-`, mebibyte - 1, mebibyte - 1],
    ["exact2.bin", `bytes=${mebibyte - 2}-`, mebibyte - 2, 2 * mebibyte - 1],
    ["more.bin", "bytes=-2", mebibyte - 1, mebibyte],
    ["text.txt", `bytes=${mebibyte - 5}-${mebibyte + 5}`, mebibyte - 5, mebibyte + 5],
    ["small.txt", "bytes=2-5", 2, 5],
    ["small.txt", "bytes=2-5,", 2, 5],
    // Ranges that overlap or touch are one.
    ["small.txt", "bytes=2-5,5-7", 2, 7],
    ["small.txt", "bytes=6-8,2-5", 2, 8],
    // Those that cannot be satisfied are left out.
    ["small.txt", "bytes=99-,2-5", 2, 5],
  ])("of %s: %s", async (path, range, start, end) => {
    const all = files[path]!
    const { status, headers, body } = await at(path, { range })
    expect([status, headers["content-range"]]).toEqual([206, `bytes ${start}-${end}/${all.length}`])
    expect([headers["content-length"], isSame(body, all.subarray(start, end + 1))]).toEqual([String(end - start + 1), true])
    const whole = await server.ask(`/${path}`, { host: "files.localhost", method: "HEAD" })
    for (const name of ["etag", "last-modified", "cache-control", "content-type", "vary"]) expect(headers[name]).toBe(whole.headers[name])
  })

  it("is exactly what was asked for, wherever it lies", async () => {
    const anywhere = fc.oneof(
      fc.nat(size - 1),
      fc.constantFrom(mebibyte, 2 * mebibyte).chain((n) => fc.integer({ min: n - 3, max: n + 3 })),
    )
    await fc.assert(
      fc.asyncProperty(anywhere, anywhere, async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        const { status, body } = await at("random.bin", { range: `bytes=${start}-${end}` })
        expect([status, isSame(body, files["random.bin"]!.subarray(start, end + 1))]).toEqual([206, true])
      }),
      { numRuns: 40 },
    )
  })
})

describe("a range that makes no sense", () => {
  it.each<readonly [path: string, range: string]>([
    ["small.txt", "bytes=5-2"],
    ["small.txt", "bytes=a-b"],
    ["small.txt", "bytes=-"],
    ["small.txt", "bytes="],
    ["small.txt", "bytes"],
    ["small.txt", "bytes=0-1;2-3"],
    ["small.txt", "bytes=0x0-0x1"],
    ["small.txt", "bytes=1.0-2"],
    ["small.txt", "items=0-1"],
    ["small.txt", "0-1"],
    // Too many, and overlapping too often: RFC 9110, 17.15.
    ["small.txt", `bytes=${Array.from({ length: 17 }, (_, i) => `${i}-${i}`).join(",")}`],
    ["small.txt", "bytes=0-8,1-7,2-6"],
    ["empty.txt", "bytes=-1"],
  ])("of %s is ignored: %s", async (path, range) => {
    const { status, headers, body } = await at(path, { range })
    expect([status, headers["content-range"], isSame(body, files[path]!)]).toEqual([200, undefined, true])
  })

  it.each<readonly [path: string, range: string]>([
    ["random.bin", `bytes=${size}-`],
    ["random.bin", `bytes=${size + 5}-${size + 9}`],
    ["random.bin", "bytes=-0"],
    ["small.txt", "bytes=10-10"],
    ["small.txt", "bytes=10-,11-12,-0"],
    ["empty.txt", "bytes=0-"],
    ["empty.txt", "bytes=0-0"],
  ])("because %s is shorter is answered with 416: %s", async (path, range) => {
    const { status, headers, body } = await at(path, { range })
    expect([status, headers["content-range"], headers["content-length"], body.length]).toEqual([
      416,
      `bytes */${files[path]!.length}`,
      "0",
      0,
    ])
    // Nobody keeps it as an answer to those who ask for the file.
    expect([headers["cache-control"], headers["content-encoding"]]).toEqual(["no-store", undefined])
  })

  it("does not matter for what is not there", async () => {
    const { status, text, headers } = await at("nothing", { range: "bytes=0-1" })
    expect([status, text, headers["accept-ranges"], headers["content-range"]]).toEqual([404, "not here", undefined, undefined])
  })
})

/** The parts of a multipart/byteranges body, read strictly. */
const partsOf = ({ headers, body }: Answer): ReadonlyArray<{ readonly type: string; readonly range: string; readonly bytes: Buffer }> => {
  const boundary = /^multipart\/byteranges; boundary=([0-9A-Za-z]{1,70})$/.exec(headers["content-type"]!)![1]!
  const parts = []
  let rest = body
  for (let open = `--${boundary}\r\n`; !rest.equals(Buffer.from(`\r\n--${boundary}--\r\n`)); open = `\r\n--${boundary}\r\n`) {
    expect(rest.subarray(0, open.length).toString("latin1")).toBe(open)
    const headEnd = rest.indexOf("\r\n\r\n")
    const head = rest.subarray(open.length, headEnd).toString("latin1")
    const [, type, range, start, end] = /^Content-Type: (.*)\r\nContent-Range: (bytes (\d+)-(\d+)\/\d+)$/.exec(head)!
    const bodyEnd = headEnd + 4 + Number(end) - Number(start) + 1
    parts.push({ type: type!, range: range!, bytes: rest.subarray(headEnd + 4, bodyEnd) })
    rest = rest.subarray(bodyEnd)
  }
  return parts
}

describe("several ranges", () => {
  it.each<readonly [path: string, range: string, expected: ReadonlyArray<readonly [number, number]>]>([
    [
      "small.txt",
      "bytes=0-1,4-5",
      [
        [0, 1],
        [4, 5],
      ],
    ],
    [
      "small.txt",
      "bytes=8-,0-0",
      [
        [0, 0],
        [8, 9],
      ],
    ],
    [
      "small.txt",
      "bytes=0-0, 2-2 ,-1",
      [
        [0, 0],
        [2, 2],
        [9, 9],
      ],
    ],
    [
      "text.txt",
      "bytes=0-9,1048570-1048580,-10",
      [
        [0, 9],
        [1048570, 1048580],
        [1398094, 1398103],
      ],
    ],
    [
      "random.bin",
      `bytes=0-${mebibyte},1500000-2400000,-1`,
      [
        [0, mebibyte],
        [1500000, 2400000],
        [size - 1, size - 1],
      ],
    ],
    [
      "random.bin",
      "bytes=0-0,1048575-1048575,1048577-1048577,2097151-2097153",
      [
        [0, 0],
        [1048575, 1048575],
        [1048577, 1048577],
        [2097151, 2097153],
      ],
    ],
  ])("of %s come as parts: %s", async (path, range, expected) => {
    const all = files[path]!
    const answer = await at(path, { range })
    expect([answer.status, answer.headers["content-length"], answer.headers["content-range"]]).toEqual([
      206,
      String(answer.body.length),
      undefined,
    ])
    const parts = partsOf(answer)
    const type = path.endsWith(".txt") ? "text/plain; charset=utf-8" : "application/octet-stream"
    expect(parts.map((part) => [part.type, part.range])).toEqual(
      expected.map(([start, end]) => [type, `bytes ${start}-${end}/${all.length}`]),
    )
    expect(parts.map(({ bytes }, i) => isSame(bytes, all.subarray(expected[i]![0], expected[i]![1] + 1)))).toEqual(expected.map(() => true))
  })

  it("are parted by a line that nobody can foresee", async () => {
    const types = new Set<string>()
    for (let i = 0; i < 3; i++) types.add((await at("small.txt", { range: "bytes=0-1,4-5" })).headers["content-type"]!)
    expect(types.size).toBe(3)
  })

  it("have the type that the site's rules give the file", async () => {
    await deploySite(server, "typed", { "small.txt": "0123456789", _headers: "/small.txt\n  Content-Type: text/x-mine" })
    const answer = await server.ask("/small.txt", { host: "typed.localhost", headers: { range: "bytes=0-1,4-5" } })
    expect(partsOf(answer).map(({ type }) => type)).toEqual(["text/x-mine", "text/x-mine"])
  })
})

describe("conditions on a range", () => {
  type Validators = { readonly etag: string; readonly modified: string }
  const shifted = ({ modified }: Validators, seconds: number) => new Date(Date.parse(modified) + seconds * 1000).toUTCString()

  it.each<readonly [what: string, headers: (v: Validators) => Record<string, string>, status: number]>([
    ["If-Range with its tag", ({ etag }) => ({ "if-range": etag }), 206],
    ["If-Range with its tag, made weak", ({ etag }) => ({ "if-range": `W/${etag}` }), 200],
    ["If-Range with another tag", () => ({ "if-range": '"other"' }), 200],
    ["If-Range with the tag of a compressed form", ({ etag }) => ({ "if-range": etag.replace(/"$/, '-br"') }), 200],
    ["If-Range with a list, which it has none of", ({ etag }) => ({ "if-range": `${etag}, "x"` }), 200],
    ["If-Range with its date", ({ modified }) => ({ "if-range": modified }), 206],
    ["If-Range with an earlier date", (v) => ({ "if-range": shifted(v, -1) }), 200],
    ["If-Range with a later date", (v) => ({ "if-range": shifted(v, 1) }), 200],
    ["If-Range with nonsense", () => ({ "if-range": "yesterday" }), 200],
    ["If-None-Match with its tag", ({ etag }) => ({ "if-none-match": etag }), 304],
    ["If-None-Match with another tag", () => ({ "if-none-match": '"other"' }), 206],
    ["If-Modified-Since with its date", ({ modified }) => ({ "if-modified-since": modified }), 304],
    ["If-Modified-Since with an earlier date", (v) => ({ "if-modified-since": shifted(v, -1) }), 206],
    ["If-Match with its tag", ({ etag }) => ({ "if-match": `"x", ${etag}` }), 206],
    ["If-Match with its tag, made weak", ({ etag }) => ({ "if-match": `W/${etag}` }), 412],
    ["If-Match with another tag", () => ({ "if-match": '"other"' }), 412],
    ["If-Match with *", () => ({ "if-match": "*" }), 206],
    ["If-Unmodified-Since with its date", ({ modified }) => ({ "if-unmodified-since": modified }), 206],
    ["If-Unmodified-Since with an earlier date", (v) => ({ "if-unmodified-since": shifted(v, -1) }), 412],
    ["If-Unmodified-Since with nonsense", () => ({ "if-unmodified-since": "yesterday" }), 206],
    ["If-Match, which decides over If-Unmodified-Since", (v) => ({ "if-match": v.etag, "if-unmodified-since": shifted(v, -1) }), 206],
  ])("%s", async (_, conditions, expected) => {
    const { headers } = await at("random.bin")
    const validators = { etag: headers.etag!, modified: headers["last-modified"]! }
    const { status, body } = await at("random.bin", { range: "bytes=0-9", ...conditions(validators) })
    expect([status, body.length]).toEqual([expected, { 200: size, 206: 10, 304: 0, 412: body.length }[expected]])
  })
})

describe("clients that do not behave", () => {
  /** TCP connections of this process: the server's and its clients' ends. */
  const connections = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length

  const open = async (head: string): Promise<Socket> => {
    const socket = connect(server.port, "127.0.0.1")
    socket.on("error", () => {})
    socket.write(head)
    await new Promise((resolve) => socket.once("readable", resolve))
    return socket
  }

  const settled = async (before: number): Promise<void> => {
    const deadline = performance.now() + 5000
    while (connections() > before && performance.now() < deadline) await sleep(10)
    expect(connections()).toBeLessThanOrEqual(before)
  }

  const request = (more: string) => `GET /random.bin HTTP/1.1\r\nHost: files.localhost\r\n${more}\r\n`

  it.each([
    ["a file", ""],
    ["a range", "Range: bytes=10-2600000\r\n"],
    ["ranges", "Range: bytes=0-1500000,1600000-2600000\r\n"],
  ])("and go away half-way through %s leave nothing behind", async (_, more) => {
    const before = connections()
    for (let i = 0; i < 20; i++) {
      const socket = await open(request(more))
      socket.read()
      if (i % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
    await settled(before)
    expect(isSame((await at("random.bin")).body, files["random.bin"]!)).toBe(true)
  })

  it("and do not read keep nobody else waiting", async () => {
    const before = connections()
    const stalled = await Promise.all(Array.from({ length: 30 }, () => open(request(""))))
    for (let i = 0; i < 10; i++) expect((await at("small.txt")).text).toBe("0123456789")
    for (const socket of stalled) socket.destroy()
    await settled(before)
  })

  it("and send a body that nobody asked for get their answer", async () => {
    const answer = await server.ask("/small.txt", { host: "files.localhost", method: "POST", body: Buffer.alloc(mebibyte) })
    expect(answer.status).toBe(405)
  })
})
