import { randomBytes } from "node:crypto"
import { readdirSync, readlinkSync } from "node:fs"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { deflateRawSync } from "node:zlib"
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { type Api, apiOf, askLocally, refusal, traces } from "../support/api.ts"
import { inTemporaryFolder } from "../support/cartridge.ts"
import { type Ask, startServer, type TestServer, zipForm } from "../support/server.ts"
import {
  type ArchiveSpec,
  buildZip,
  descriptorFlag,
  type EntrySpec,
  extraField,
  utf8Flag,
  zip64Field,
  zipOf,
  zipQuilt,
} from "../support/zip.ts"

const domain = "fazt.example"
const mebibyte = 1024 * 1024

let server: TestServer
let admin: Api
let token: string
/** Uploads of this file only are looked for. */
let leave: () => void
beforeAll(async () => {
  await new Promise<void>((entered) => {
    void inTemporaryFolder((folder) => {
      vi.stubEnv("TMPDIR", folder)
      entered()
      return new Promise<void>((resolve) => {
        leave = resolve
      })
    })
  })
  server = await startServer({ domain })
  token = await server.key("admin")
  admin = apiOf(server, token)
  await admin.set("limits.deploys_per_minute", 0)
})
afterAll(async () => {
  await server.stop()
  vi.unstubAllEnvs()
  leave()
})

const page = zipOf({ "index.html": "<h1>hi</h1>" })
const garbage = Buffer.from("this is not a zip, whatever its name says ".repeat(100))

const visit = (site: string, path = "/") => server.ask(path, { host: `${site}.${domain}` })
const newest = async (site: string) => (await admin.get(`/sites/${site}/history?limit=1`)).json.data[0]

const boundary = "cut-here"
const field = (name: string, value: string) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const fileField = (zip: Uint8Array, disposition = 'name="file"; filename="site.zip"') =>
  `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: application/zip\r\n\r\n${Buffer.from(zip).toString("latin1")}\r\n`
/** A form of these parts, exactly as they are. */
const form = (...parts: ReadonlyArray<string>): Ask => ({
  method: "POST",
  headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  body: Buffer.from(`${parts.join("")}--${boundary}--\r\n`, "latin1"),
})

describe("POST /api/deploy", () => {
  it("answers with the site, its counts and the message that clients of the first Fazt expect, and more", async () => {
    const { status, headers, json } = await admin.classic(zipOf({ "index.html": "<h1>hi</h1>", "a/b.css": "body{}" }), {
      site_name: "first",
    })
    expect([status, headers["content-type"]]).toEqual([200, "application/json"])
    expect(json).toEqual({
      data: {
        site: "first",
        file_count: 2,
        size_bytes: 17,
        message: "Deployment successful",
        deploy: expect.stringMatching(/^[a-z0-9]{10}$/),
        url: `http://first.${domain}:${server.port}`,
        preview_url: `http://${json.data.deploy}--first.${domain}:${server.port}`,
        added: 2,
        changed: 0,
        removed: 0,
        warnings: [],
        server: null,
        notes: [],
      },
    })
    expect((await visit("first")).text).toBe("<h1>hi</h1>")
  })

  it("replaces the site as a whole, and says what changed", async () => {
    await admin.classic(zipOf({ "index.html": "1", "old.html": "x", "same.html": "s" }), { site_name: "replaced" })
    const { json } = await admin.classic(zipOf({ "index.html": "2", "new.html": "y", "same.html": "s" }), { site_name: "replaced" })
    expect(json.data).toMatchObject({ file_count: 3, added: 1, changed: 1, removed: 1 })
    expect([(await visit("replaced", "/old.html")).status, (await visit("replaced")).text]).toEqual([404, "2"])
  })

  it("may replace the pages that every server starts with", async () => {
    await admin.classic(zipOf({ "index.html": "my front page" }), { site_name: "root" })
    await admin.classic(zipOf({ "index.html": "my lost page", "404.html": "my lost page" }), { site_name: "404" })
    const front = await server.ask("/", { host: domain })
    const lost = await visit("nobody")
    expect([front.status, front.text, lost.status, lost.text]).toEqual([200, "my front page", 404, "my lost page"])
  })

  it("takes the form as every HTTP client makes it", async () => {
    const body = new FormData()
    body.set("site_name", "standard")
    body.set("file", new File([Uint8Array.from(page)], "site.zip"))
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`http://localhost:${server.port}/api/deploy`, { method: "POST", headers, body })
    expect([answer.status, (await visit("standard")).text]).toEqual([200, "<h1>hi</h1>"])
  })

  it("warns of rules that were not understood", async () => {
    const { json } = await admin.classic(zipOf({ "index.html": "x", _redirects: "/a /b\nnonsense\n" }), { site_name: "warned" })
    expect(json.data.warnings).toEqual([{ file: "_redirects", line: 2, reason: expect.any(String) }])
  })
})

describe("the order of checks", () => {
  let used: string
  let reader: string
  beforeAll(async () => {
    reader = await server.key("read")
    used = await server.key("deploy")
    await admin.set("limits.deploys_per_minute", 1)
    expect((await apiOf(server, used).classic(page, { site_name: "used" })).status).toBe(200)
  })
  afterAll(() => admin.set("limits.deploys_per_minute", 0))

  const nothing = form()
  const broken: Ask = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }
  const method = { ...broken, method: "PUT" }
  const noName = form(field("message", "x"))
  const badName = form(field("site_name", "admin"))
  const noFile = form(field("site_name", "fine"))
  const notZip = form(field("site_name", "fine"), fileField(garbage, 'name="file"; filename="site.tar"'))
  const badZip = form(field("site_name", "fine"), fileField(garbage))

  /** Each request has everything wrong from one check on. */
  const rows: ReadonlyArray<
    readonly [check: string, key: () => string | undefined, request: Ask, status: number, code: string, message: RegExp]
  > = [
    ["the method", () => undefined, method, 400, "BAD_REQUEST", /method/i],
    ["that there is a key", () => undefined, broken, 401, "UNAUTHORIZED", /Bearer <key>/],
    ["that the key is good", () => "nonsense", broken, 401, "INVALID_API_KEY", /does not exist/],
    ["what the key may do", () => reader, broken, 403, "FORBIDDEN", /needs deploy/],
    ["the rate", () => used, broken, 429, "RATE_LIMIT_EXCEEDED", /1 times a minute/],
    ["the form", () => token, broken, 400, "BAD_REQUEST", /form cannot be read/],
    ["that there is anything in the form", () => token, nothing, 400, "BAD_REQUEST", /form cannot be read|site_name is missing/],
    ["that there is a name", () => token, noName, 400, "BAD_REQUEST", /site_name is missing/],
    ["the name", () => token, badName, 400, "BAD_REQUEST", /reserved/],
    ["that there is a file", () => token, noFile, 400, "BAD_REQUEST", /`file` has to be a \.zip/],
    ["the file's name", () => token, notZip, 400, "BAD_REQUEST", /`file` has to be a \.zip/],
    ["the zip", () => token, badZip, 400, "ZIP_INVALID", /zip was refused/],
  ]

  it.each(rows)("comes to %s before what follows", async (_check, key, request, status, code, message) => {
    const before = traces(server)
    const given = key()
    const answer = await server.ask("/api/deploy", { ...request, ...(given === undefined ? {} : { token: given }) })
    expect([...refusal(answer), answer.json.error.message]).toEqual([status, code, expect.stringMatching(message)])
    expect(traces(server)).toEqual(before)
  })
})

describe("the form", () => {
  const accepted: ReadonlyArray<readonly [what: string, parts: ReadonlyArray<string>, site: string]> = [
    ["the name before the file", [field("site_name", "form-a"), fileField(page)], "form-a"],
    ["the file before the name", [fileField(page), field("site_name", "form-b")], "form-b"],
    ["fields that nobody knows", [field("colour", "red"), fileField(page), field("site_name", "form-c"), field("x", "")], "form-c"],
    [
      "other files, which are left aside",
      [fileField(garbage, 'name="other"; filename="x.zip"'), fileField(page), field("site_name", "form-d")],
      "form-d",
    ],
    ["a name in capitals", [field("site_name", "Form-E"), fileField(page)], "form-e"],
    ["a name with spaces around it", [field("site_name", "  form-f\t"), fileField(page)], "form-f"],
    ["a name with the server's domain", [field("site_name", `form-g.${domain}`), fileField(page)], "form-g"],
    ["a name with the server's domain in capitals", [field("site_name", "FORM-H.FAZT.EXAMPLE"), fileField(page)], "form-h"],
    ["a name of one character", [field("site_name", "x"), fileField(page)], "x"],
    ["a name of 63 characters", [field("site_name", "n".repeat(63)), fileField(page)], "n".repeat(63)],
    ["a name of digits", [field("site_name", "2026"), fileField(page)], "2026"],
    ["a file name in capitals", [field("site_name", "form-i"), fileField(page, 'name="file"; filename="SITE.ZIP"')], "form-i"],
    ["a file name with a path", [field("site_name", "form-j"), fileField(page, 'name="file"; filename="C:\\\\x\\\\site.zip"')], "form-j"],
    [
      "a file name in another script",
      [field("site_name", "form-k"), fileField(page, `name="file"; filename="${Buffer.from("сайт 🚀.zip").toString("latin1")}"`)],
      "form-k",
    ],
  ]

  it.each(accepted)("may have %s", async (_what, parts, site) => {
    const { status, json } = await server.ask("/api/deploy", { ...form(...parts), token })
    expect([status, json.data?.site]).toEqual([200, site])
    expect((await visit(site)).text).toBe("<h1>hi</h1>")
  })

  const badNames = [
    ...["www", "api", "mail", "ftp", "smtp", "pop", "imap", "ns1", "ns2", "localhost", "admin"],
    ...[
      "ADMIN",
      `api.${domain}`,
      "",
      "   ",
      ".",
      "-a",
      "a-",
      "-",
      "a_b",
      "a b",
      "a.b",
      "a/b",
      "../a",
      "n".repeat(64),
      "münchen",
      "a\u0000b",
    ],
    ...[`.${domain}`, domain, `a.b.${domain}`, "__proto__"],
  ]
  it.each(badNames)("is refused for the name %j", async (name) => {
    const before = traces(server)
    const answer = await server.ask("/api/deploy", { ...zipForm(page, { site_name: name }), method: "POST", token })
    expect(refusal(answer)).toEqual([400, "BAD_REQUEST"])
    expect(traces(server)).toEqual(before)
  })

  const file = { headers: { "content-type": `multipart/form-data; boundary=${boundary}` } }
  const whole = Buffer.from(
    `${field("site_name", "cut")}${fileField(zipOf({ "a.bin": randomBytes(200_000) }))}--${boundary}--\r\n`,
    "latin1",
  )
  const unreadable: ReadonlyArray<readonly [what: string, request: Omit<Ask, "method">]> = [
    ["JSON", { headers: { "content-type": "application/json" }, body: "{}" }],
    ["fields without files", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "site_name=x&file=y" }],
    ["a bare zip", { headers: { "content-type": "application/zip" }, body: page }],
    ["no content type", { body: page }],
    ["no boundary", { headers: { "content-type": "multipart/form-data" }, body: whole }],
    ["another boundary than it says", { headers: { "content-type": "multipart/form-data; boundary=other" }, body: whole }],
    ["no body", { ...file }],
    ["noise", { ...file, body: randomBytes(100_000) }],
    ["an end inside a field", { ...file, body: whole.subarray(0, 60) }],
    ["an end inside the file's header", { ...file, body: whole.subarray(0, 120) }],
    ["an end inside the file", { ...file, body: whole.subarray(0, 100_000) }],
    ["an end before the last boundary", { ...file, body: whole.subarray(0, -20) }],
    ["a file that is a field", form(field("site_name", "x"), field("file", "PK"))],
    ["a zip by another field's name", form(field("site_name", "x"), fileField(page, 'name="zip"; filename="site.zip"'))],
  ]
  it.each(unreadable)("is refused for %s", async (_what, request) => {
    const before = traces(server)
    const answer = await server.ask("/api/deploy", { ...request, method: "POST", token })
    expect(refusal(answer)).toEqual([400, "BAD_REQUEST"])
    expect(traces(server)).toEqual(before)
  })

  it("can say where the deploy comes from", async () => {
    const source = { source_type: "git", source_url: "https://example.com/x.git", source_ref: "main", source_commit: "abc123" }
    await admin.classic(page, { site_name: "sourced", message: "first try", ...source })
    expect(await newest("sourced")).toMatchObject({
      source: { kind: "git", url: "https://example.com/x.git", ref: "main", commit: "abc123" },
      message: "first try",
    })
    await admin.classic(page, { site_name: "sourced" })
    expect(await newest("sourced")).toMatchObject({ source: { kind: "zip" }, message: null })
  })

  it("is refused when it says so at endless length", async () => {
    const before = traces(server)
    for (const [name, length] of Object.entries({ source_type: 33, source_url: 2049, source_ref: 257, source_commit: 257 })) {
      const answer = await admin.classic(page, { site_name: "sourced", [name]: "x".repeat(length) })
      expect([name, ...refusal(answer)]).toEqual([name, 400, "BAD_REQUEST"])
    }
    expect(traces(server)).toEqual(before)
  })

  it.each([
    ["true", '{"spa":false}', 200],
    ["false", '{"spa":true}', 404],
    [undefined, '{"spa":true}', 200],
    [undefined, '{"spa":false}', 404],
    [undefined, "not JSON", 404],
  ] as const)("with spa=%s and %s as manifest.json, makes an unknown page answer %i", async (spa, manifest, status) => {
    const files = zipOf({ "index.html": "the app", "manifest.json": manifest })
    await admin.classic(files, { site_name: "app", ...(spa === undefined ? {} : { spa }) })
    expect((await visit("app", "/some/page")).status).toBe(status)
  })
})

const one = (entry: Partial<EntrySpec>, archive: Partial<ArchiveSpec> = {}) =>
  buildZip({
    ...archive,
    entries: [
      { name: "fine.html", data: "fine" },
      { name: "a.txt", data: "hello", ...entry },
    ],
  })
const named = (name: string | Uint8Array) => one({ name })
const large = randomBytes(3 * mebibyte)

describe("a zip", () => {
  const attacks: ReadonlyArray<readonly [what: string, zip: () => Uint8Array, status: number, code: string]> = [
    ["garbage", () => garbage, 400, "ZIP_INVALID"],
    ["nothing", () => Buffer.alloc(0), 400, "ZIP_INVALID"],
    ["half a zip", () => page.subarray(0, page.length / 2), 400, "ZIP_INVALID"],
    ["a zip without files", () => buildZip({ entries: [] }), 400, "NO_FILES"],
    ["a zip of folders only", () => buildZip({ entries: [{ name: "a/" }] }), 400, "NO_FILES"],
    ["a path out of the site", () => named("../x"), 400, "ZIP_UNSAFE_PATH"],
    ["a path out of the site by way of a folder", () => named("a/../../x"), 400, "ZIP_UNSAFE_PATH"],
    ["an absolute path", () => named("/etc/passwd"), 400, "ZIP_UNSAFE_PATH"],
    ["a drive letter", () => named("C:/x"), 400, "ZIP_UNSAFE_PATH"],
    ["a backslash", () => named("..\\x"), 400, "ZIP_UNSAFE_PATH"],
    ["a NUL", () => named("a.html\0.txt"), 400, "ZIP_UNSAFE_PATH"],
    ["an empty segment", () => named("a//b"), 400, "ZIP_UNSAFE_PATH"],
    ["bytes that are no UTF-8", () => named(Uint8Array.of(0xc0, 0xae, 0x2f)), 400, "ZIP_UNSAFE_PATH"],
    ["a Windows device", () => named("con.html"), 400, "ZIP_UNSAFE_PATH"],
    ["a path too long", () => named("a/".repeat(600).concat("b")), 400, "ZIP_UNSAFE_PATH"],
    ["a symbolic link", () => one({ unixMode: 0o120777, data: "/etc/passwd" }), 400, "ZIP_SYMLINK"],
    ["a device", () => one({ unixMode: 0o020644, data: "" }), 400, "ZIP_SPECIAL_FILE"],
    ["the same path twice", () => named("fine.html"), 400, "ZIP_DUPLICATE"],
    ["a file that is a folder too", () => named("fine.html/x"), 400, "ZIP_DUPLICATE"],
    ["an encrypted file", () => one({ flags: utf8Flag | 1 }), 400, "ZIP_ENCRYPTED"],
    ["an unknown compression", () => one({ method: 12 }), 400, "ZIP_UNSUPPORTED"],
    ["another name in front of the data", () => one({ local: { name: "b.txt" } }), 400, "ZIP_MISMATCH"],
    ["another size in front of the data", () => one({ method: "deflate", local: { size: 6 } }), 400, "ZIP_MISMATCH"],
    ["a data descriptor only in front of the data", () => one({ local: { flags: utf8Flag | descriptorFlag } }), 400, "ZIP_MISMATCH"],
    ["a directory that starts elsewhere", () => one({}, { end: { start: 0 } }), 400, "ZIP_MISMATCH"],
    ["an extra field longer than its space", () => one({ extra: extraField(9, Buffer.alloc(4)).subarray(0, 5) }), 400, "ZIP_INVALID"],
    ["a zip64 record at the end of the address space", () => one({}, { zip64End: { recordAt: 2n ** 64n - 1n } }), 400, "ZIP_INVALID"],
    [
      "a zip64 size of exabytes",
      () => one({ zip64: true, method: "deflate", central: { extra: zip64Field(2n ** 60n, 7, 0) } }),
      413,
      "ZIP_FILE_TOO_LARGE",
    ],
    ["files that overlap", () => zipQuilt(10, Buffer.alloc(20_000, 65)), 400, "ZIP_OVERLAP"],
    ["a wrong checksum", () => one({ local: { crc: 1 }, central: { crc: 1 } }), 400, "ZIP_MISMATCH"],
    [
      "a wrong checksum at the end of a large file",
      () => one({ data: large, local: { crc: 1 }, central: { crc: 1 } }),
      400,
      "ZIP_MISMATCH",
    ],
    ["more content than declared", () => one({ method: "deflate", local: { size: 4 }, central: { size: 4 } }), 400, "ZIP_MISMATCH"],
    [
      "a large file with more content than declared",
      () => one({ method: "deflate", data: large, local: { size: 2_500_000 }, central: { size: 2_500_000 } }),
      400,
      "ZIP_MISMATCH",
    ],
    ["content that is garbage", () => one({ method: 8, payload: Buffer.alloc(50, 0xff) }), 400, "ZIP_INVALID"],
    ["a bomb that says so", () => one({ method: "deflate", data: Buffer.alloc(20 * mebibyte) }), 413, "ZIP_RATIO"],
    ["a bomb that says otherwise", () => one({ method: 8, payload: deflateRawSync(Buffer.alloc(20 * mebibyte)) }), 400, "ZIP_MISMATCH"],
    [
      "a file too large",
      () => one({ local: { size: 101 * mebibyte }, central: { size: 101 * mebibyte }, method: "deflate" }),
      413,
      "ZIP_FILE_TOO_LARGE",
    ],
    [
      "too many files",
      () => buildZip({ entries: Array.from({ length: 20_001 }, (_, i) => ({ name: `${i}` })) }),
      413,
      "ZIP_TOO_MANY_FILES",
    ],
  ]

  it.each(attacks)("that is %s is refused, and nothing changes", async (_what, zip, status, code) => {
    const before = traces(server)
    const answer = await admin.classic(zip(), { site_name: "attacked" })
    expect([...refusal(answer), answer.json.error.message.length > 10]).toEqual([status, code, true])
    expect(traces(server)).toEqual(before)
    expect((await admin.get("/sites/attacked")).status).toBe(404)
  })

  it("that is refused leaves the site as it was", async () => {
    const { json } = await admin.classic(zipOf({ "index.html": "good" }), { site_name: "steady" })
    const before = traces(server)
    for (const [, zip] of attacks) await admin.classic(zip(), { site_name: "steady" })
    expect(traces(server)).toEqual(before)
    expect([(await visit("steady")).text, (await newest("steady")).deploy]).toEqual(["good", json.data.deploy])
  })

  const limits: ReadonlyArray<readonly [key: string, value: number, zip: () => Uint8Array, status: number, code: string]> = [
    ["limits.site_files", 2, () => zipOf({ a: "1", b: "2", c: "3" }), 413, "ZIP_TOO_MANY_FILES"],
    ["limits.file_bytes", 1000, () => zipOf({ a: "x".repeat(1001) }), 413, "ZIP_FILE_TOO_LARGE"],
    ["limits.site_bytes", 2500, () => zipOf({ a: "a".repeat(900), b: "b".repeat(900), c: "c".repeat(900) }), 413, "ZIP_TOO_LARGE"],
    ["limits.site_bytes", 2000, () => zipOf({ a: randomBytes(3000) }), 413, "PAYLOAD_TOO_LARGE"],
    ["limits.zip_ratio", 20, () => zipOf({ a: Buffer.alloc(2 * mebibyte) }), 413, "ZIP_RATIO"],
  ]
  it.each(limits)("is held to %s = %i as soon as that is set", async (key, value, zip, status, code) => {
    await admin.set(key, value)
    try {
      const before = traces(server)
      expect(refusal(await admin.classic(zip(), { site_name: "limited" }))).toEqual([status, code])
      expect(traces(server)).toEqual(before)
    } finally {
      await admin.unset(key)
    }
    if (key !== "limits.zip_ratio") expect((await admin.classic(zip(), { site_name: "limited" })).status).toBe(200)
  })

  it("may have names in every script, which are the same page composed and decomposed", async () => {
    const files = { "日本語/ελληνικά.html": "1", "emoji 👩‍🚀.html": "2", "cafe\u0301/menu.html": "3", "100% + #1?.html": "4" }
    const { json } = await admin.classic(zipOf(files), { site_name: "scripts" })
    expect(json.data.file_count).toBe(4)
    const texts = ["日本語/ελληνικά.html", "emoji 👩‍🚀.html", "caf\u00e9/menu.html", "100% + #1?.html"].map(
      async (path) => (await visit("scripts", `/${path.split("/").map(encodeURIComponent).join("/")}`)).text,
    )
    expect(await Promise.all(texts)).toEqual(["1", "2", "3", "4"])
  })

  it("may come from macOS, whose additions are left out", async () => {
    const entries = ["index.html", "__MACOSX/._index.html", ".DS_Store", "a/.DS_Store"].map((name) => ({ name, data: name, flags: 0 }))
    const { json } = await admin.classic(buildZip({ entries }), { site_name: "macos" })
    expect(json.data.file_count).toBe(1)
  })

  it("may have files called like parts of every object", async () => {
    const files = { constructor: "1", toString: "2", "a/__proto__/b": "3", hasOwnProperty: "4" }
    await admin.classic(zipOf(files), { site_name: "objects" })
    const { json } = await admin.get("/sites/objects/files")
    expect(json.data.map(({ path }: { readonly path: string }) => path)).toEqual(Object.keys(files).sort())
    expect((await visit("objects", "/constructor")).text).toBe("1")
  })
})

describe("an upload that breaks off", () => {
  const openUploads = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes("fazt-upload-")
      } catch {
        return false
      }
    })

  it.each([0, 40, 200, 5_000, 1_000_000])("after %i bytes leaves nothing behind", async (bytes) => {
    const before = traces(server)
    const { headers, body } = zipForm(zipOf({ "a.bin": large }), { site_name: "cut" })
    await new Promise<void>((resolve, reject) => {
      const socket = connect(server.port, "127.0.0.1", async () => {
        const head = { host: "localhost", authorization: `Bearer ${token}`, ...headers, "content-length": body.length }
        const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.write(`POST /api/deploy HTTP/1.1\r\n${lines.join("")}\r\n`)
        socket.write(body.subarray(0, bytes))
        await sleep(100)
        socket.destroy()
        resolve()
      })
      socket.on("error", reject)
    })
    await expect.poll(() => [traces(server), openUploads()], { timeout: 5_000 }).toEqual([before, []])
  })
})

describe("many deploys at a time", () => {
  it("to one site all succeed, each a line of its history; the last one is live, whole", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `version ${i}`)
    const answers = await Promise.all(
      names.map((name) => admin.classic(zipOf({ "index.html": name, "b.html": name }), { site_name: "busy" })),
    )
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    const { json } = await admin.get("/sites/busy/history")
    const deploys = json.data.map(({ deploy }: { readonly deploy: string }) => deploy)
    expect(deploys.toSorted()).toEqual(answers.map((answer) => answer.json.data.deploy).sort())
    const live = answers.findIndex((answer) => answer.json.data.deploy === deploys[0])
    expect([(await visit("busy")).text, (await visit("busy", "/b.html")).text]).toEqual([names[live], names[live]])
  })

  it("to many sites all succeed, and each shows its own files", async () => {
    const sites = Array.from({ length: 16 }, (_, i) => `crowd-${i}`)
    await Promise.all(sites.map((site) => admin.classic(zipOf({ "index.html": site, "shared.css": "body{}" }), { site_name: site })))
    const pages = await Promise.all(sites.map(async (site) => (await visit(site)).text))
    expect(pages).toEqual(sites)
  })
})

describe("the limit on rate", () => {
  beforeEach(() => admin.unset("limits.deploys_per_minute"))
  afterAll(() => admin.set("limits.deploys_per_minute", 0))

  const deployWith = async () => {
    const api = apiOf(server, await server.key("deploy"))
    return { api, deploy: async () => (await api.classic(page, { site_name: "rated" })).status }
  }

  it("is 120 a minute by default", async () => {
    const { json } = await admin.get("/config/limits.deploys_per_minute")
    expect(json.data).toMatchObject({ value: "120", default: "120", set: false, restart: false })
  })

  it("refuses what is too much, and says when to come again", async () => {
    await admin.set("limits.deploys_per_minute", 2)
    const { api, deploy } = await deployWith()
    expect([await deploy(), await deploy()]).toEqual([200, 200])
    const before = traces(server)
    const answer = await api.classic(page, { site_name: "rated" })
    const seconds = answer.json.error.details.retry_after
    expect([...refusal(answer), answer.headers["retry-after"]]).toEqual([429, "RATE_LIMIT_EXCEEDED", String(seconds)])
    expect(seconds).toBeGreaterThan(30)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(traces(server)).toEqual(before)
  })

  it("counts both protocols together, and each key by itself", async () => {
    await admin.set("limits.deploys_per_minute", 1)
    const [one, other] = [await deployWith(), await deployWith()]
    expect(await one.deploy()).toBe(200)
    const answer = await one.api.post("/sites/rated/deploys", { files: {} })
    expect([...refusal(answer), answer.headers["retry-after"]]).toEqual([429, "RATE_LIMIT_EXCEEDED", expect.stringMatching(/^\d+$/)])
    expect([await other.deploy(), await other.deploy()]).toEqual([200, 429])
  })

  it("does not count what failed, in whatever way", async () => {
    await admin.set("limits.deploys_per_minute", 1)
    const { api, deploy } = await deployWith()
    const failures = [
      await api.classic(garbage, { site_name: "rated" }),
      await api.classic(page, { site_name: "admin" }),
      await api.classic(page, { site_name: "rated" }, "site.tar"),
      await api.send("POST", "/deploy", {}),
      await api.post("/sites/rated/deploys", { files: {} }),
      await api.post("/sites/rated/deploys", { files: { a: { hash: "0".repeat(64), size: 1 } } }),
    ]
    expect(failures.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 409])
    expect([await deploy(), await deploy()]).toEqual([200, 429])
  })

  it("holds for deploys that are under way at the same time", async () => {
    await admin.set("limits.deploys_per_minute", 3)
    const { deploy } = await deployWith()
    const statuses = await Promise.all(Array.from({ length: 8 }, deploy))
    expect(statuses.sort()).toEqual([200, 200, 200, 429, 429, 429, 429, 429])
  })

  it("does not hold for the owner on the local socket", async () => {
    await admin.set("limits.deploys_per_minute", 1)
    const request = { method: "POST", ...zipForm(page, { site_name: "rated" }) }
    const answers = [1, 2, 3].map(() => askLocally(server, "/api/deploy", request))
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await newest("rated")).toMatchObject({ actor: "owner" })
  })

  it("is what the setting says now, and 0 is none", async () => {
    await admin.set("limits.deploys_per_minute", 1)
    const { deploy } = await deployWith()
    const statuses = [await deploy(), await deploy()]
    await admin.set("limits.deploys_per_minute", 2)
    statuses.push(await deploy(), await deploy())
    await admin.set("limits.deploys_per_minute", 0)
    statuses.push(await deploy(), await deploy(), await deploy())
    expect(statuses).toEqual([200, 429, 200, 429, 200, 200, 200])
  })
})
