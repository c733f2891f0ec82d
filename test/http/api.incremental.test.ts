import { randomBytes } from "node:crypto"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { encodeBlobBatch, maxBatchBytes, maxBatchedBlobBytes } from "../../src/http/api/blobBatch.ts"
import { type Api, apiOf, manifestOf, publish, query, refusal, sha256, traces } from "../support/api.ts"
import { startServer, type TestServer } from "../support/server.ts"

const mebibyte = 1024 * 1024

let server: TestServer
let token: string
let api: Api
beforeAll(async () => {
  server = await startServer()
  token = await server.key("admin")
  api = apiOf(server, token)
  await api.set("limits.deploys_per_minute", 0)
})
afterAll(() => server.stop())

const blobs = () => query<{ hash: string; size: number }>(server, "SELECT hash, size FROM blobs ORDER BY hash")
/** What a refused upload or deploy must leave as it was. */
const state = () => {
  const { uploads: _elsewhere, ...rest } = traces(server)
  return { ...rest, blobs: blobs() }
}
const isMissing = async (hash: string) => (await api.post("/blobs/missing", { hashes: [hash] })).json.data.missing.length === 1
const visit = (site: string, path = "/") => server.ask(path, { host: `${site}.localhost` })

describe("an incremental deploy", () => {
  /** A thousand files, of which a hundred have the same content as another. */
  const thousand = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`${i % 10}/page-${i}.html`, `<p>${i % 900}</p>`]))

  it("of 1,000 files uploads each content once, and after one change one file", async () => {
    const first = await publish(api, "large", { ...thousand, "index.html": "one" })
    expect([first.uploaded.length, first.answer.status]).toEqual([901, 201])
    expect(first.answer.json.data).toMatchObject({ file_count: 1_001, added: 1_001, changed: 0, removed: 0 })

    const second = await publish(api, "large", { ...thousand, "index.html": "two" })
    expect(second.uploaded).toEqual([sha256("two")])
    expect(second.answer.json.data).toMatchObject({ file_count: 1_001, added: 0, changed: 1, removed: 0 })
    expect([(await visit("large")).text, (await visit("large", "/7/page-907")).text]).toEqual(["two", "<p>7</p>"])
  }, 30_000)

  it("answers 201 with what was published and where it is", async () => {
    const { answer } = await publish(api, "answered", { "index.html": "hello", "a/b.css": "body{}" })
    const { deploy } = answer.json.data
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        data: {
          site: "answered",
          deploy: expect.stringMatching(/^[a-z0-9]{10}$/),
          url: `http://answered.localhost:${server.port}`,
          preview_url: `http://${deploy}--answered.localhost:${server.port}`,
          file_count: 2,
          size_bytes: 11,
          added: 2,
          changed: 0,
          removed: 0,
          warnings: [],
          server: null,
          notes: [],
          message: "Deployment successful",
        },
      },
    ])
  })

  it("sends nothing when other sites have the same files, nor when files only moved", async () => {
    await publish(api, "origin", { "index.html": "shared", "about.html": "about us" })
    const copy = await publish(api, "copy", { "index.html": "shared", "about.html": "about us" })
    const moved = await publish(api, "origin", { "index.html": "about us", "old.html": "shared" })
    expect([copy.uploaded, moved.uploaded]).toEqual([[], []])
    expect([(await visit("copy")).text, (await visit("origin")).text]).toEqual(["shared", "about us"])
  })

  it("of the same files again is a deploy of its own that changes nothing", async () => {
    const [one, two] = [await publish(api, "again", { "index.html": "x" }), await publish(api, "again", { "index.html": "x" })]
    expect(two.answer.json.data).toMatchObject({ added: 0, changed: 0, removed: 0 })
    expect(two.answer.json.data.deploy).not.toBe(one.answer.json.data.deploy)
  })

  it("records its message and where it comes from", async () => {
    const source = { kind: "cli", url: "https://example.com/x.git", ref: "main", commit: "abc123" }
    await publish(api, "noted", { "index.html": "1" }, { message: "Fix the typo 🚀", source })
    await publish(api, "noted", { "index.html": "2" })
    const { json } = await api.get("/sites/noted/history")
    expect(json.data).toMatchObject([
      { message: null, source: { kind: "api" } },
      { message: "Fix the typo 🚀", source },
    ])
  })

  it("may be a single-page app, by its manifest.json or by the request", async () => {
    const unknownPage = async () => (await visit("app", "/some/page")).status
    const statuses: Array<number> = []
    for (const [said, spa] of [
      ["true", undefined],
      ["true", false],
      ["false", undefined],
      ["false", true],
    ] as const) {
      await publish(api, "app", { "index.html": "app", "manifest.json": `{"spa":${said}}` }, spa === undefined ? {} : { spa })
      statuses.push(await unknownPage())
    }
    expect(statuses).toEqual([200, 404, 404, 200])
  })

  it("counts the bytes that are there, whatever sizes the client claims", async () => {
    await api.upload("twelve bytes")
    const hash = sha256("twelve bytes")
    const { json } = await api.post("/sites/claims/deploys", {
      files: { "a.txt": { hash, size: 0 }, "b.txt": { hash, size: 999_999_999 } },
    })
    expect(json.data.size_bytes).toBe(24)
    const files = await api.get("/sites/claims/files")
    expect(files.json.data.map(({ size }: { readonly size: number }) => size)).toEqual([12, 12])
    expect((await visit("claims", "/b.txt")).headers["content-length"]).toBe("12")
  })

  it("takes a site's name in capitals, and holds it to the rules for names", async () => {
    expect((await publish(api, "SHOUTED", { "index.html": "x" })).answer.json.data.site).toBe("shouted")
    const before = state()
    for (const name of ["admin", "API", "-a", "a_b", "a.b", "n".repeat(64), "m%C3%BCnchen"]) {
      const answer = await api.post(`/sites/${name}/deploys`, { files: manifestOf({ "index.html": "x" }) })
      expect([name, ...refusal(answer)]).toEqual([name, 400, "VALIDATION_FAILED"])
    }
    expect(state()).toEqual(before)
  })
})

describe("the question what is missing", () => {
  it("is answered with each missing hash once", async () => {
    await api.upload("here")
    const [here, gone, lost] = [sha256("here"), sha256("gone"), sha256("lost")]
    const { json } = await api.post("/blobs/missing", { hashes: [gone, here, lost, gone, here] })
    expect(json).toEqual({ data: { missing: [gone, lost].sort() } })
  })

  it("may be about 10,000 files at a time", async () => {
    const hashes = Array.from({ length: 10_001 }, (_, i) => sha256(`nowhere ${i}`))
    const { status, json } = await api.post("/blobs/missing", { hashes: hashes.slice(1) })
    expect([status, json.data.missing.length]).toEqual([200, 10_000])
    expect(refusal(await api.post("/blobs/missing", { hashes }))).toEqual([400, "VALIDATION_FAILED"])
  })
})

describe("an upload", () => {
  const sizes = [0, 1, 65_536, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 5 * mebibyte + 7]
  it.each(sizes)("of %i bytes is served as it was sent", async (size) => {
    const bytes = randomBytes(size)
    const uploaded = await api.upload(bytes)
    expect([uploaded.status, uploaded.json]).toEqual([201, { data: { hash: sha256(bytes), size } }])
    await api.post("/sites/sizes/deploys", { files: { "a.bin": { hash: sha256(bytes), size } } })
    const answer = await visit("sizes", "/a.bin")
    expect([answer.status, answer.headers["content-length"], sha256(answer.body)]).toEqual([200, String(size), sha256(bytes)])
  })

  it.each([10, mebibyte + 10])("of %i bytes may be repeated, also at the same time, and is stored once", async (size) => {
    const bytes = randomBytes(size)
    const hash = sha256(bytes)
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.upload(bytes)))
    answers.push(await api.upload(bytes))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    expect(query(server, "SELECT hash, size FROM blobs WHERE hash = ?", hash)).toEqual([{ hash, size }])
    const [chunks] = query<{ bytes: number }>(
      server,
      "SELECT coalesce(sum(length(c.bytes)), 0) AS bytes FROM blob_chunks c JOIN blobs b USING (upload) WHERE b.hash = ?",
      hash,
    )
    expect([chunks!.bytes, state().orphanChunks]).toEqual([size > mebibyte ? size : 0, []])
  })

  it.each([
    10,
    mebibyte,
    mebibyte + 1,
    3 * mebibyte,
  ])("of %i bytes that have another hash is refused, and nothing is stored", async (size) => {
    const before = state()
    const bytes = randomBytes(size)
    const claimed = sha256("something else")
    const answer = await api.upload(bytes, claimed)
    expect(refusal(answer)).toEqual([400, "HASH_MISMATCH"])
    expect(state()).toEqual(before)
    expect([await isMissing(claimed), await isMissing(sha256(bytes))]).toEqual([true, true])
  })

  it.each([1_001, 2 * mebibyte])("of %i bytes is refused where a file may have 1,000", async (size) => {
    const bytes = randomBytes(size)
    await api.set("limits.file_bytes", 1_000)
    try {
      const before = state()
      expect(refusal(await api.upload(bytes))).toEqual([413, "FILE_TOO_LARGE"])
      await expect.poll(state, { timeout: 5_000 }).toEqual(before)
      expect((await api.upload(randomBytes(1_000))).status).toBe(201)
    } finally {
      await api.unset("limits.file_bytes")
    }
    expect((await api.upload(bytes)).status).toBe(201)
  })

  it("too large after a mebibyte leaves none of its pieces", async () => {
    await api.set("limits.file_bytes", 2 * mebibyte)
    try {
      const before = state()
      expect(refusal(await api.upload(randomBytes(3 * mebibyte)))).toEqual([413, "FILE_TOO_LARGE"])
      await expect.poll(state, { timeout: 5_000 }).toEqual(before)
    } finally {
      await api.unset("limits.file_bytes")
    }
  })

  it.each([0, 1_000, mebibyte + 1_000, 3 * mebibyte])("that breaks off after %i bytes leaves nothing behind", async (sent) => {
    const bytes = randomBytes(4 * mebibyte)
    const before = state()
    await new Promise<void>((resolve, reject) => {
      const socket = connect(server.port, "127.0.0.1", async () => {
        const head = `PUT /api/blobs/${sha256(bytes)} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-length: ${bytes.length}`
        socket.write(`${head}\r\n\r\n`)
        socket.write(bytes.subarray(0, sent))
        await sleep(100)
        socket.destroy()
        resolve()
      })
      socket.on("error", reject)
    })
    await expect.poll(state, { timeout: 5_000 }).toEqual(before)
    expect((await api.upload(bytes)).status).toBe(201)
  })
})

describe("a batch of uploads", () => {
  const send = (body: Uint8Array) => server.ask("/api/blobs", { method: "POST", token, body })
  const length = (bytes: number) => Buffer.from(Uint32Array.of(bytes).buffer).swap32()

  it("stores each blob once, and gives their hashes in the order they came", async () => {
    const blobs = ["first", "", "second", "first", randomBytes(maxBatchedBlobBytes)]
    const answer = await send(encodeBlobBatch(blobs.map((blob) => Buffer.from(blob))))
    const hashes = blobs.map(sha256)
    expect([answer.status, answer.json]).toEqual([201, { data: { hashes } }])
    expect((await api.post("/blobs/missing", { hashes })).json.data.missing).toEqual([])
    await api.post("/sites/batched/deploys", { files: { "a.txt": { hash: hashes[0], size: 5 }, "b.bin": { hash: hashes[4], size: 1 } } })
    expect([(await visit("batched", "/a.txt")).text, sha256((await visit("batched", "/b.bin")).body)]).toEqual(["first", hashes[4]])
  })

  it("may be as large as it may be, or empty", async () => {
    const blobs = Array.from({ length: 15 }, () => randomBytes(maxBatchedBlobBytes))
    expect((await send(encodeBlobBatch(blobs))).json.data.hashes).toEqual(blobs.map(sha256))
    expect((await send(Buffer.alloc(0))).json).toEqual({ data: { hashes: [] } })
  })

  const good = encodeBlobBatch([Buffer.from("a good one")])
  const refused: ReadonlyArray<readonly [what: string, body: () => Uint8Array, status: number, code: string]> = [
    ["half a length", () => Buffer.concat([good, Buffer.alloc(3)]), 400, "BAD_REQUEST"],
    ["fewer bytes than it says", () => Buffer.concat([good, length(10), Buffer.alloc(9)]), 400, "BAD_REQUEST"],
    ["a length of gigabytes", () => Buffer.concat([good, length(0xffff_ffff)]), 400, "BAD_REQUEST"],
    [
      "a blob too large for a batch",
      () => Buffer.concat([good, encodeBlobBatch([randomBytes(maxBatchedBlobBytes + 1)])]),
      400,
      "BAD_REQUEST",
    ],
    ["text", () => Buffer.from('{"hashes":[]}'), 400, "BAD_REQUEST"],
    ["more than a batch may have", () => Buffer.concat([good, Buffer.alloc(maxBatchBytes)]), 413, "PAYLOAD_TOO_LARGE"],
  ]
  it.each(refused)("with %s is refused, and none of it is stored", async (_what, body, status, code) => {
    const before = state()
    expect(refusal(await send(body()))).toEqual([status, code])
    expect(state()).toEqual(before)
  })
})

describe("a manifest", () => {
  const hash = sha256("hello")
  const file = { hash, size: 5 }
  beforeAll(async () => {
    await api.upload("hello")
    await publish(api, "steady", { "index.html": "hello" })
  })

  /** Publishes to a new site and to one that is there: refused, and nothing changes. */
  const expectRefused = async (body: unknown, status: number, code: string) => {
    for (const site of ["steady", "fresh"]) {
      const before = state()
      const answer = await server.ask(`/api/sites/${site}/deploys`, {
        method: "POST",
        token,
        body: typeof body === "string" ? body : JSON.stringify(body),
      })
      expect([site, ...refusal(answer)]).toEqual([site, status, code])
      expect(answer.json.error.message.length).toBeGreaterThan(10)
      expect(state()).toEqual(before)
    }
    expect((await visit("steady")).text).toBe("hello")
  }

  const paths: ReadonlyArray<readonly [what: string, path: string]> = [
    ["a path out of the site", "../x"],
    ["a path out of the site by way of a folder", "a/../../x"],
    ["an absolute path", "/x"],
    ["an empty path", ""],
    ["an empty segment", "a//b"],
    ["a folder", "a/"],
    ["the folder itself", "./x"],
    ["a backslash", "a\\b"],
    ["a path out of the site with backslashes", "..\\x"],
    ["a drive letter", "C:/x"],
    ["a NUL", "a\0.html"],
    ["a newline", "a\nb"],
    ["half a character", "a\ud800"],
    ["a Windows device", "docs/con.html"],
    ["a trailing dot", "a./b"],
    ["a trailing space", "a "],
    ["a path too long", `${"a/".repeat(600)}b`],
    ["a segment too long", "a".repeat(256)],
    ["the name of an object's prototype", "__proto__"],
  ]
  it.each(paths)("with %s is refused, and nothing changes", async (_what, path) => {
    await expectRefused(
      `{"files":{"fine.html":${JSON.stringify(file)},${JSON.stringify(path)}:${JSON.stringify(file)}}}`,
      400,
      "PATH_INVALID",
    )
  })

  const clashes: ReadonlyArray<readonly [what: string, one: string, other: string]> = [
    ["a path that is another's when composed", "caf\u00e9.html", "cafe\u0301.html"],
    ["a file that is also a folder", "a", "a/b"],
    ["a file that is also a folder further up", "a/b/c/d", "a/b"],
    ["a file that is also a folder when composed", "caf\u00e9", "cafe\u0301/menu"],
  ]
  it.each(clashes)("with %s is refused, and nothing changes", async (_what, one, other) => {
    await expectRefused({ files: { [one]: file, [other]: file } }, 400, "PATH_DUPLICATE")
    await expectRefused({ files: { [other]: file, [one]: file } }, 400, "PATH_DUPLICATE")
  })

  const invalid: ReadonlyArray<readonly [what: string, body: unknown, code: string]> = [
    ["no files", { files: {} }, "NO_FILES"],
    ["files missing", {}, "VALIDATION_FAILED"],
    ["files as a list", { files: [file] }, "VALIDATION_FAILED"],
    ["a hash that is none", { files: { a: { hash: "x", size: 1 } } }, "VALIDATION_FAILED"],
    ["a hash in capitals", { files: { a: { hash: hash.toUpperCase(), size: 5 } } }, "VALIDATION_FAILED"],
    ["a hash missing", { files: { a: { size: 5 } } }, "VALIDATION_FAILED"],
    ["a negative size", { files: { a: { hash, size: -1 } } }, "VALIDATION_FAILED"],
    ["half a byte", { files: { a: { hash, size: 0.5 } } }, "VALIDATION_FAILED"],
    ["a size as text", { files: { a: { hash, size: "5" } } }, "VALIDATION_FAILED"],
    ["a message too long", { files: { a: file }, message: "x".repeat(1_001) }, "VALIDATION_FAILED"],
    ["a message that is no text", { files: { a: file }, message: 5 }, "VALIDATION_FAILED"],
    ["a source without its kind", { files: { a: file }, source: { ref: "main" } }, "VALIDATION_FAILED"],
    ["a source too long", { files: { a: file }, source: { kind: "cli", commit: "x".repeat(257) } }, "VALIDATION_FAILED"],
    ["an spa that is no boolean", { files: { a: file }, spa: "true" }, "VALIDATION_FAILED"],
    ["JSON that ends early", '{"files":{', "INVALID_JSON"],
    ["no JSON", "hello", "INVALID_JSON"],
    ["nothing", "", "INVALID_JSON"],
  ]
  it.each(invalid)("with %s is refused, and nothing changes", (_what, body, code) => expectRefused(body, 400, code))

  it("of blobs that are missing is refused with their hashes, each once", async () => {
    const [gone, lost] = [
      { hash: sha256("gone"), size: 4 },
      { hash: sha256("lost"), size: 4 },
    ]
    const before = state()
    const answer = await api.post("/sites/fresh/deploys", { files: { a: file, b: gone, c: lost, d: gone } })
    expect([...refusal(answer), answer.json.error.details]).toEqual([409, "BLOBS_MISSING", { missing: [gone.hash, lost.hash] }])
    expect(state()).toEqual(before)
  })

  const limits: ReadonlyArray<readonly [key: string, value: number, code: string]> = [
    ["limits.site_files", 2, "TOO_MANY_FILES"],
    ["limits.file_bytes", 4, "FILE_TOO_LARGE"],
    ["limits.site_bytes", 14, "SITE_TOO_LARGE"],
  ]
  it.each(limits)("is held to %s = %i as soon as that is set, and to one more at once", async (key, value, code) => {
    const body = { files: { a: file, b: file, c: file } }
    await api.set(key, value)
    try {
      await expectRefused(body, 413, code)
      await api.set(key, value + 1)
      expect((await api.post("/sites/limited/deploys", body)).status).toBe(201)
    } finally {
      await api.unset(key)
    }
  })

  it("may have files called like parts of every object", async () => {
    const names = ["constructor", "hasOwnProperty", "toString", "valueOf", "a/constructor/b"]
    await api.post("/sites/objects/deploys", { files: Object.fromEntries(names.map((name) => [name, file])) })
    const { json } = await api.get("/sites/objects/files")
    expect(json.data.map(({ path }: { readonly path: string }) => path)).toEqual(names.sort())
  })

  it("refuses a type of its own for a file, which would not count", async () => {
    const answer = await api.post("/sites/types/deploys", { files: { "a.html": { ...file, type: "image/png" } } })
    expect(refusal(answer)).toEqual([400, "VALIDATION_FAILED"])
    expect(answer.json.error.message).toContain("type")
  })

  it("decides the type of each file by its name", async () => {
    const names = ["a.html", "b.css", "c.js", "d.unknown-thing", "e"]
    await api.post("/sites/types/deploys", { files: Object.fromEntries(names.map((name) => [name, file])) })
    const { json } = await api.get("/sites/types/files")
    expect(json.data.map(({ type }: { readonly type: string }) => type)).toEqual([
      "text/html; charset=utf-8",
      "text/css; charset=utf-8",
      expect.stringMatching(/^text\/javascript/),
      "application/octet-stream",
      "application/octet-stream",
    ])
  })
})
