import { readdirSync } from "node:fs"
import { request as httpRequest, type IncomingMessage } from "node:http"
import { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { receiveJson } from "../../src/http/api/body.ts"
import { type Api, apiOf, manifestOf, publish, refusal } from "../support/api.ts"
import { inTemporaryFolder } from "../support/cartridge.ts"
import { startServer, type TestServer } from "../support/server.ts"

let server: TestServer
let api: Api
beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("admin"))
  await api.upload("hello")
})
afterAll(() => server.stop())

const body = JSON.stringify({ files: manifestOf({ "index.html": "hello" }) })

/** A publish request whose body is sent only when `finish` is called. */
const begin = (token: string, site: string) => {
  const req = httpRequest({
    port: server.port,
    host: "127.0.0.1",
    path: `/api/sites/${site}/deploys`,
    method: "POST",
    headers: {
      host: "localhost",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    },
    agent: false,
  })
  const status = new Promise<number>((resolve, reject) => {
    req.on("error", reject)
    req.on("response", (res) => {
      res.resume()
      resolve(res.statusCode!)
    })
  })
  req.flushHeaders()
  return { status, finish: () => req.end(body), cancel: () => req.destroy() }
}

describe("the body of a publish request", () => {
  it("may be as large as a manifest of the allowed number of files", async () => {
    const files = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${i}${"/x".repeat(100)}`, "hello"]))
    await api.set("limits.site_files", 100)
    expect(refusal((await publish(api, "small", files)).answer)).toEqual([413, "PAYLOAD_TOO_LARGE"])
    await api.unset("limits.site_files")
    expect((await publish(api, "small", files)).answer.status).toBe(201)
  })

  it("is not waited for when the key has made too many deploys", async () => {
    const token = await server.key("deploy")
    await api.set("limits.deploys_per_minute", 1)
    expect((await publish(apiOf(server, token), "rated", { "index.html": "hello" })).answer.status).toBe(201)
    const refused = begin(token, "rated")
    expect(await refused.status).toBe(429)
    refused.cancel()
    await api.unset("limits.deploys_per_minute")
  })

  it("may come as slowly as it likes: nobody waits for it", async () => {
    const token = await server.key("deploy")
    const slow = ["one", "two", "three", "four"].map((site) => begin(token, site))
    await sleep(100)
    expect((await publish(apiOf(server, token), "quick", { "index.html": "hello" })).answer.status).toBe(201)
    for (const { finish } of slow) finish()
    expect(await Promise.all(slow.map(({ status }) => status))).toEqual([201, 201, 201, 201])
  })

  it("has to say that it is JSON", async () => {
    const answer = await server.ask("/api/sites/typed/deploys", {
      method: "POST",
      token: await server.key("deploy"),
      headers: { "content-type": "text/plain" },
      body,
    })
    expect(refusal(answer)).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"])
  })

  it("leaves no file behind, whether it came or broke off", () =>
    inTemporaryFolder(async (folder) => {
      const token = await server.key("deploy")
      const before = process.env["TMPDIR"]
      process.env["TMPDIR"] = folder
      try {
        const [gone, coming] = [begin(token, "one"), begin(token, "two")]
        gone.status.catch(() => {})
        await expect.poll(() => readdirSync(folder).length, { timeout: 10_000 }).toBe(2)
        gone.cancel()
        coming.finish()
        expect(await coming.status).toBe(201)
        await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toEqual([])
      } finally {
        if (before === undefined) delete process.env["TMPDIR"]
        else process.env["TMPDIR"] = before
      }
    }))

  it("leaves its place to others when its client goes away", async () => {
    const token = await server.key("deploy")
    const gone = [begin(token, "one"), begin(token, "two")]
    for (const { status } of gone) status.catch(() => {})
    await sleep(100)
    for (const { cancel } of gone) cancel()
    expect((await publish(apiOf(server, token), "three", { "index.html": "hello" })).answer.status).toBe(201)
  })
})

describe("reading a body", () => {
  const read = (error: Error) => {
    const source = new Readable({
      read() {
        this.destroy(error)
      },
    })
    const request = Object.assign(source, { headers: {} }) as unknown as IncomingMessage
    return Effect.runPromiseExit(Effect.scoped(receiveJson(request, 100)))
  }

  it.each(["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"])("that fails with %s ended too early", async (code) => {
    expect(await read(Object.assign(new Error("aborted"), { code }))).toMatchObject({ cause: { error: { _tag: "BadRequest" } } })
  })

  it("that fails with anything else is a defect", async () => {
    const bug = new TypeError("a mistake")
    expect(Exit.match(await read(bug), { onSuccess: () => [], onFailure: (cause) => [...Cause.defects(cause)] })).toEqual([bug])
  })
})
