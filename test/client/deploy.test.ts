import { createHash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Client, createClient, type DeployFiles, FaztError } from "../../packages/client/src/client.js"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let key: string

/** Requests that were made, as `PUT /api/blobs/…`. */
const asked: Array<string> = []
let answerInstead: (request: string) => Response | undefined = () => undefined

let client: Client

beforeAll(async () => {
  server = await startServer()
  key = await server.key("deploy")
  client = createClient({
    baseUrl: `http://localhost:${server.port}`,
    key,
    fetch: async (url, init) => {
      const request = `${init.method} ${new URL(url).pathname}`
      asked.push(request)
      return answerInstead(request) ?? fetch(url, init)
    },
  })
})
afterAll(() => server.stop())

const deploy = async (site: string, files: DeployFiles, options: Parameters<Client["deploy"]>[2] = {}) => {
  asked.length = 0
  return client.deploy(site, files, options)
}

const uploads = () => asked.filter((request) => request.includes("/blobs") && !request.endsWith("/missing"))

const shown = async (site: string, path: string) => (await server.ask(path, { host: `${site}.localhost` })).body

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers })

describe("deploying files", () => {
  it("publishes text and bytes of every kind, under any path", async () => {
    const bytes = randomBytes(64)
    const files: DeployFiles = {
      "index.html": "<h1>Grüße</h1>",
      "a/bytes": bytes,
      "a/part": bytes.subarray(8, 16),
      "a/buffer": new Uint8Array([1, 2, 3]).buffer,
      "a/blob": new Blob(["blob"], { type: "text/html" }),
      "a/empty": "",
    }
    const deployed = await deploy("kinds", files, { message: "All kinds", source: { kind: "test" } })
    expect(deployed).toMatchObject({ site: "kinds", file_count: 6, added: 6, uploaded: 6 })
    expect((await shown("kinds", "/")).toString()).toBe("<h1>Grüße</h1>")
    expect(await shown("kinds", "/a/bytes")).toEqual(bytes)
    expect(await shown("kinds", "/a/part")).toEqual(bytes.subarray(8, 16))
    expect([...(await shown("kinds", "/a/buffer"))]).toEqual([1, 2, 3])
    expect((await shown("kinds", "/a/blob")).toString()).toBe("blob")
    expect((await shown("kinds", "/a/empty")).length).toBe(0)
    const [last] = (await client.deploys.list({ site: "kinds" })).data
    expect([last?.message, last?.source?.kind]).toEqual(["All kinds", "test"])
  })

  it("uploads only what the server does not have, each content once", async () => {
    const files = { "1": "the same", "2": "the same", "3": "another" }
    expect((await deploy("once", files)).uploaded).toBe(2)
    const again = await deploy("once", { ...files, "4": "new" })
    expect([again.uploaded, again.added, again.file_count]).toEqual([1, 1, 4])
    expect((await deploy("once", files)).uploaded).toBe(0)
    expect(uploads()).toEqual([])
  })

  it("puts small files together, and sends large ones by themselves", async () => {
    const large = randomBytes(256 * 1024 + 1)
    const files: Record<string, Uint8Array> = { large, "just-small": randomBytes(256 * 1024), tiny: new Uint8Array([7]) }
    for (let n = 0; n < 300; n++) files[`small/${n}`] = randomBytes(1 + n)
    const progress: Array<{ readonly done: number; readonly total: number }> = []
    const deployed = await deploy("many", files, { onProgress: (now) => progress.push(now) })
    expect([deployed.file_count, deployed.uploaded]).toEqual([303, 303])
    const hash = createHash("sha256").update(large).digest("hex")
    expect(uploads().sort()).toEqual(["POST /api/blobs", "POST /api/blobs", `PUT /api/blobs/${hash}`])
    const total = Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(progress.map(({ total }) => total)).toEqual([total, total, total])
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).toSorted((a, b) => a - b))
    expect(progress.at(-1)?.done).toBe(total)
    expect(await shown("many", "/large")).toEqual(large)
    expect(await shown("many", "/small/299")).toEqual(Buffer.from(files["small/299"]!))
  })

  it("puts no more into a request than it can take", async () => {
    const files = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`${n}`, randomBytes(250 * 1024)]))
    expect((await deploy("batches", files)).uploaded).toBe(9)
    expect(uploads().sort()).toEqual(["POST /api/blobs", "POST /api/blobs", expect.stringMatching(/^PUT/)])
  })

  it("uploads what has gone missing before it was published", async () => {
    answerInstead = (request) => (request === "POST /api/blobs/missing" ? json(200, { data: { missing: [] } }) : undefined)
    const deployed = await deploy("gone", { "index.html": "it was there a moment ago" }).finally(() => {
      answerInstead = () => undefined
    })
    expect(deployed.uploaded).toBe(1)
    expect(asked.filter((request) => request.endsWith("/deploys")).length).toBe(2)
  })

  it("waits where it goes too fast, since an upload can be made twice", async () => {
    let refused = 0
    const wait = json(429, { error: { code: "RATE_LIMIT_EXCEEDED", message: "Wait." } }, { "retry-after": "0" })
    answerInstead = (request) => (request.startsWith("PUT") && refused++ === 0 ? wait : undefined)
    const deployed = await deploy("fast", { "index.html": "too fast" }).finally(() => {
      answerInstead = () => undefined
    })
    expect([deployed.uploaded, refused]).toEqual([1, 2])
  })

  it.each([
    ["no files", {}, "NO_FILES"],
    ["a path that leads out", { "../x": "" }, "PATH_INVALID"],
    ["a path that objects have by themselves", { ["__proto__"]: "" }, "PATH_INVALID"],
  ])("fails with what the server says of %s", async (_, files, code) => {
    await expect(deploy("refused", files)).rejects.toMatchObject({ name: "FaztError", status: 400, code })
  })

  it("begins no further uploads once one has failed", async () => {
    answerInstead = (request) =>
      request.startsWith("PUT") ? json(507, { error: { code: "STORAGE_FAILED", message: "Full." } }) : undefined
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}`, randomBytes(300 * 1024)]))
    await expect(deploy("full", files)).rejects.toBeInstanceOf(FaztError)
    await new Promise((resolve) => setTimeout(resolve, 50))
    answerInstead = () => undefined
    expect(uploads().length).toBe(6)
    expect(asked.some((request) => request.endsWith("/deploys"))).toBe(false)
  })

  it("can be given up", async () => {
    const reason = new Error("enough")
    const giveUp = new AbortController()
    answerInstead = (request) => {
      if (request.startsWith("PUT")) giveUp.abort(reason)
      return undefined
    }
    await expect(deploy("given-up", { "index.html": `${Math.random()}` }, { signal: giveUp.signal })).rejects.toBe(reason)
    answerInstead = () => undefined
    await expect(deploy("given-up", { a: "a" }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(client.sites.get({ site: "given-up" })).rejects.toMatchObject({ code: "SITE_NOT_FOUND" })
  })
})
