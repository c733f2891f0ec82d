import { createHash, randomBytes } from "node:crypto"
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib"
import Database from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { askUntil, deploySite } from "../support/hosting.ts"
import { type Answer, startServer, type TestServer } from "../support/server.ts"

/** Compresses well, but not as well as a zip bomb. */
const prose = (length: number): string => {
  let text = ""
  while (text.length < length) text += `${randomBytes(3).toString("hex")} the quick brown fox jumps over the lazy dog. `
  return text.slice(0, length)
}

const mebibyte = 1024 * 1024
const compressed: Record<string, string> = {
  // Files are compressed in this order: when the first and the last are done, so are all between them.
  "0first.txt": prose(300),
  "app.js": prose(5000),
  "data.json": JSON.stringify({ text: prose(5000) }),
  "index.html": `<!doctype html>${prose(5000)}`,
  "large.txt": prose(1.5 * mebibyte),
  "logo.svg": `<svg>${prose(5000)}</svg>`,
  "style.css": prose(5000),
  "404.html": `not here: ${prose(5000)}`,
}
const last = { "zlast.txt": prose(300) }
const uncompressed: Record<string, string | Buffer> = {
  "photo.jpg": prose(5000),
  "photo.png": prose(5000),
  "film.mp4": prose(5000),
  "font.woff2": prose(5000),
  "archive.zip": prose(5000),
  "noise.txt": randomBytes(5000),
  "tiny.html": prose(255),
  "empty.css": "",
}

const codings = ["br", "zstd", "gzip"] as const
const decoders = { br: brotliDecompressSync, zstd: zstdDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer): Buffer => bytes }
type Form = keyof typeof decoders

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  const { deploy } = await deploySite(server, "files", { ...compressed, ...uncompressed, ...last })
  preview = `${deploy}--files`
  for (const path of ["0first.txt", "zlast.txt"]) {
    await askUntil(
      () => at(path, "gzip"),
      ({ headers }) => headers["content-encoding"] === "gzip",
    )
  }
})
afterAll(() => server.stop())

let preview: string

const at = (path: string, accept?: string, headers: Record<string, string> = {}, method = "GET", site = "files"): Promise<Answer> => {
  const encoding: Record<string, string> = accept === undefined ? {} : { "accept-encoding": accept }
  return server.ask(`/${path}`, { host: `${site}.localhost`, method, headers: { ...encoding, ...headers } })
}

const formOf = ({ headers }: Answer): Form => (headers["content-encoding"] ?? "identity") as Form

const decoded = (answer: Answer): string => decoders[formOf(answer)](answer.body).toString()

describe("the compressed forms of a file", () => {
  it.each(Object.keys(compressed).flatMap((path) => codings.map((coding) => [path, coding] as const)))("%s as %s", async (path, coding) => {
    const answer = await at(path, coding)
    const identity = await at(path)
    expect([answer.status, formOf(answer), answer.headers["content-length"]]).toEqual([200, coding, String(answer.body.length)])
    expect(decoded(answer) === compressed[path]).toBe(true)
    expect(answer.body.length).toBeLessThan(compressed[path]!.length)
    for (const name of ["content-type", "cache-control", "last-modified", "vary"]) expect(answer.headers[name]).toBe(identity.headers[name])
    expect(answer.headers.vary).toBe("Accept-Encoding")
  })

  it("have a strong ETag each", async () => {
    const answers = await Promise.all([undefined, ...codings].map((accept) => at("index.html", accept)))
    const etags = answers.map(({ headers }) => headers.etag)
    expect(new Set(etags).size).toBe(4)
    for (const etag of etags) expect(etag).toMatch(/^"[\x21\x23-\x7e]+"$/)
  })

  it.each(codings)("are announced by HEAD as they would be sent: %s", async (coding) => {
    for (const path of ["index.html", "large.txt", "nothing"]) {
      const [get, head] = [await at(path, coding), await at(path, coding, {}, "HEAD")]
      const { date: _, ...expected } = get.headers
      expect(expected["content-encoding"]).toBe(coding)
      expect([head.status, head.headers, head.body.length]).toEqual([get.status, { ...expected, date: head.headers.date }, 0])
    }
  })

  it("are made of error pages, and serve previews, apps and rewrites alike", async () => {
    const answer = await at("nothing/at/all", "br")
    expect([answer.status, formOf(answer), decoded(answer) === compressed["404.html"]]).toEqual([404, "br", true])
    expect(formOf(await at("index.html", "br", {}, "GET", preview))).toBe("br")
    const files = { "index.html": compressed["index.html"]!, _redirects: "/rewritten /index.html 200" }
    await deploySite(server, "app", files, { spa: "true" })
    // Bytes that another site has too are there already: blobs and their forms belong to no site.
    for (const path of ["", "route", "rewritten"]) expect(formOf(await at(path, "br", {}, "GET", "app"))).toBe("br")
  })

  it.each(Object.keys(uncompressed))("do not exist of %s", async (path) => {
    const answer = await at(path, "br, zstd, gzip, *")
    expect([formOf(answer), answer.body.equals(Buffer.from(uncompressed[path]!))]).toEqual(["identity", true])
    // Text may have a compressed form one day; what is compressed in itself never has.
    expect(answer.headers.vary).toBe(/\.(txt|html|css)$/.test(path) ? "Accept-Encoding" : undefined)
  })

  it("are not even tried of what is compressed in itself, or too small to gain", () => {
    const db = new Database(server.db, { readonly: true })
    const tried = db.prepare<[string], number>("SELECT count(*) FROM blob_variants WHERE hash = ?").pluck()
    const triedOf = (content: string | Buffer) => tried.get(createHash("sha256").update(content).digest("hex"))
    const counts = Object.entries(uncompressed).map(([path, content]) => [path, triedOf(content)])
    db.close()
    expect(counts).toEqual(Object.keys(uncompressed).map((path) => [path, path === "noise.txt" ? 3 : 0]))
  })

  it("come without a new deploy, to those who were served the file before they were made", async () => {
    const text = prose(200_000)
    await deploySite(server, "fresh", { "fresh.txt": text })
    const ask = () => at("fresh.txt", "br", {}, "GET", "fresh")
    const first = await ask()
    expect([decoded(first) === text, first.headers.vary]).toEqual([true, "Accept-Encoding"])
    const later = await askUntil(ask, (answer) => formOf(answer) === "br")
    expect(decoded(later) === text).toBe(true)
  })
})

describe("Accept-Encoding", () => {
  it.each<readonly [accept: string | undefined, form: Form]>([
    [undefined, "identity"],
    ["", "identity"],
    ["br", "br"],
    ["BR", "br"],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["zstd", "zstd"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate, br", "br"],
    // Between equals, the smaller form.
    ["gzip, zstd", "zstd"],
    ["*", "br"],
    ["br;q=0, *", "zstd"],
    ["br;q=0.5, gzip", "gzip"],
    ["br;q=0.5, gzip;q=0.5, zstd;q=0.6", "zstd"],
    ["br; q=0.001", "br"],
    ["br;q=0", "identity"],
    ["br;q=0.000, gzip;q=0", "identity"],
    ["identity, br;q=0.9", "identity"],
    ["identity;q=0.5, br;q=0.4", "identity"],
    ["identity;q=0.4, br;q=0.5", "br"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["*;q=0, gzip", "gzip"],
    ["deflate, compress", "identity"],
    ["br;q=2", "identity"],
    ["br;q=x, gzip", "gzip"],
    // Who refuses everything gets the file all the same (RFC 9110, 12.5.3, leaves the choice).
    ["identity;q=0", "identity"],
    ["*;q=0", "identity"],
    ["identity;q=0, br;q=0", "identity"],
  ])("%j gets %s", async (accept, form) => {
    for (const path of ["index.html", "large.txt"]) {
      const answer = await at(path, accept)
      expect([answer.status, formOf(answer), decoded(answer) === compressed[path]]).toEqual([200, form, true])
      expect(answer.headers.vary).toBe("Accept-Encoding")
    }
  })

  it("does not matter where there is nothing to choose from", async () => {
    expect((await at("photo.png", "identity;q=0")).status).toBe(200)
  })
})

describe("a range of a compressible file", () => {
  it.each(["br", "gzip, br, zstd", "identity;q=0, br"])("is one of its own bytes, whatever is accepted: %s", async (accept) => {
    for (const [start, end] of [
      [0, 9],
      [mebibyte - 5, mebibyte + 5],
    ] as const) {
      const { status, headers, text } = await at("large.txt", accept, { range: `bytes=${start}-${end}` })
      expect([status, headers["content-encoding"], text]).toEqual([206, undefined, compressed["large.txt"]!.slice(start, end + 1)])
      expect([headers.etag, headers.vary]).toEqual([(await at("large.txt")).headers.etag, "Accept-Encoding"])
    }
  })

  it("is not given to who holds part of another form, who gets the file", async () => {
    const { headers } = await at("large.txt", "br")
    const answer = await at("large.txt", "br", { range: "bytes=0-9", "if-range": headers.etag! })
    expect([answer.status, decoded(answer) === compressed["large.txt"]]).toEqual([200, true])
  })
})

describe("a conditional request", () => {
  const accepts = [undefined, "br", "zstd", "gzip", "br;q=0.1, gzip"]

  it.each(
    accepts.flatMap((held) => accepts.map((accept) => [held, accept] as const)),
  )("by who holds the form for %j and accepts %j is answered with 304", async (held, accept) => {
    const { etag } = (await at("index.html", held)).headers
    const current = await at("index.html", accept)
    for (const tags of [etag!, `W/${etag}`, `"x", W/"y", ${etag}`, `${etag},"x"`, "*"]) {
      for (const method of ["GET", "HEAD"]) {
        const { status, headers, body } = await at("index.html", accept, { "if-none-match": tags }, method)
        expect([tags, status, body.length]).toEqual([tags, 304, 0])
        for (const name of ["etag", "vary", "cache-control", "last-modified"]) {
          expect([name, headers[name]]).toEqual([name, current.headers[name]])
          expect(headers[name]).toBeDefined()
        }
        for (const name of ["content-length", "content-encoding", "transfer-encoding"]) expect(headers[name]).toBeUndefined()
      }
    }
  })

  it.each(accepts)("by who holds something else is answered with the file: %j", async (accept) => {
    const { etag } = (await at("index.html", accept)).headers
    const bare = etag!.slice(1, -1)
    for (const tags of ['"x"', bare, `"${bare}x"`, `"x${bare}"`, `"${bare.slice(1)}"`, `'${bare}'`, `"${bare}`, "", "W/*"]) {
      const answer = await at("index.html", accept, { "if-none-match": tags })
      expect([tags, answer.status, decoded(answer) === compressed["index.html"]]).toEqual([tags, 200, true])
    }
  })

  it.each<readonly [what: string, headers: (modified: number) => Record<string, string>, status: number]>([
    ["the file's date", (at) => ({ "if-modified-since": new Date(at).toUTCString() }), 304],
    ["a later date", (at) => ({ "if-modified-since": new Date(at + 5000).toUTCString() }), 304],
    ["an earlier date", (at) => ({ "if-modified-since": new Date(at - 1000).toUTCString() }), 200],
    ["no date", () => ({ "if-modified-since": "recently" }), 200],
    ["the file's date and another tag", (at) => ({ "if-modified-since": new Date(at).toUTCString(), "if-none-match": '"x"' }), 200],
    ["an earlier date and any tag", (at) => ({ "if-modified-since": new Date(at - 1000).toUTCString(), "if-none-match": "*" }), 304],
  ])("with %s is answered rightly", async (_, headers, status) => {
    const modified = Date.parse((await at("style.css")).headers["last-modified"]!)
    expect(modified).toBeGreaterThan(Date.now() - 60_000)
    for (const accept of accepts) expect((await at("style.css", accept, headers(modified))).status).toBe(status)
  })

  it("does not make a page that says what is missing look unchanged", async () => {
    const { etag, "last-modified": modified } = (await at("nothing", "br")).headers
    for (const headers of [{ "if-none-match": etag! }, { "if-none-match": "*" }, { "if-modified-since": modified! }]) {
      expect((await at("nothing", "br", headers)).status).toBe(404)
    }
  })
})
