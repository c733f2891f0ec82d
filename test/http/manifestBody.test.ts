import { request as httpRequest } from "node:http"
import { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readText } from "../../src/http/api/body.ts"
import { type Api, apiOf, manifestOf, publish, refusal } from "../support/api.ts"
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

  it("is read while no more than one other is", async () => {
    const token = await server.key("deploy")
    const [first, second] = [begin(token, "one"), begin(token, "two")]
    await sleep(100)
    let answered = false
    const third = publish(apiOf(server, token), "three", { "index.html": "hello" }).finally(() => {
      answered = true
    })
    await sleep(300)
    expect(answered).toBe(false)
    first.finish()
    expect([await first.status, (await third).answer.status]).toEqual([201, 201])
    second.finish()
    expect(await second.status).toBe(201)
  })

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
    const request = { source: Object.assign(source, { headers: {} }) } as unknown as HttpServerRequest.HttpServerRequest
    return Effect.runPromiseExit(readText(request, 100))
  }

  it.each(["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"])("that fails with %s ended too early", async (code) => {
    expect(await read(Object.assign(new Error("aborted"), { code }))).toMatchObject({ cause: { error: { _tag: "BadRequest" } } })
  })

  it("that fails with anything else is a defect", async () => {
    const bug = new TypeError("a mistake")
    expect(Exit.match(await read(bug), { onSuccess: () => [], onFailure: (cause) => [...Cause.defects(cause)] })).toEqual([bug])
  })
})
