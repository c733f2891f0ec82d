import { randomBytes } from "node:crypto"
import { request } from "node:http"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { secretHash } from "../../src/http/api/secrets.ts"
import {
  type EventStreams,
  eventSocket,
  openEventSocket,
  openStream,
  type StreamRequest,
  startEventStreams,
  type TestStream,
} from "../support/eventStreams.ts"

let server: EventStreams
beforeAll(async () => {
  server = await startEventStreams({ beatMs: 50 })
  await server.log("shop", "one")
  await server.log("blog", "two")
})
afterAll(() => server.stop())
afterEach(() => expect.poll(() => server.live.open()).toBe(0))

const open = (query: string, request: StreamRequest = {}): Promise<TestStream> => openStream(server.port, query, request)
const idOf = (token: string): string => token.split("_")[1]!

/** Status and code of what is answered, over both ways; the same for both. */
const refusal = async (query: string, request: StreamRequest = {}): Promise<readonly [status: number, code: string]> => {
  const [stream, socket] = await Promise.all([open(query, request), openEventSocket(server.port, query, request)])
  if (!("status" in socket)) throw new Error("The WebSocket was opened.")
  await stream.until(stream.isClosed)
  const error = JSON.parse(stream.text())
  expect(JSON.parse(socket.text)).toEqual(error)
  for (const { status, headers } of [stream, socket]) {
    expect([status, headers["content-type"]]).toEqual([stream.status, "application/json"])
    expect(Object.keys(error)).toEqual(["error"])
  }
  return [stream.status, error.error.code]
}

/** The answer to a handshake with these headers besides those of a good one. */
const handshake = (headers: Record<string, string>): Promise<{ readonly status: number; readonly json: unknown }> =>
  new Promise((resolve, reject) => {
    const good = {
      host: "localhost",
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    const req = request({ port: server.port, host: "127.0.0.1", path: "/api/events/live", headers: { ...good, ...headers }, agent: false })
    req.on("error", reject)
    req.on("upgrade", (_, socket) => {
      socket.destroy()
      reject(new Error("The WebSocket was opened."))
    })
    req.on("response", (res) => {
      let text = ""
      res.on("data", (part) => {
        text += part
      })
      res.on("end", () => resolve({ status: res.statusCode!, json: JSON.parse(text) }))
    })
    req.end()
  })

const isAllowed = async (query: string, request: StreamRequest): Promise<boolean> => {
  const stream = await open(query, request)
  stream.close()
  return stream.status === 200
}

describe("a request for events is refused, in the envelope,", () => {
  it("without a key", async () => {
    expect(await refusal("")).toEqual([401, "UNAUTHORIZED"])
    expect(await refusal("", { token: "fazt_000000000000_0000000000000000000000000000000000000000000" })).toEqual([401, "INVALID_API_KEY"])
  })

  it.each([
    "after=-1",
    "after=x",
    "after=",
    "after=1.5",
    "after=1&after=2",
    "site=a&site=b",
    "stream=a&stream=b",
    "actor=a&actor=b",
    "types=ConfigSet",
    "lastEventId=x",
  ])("for what cannot be meant: %s", async (query) => {
    expect(await refusal(`?${query}`, { token: await server.key(["audit"]) })).toEqual([400, "VALIDATION_FAILED"])
  })

  it.each([
    `stream=${"x".repeat(2000)}`,
    `type=${"x".repeat(2000)}`,
    Array(60).fill("type=x").join("&"),
  ])("for more than makes sense", async (query) => {
    expect(await refusal(`?${query}`, { token: await server.key(["audit"]) })).toEqual([400, "VALIDATION_FAILED"])
  })

  it("for an id of the last event that is none", async () => {
    expect(await refusal("", { token: await server.key(["audit"]), headers: { "last-event-id": "e1" } })).toEqual([
      400,
      "VALIDATION_FAILED",
    ])
  })

  it.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])("with the method %s", async (method) => {
    const answer = await open("", { method, token: await server.key(["audit"]) })
    await answer.until(answer.isClosed)
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET"])
    expect(answer.text()).toBe(
      method === "HEAD" ? "" : '{"error":{"code":"METHOD_NOT_ALLOWED","message":"This endpoint takes GET.","details":{"allowed":["GET"]}}}',
    )
  })

  const handshakes: ReadonlyArray<readonly [headers: Record<string, string>, status: number, code: string]> = [
    [{ "sec-websocket-version": "12" }, 400, "BAD_REQUEST"],
    [{ "sec-websocket-key": "short" }, 400, "BAD_REQUEST"],
    [{ origin: "http://evil.test" }, 403, "CROSS_ORIGIN"],
    [{ origin: "http://shop.localhost" }, 403, "CROSS_ORIGIN"],
    [{ origin: "null" }, 403, "CROSS_ORIGIN"],
    [{ origin: "http://localhost", "sec-fetch-site": "same-site" }, 403, "CROSS_ORIGIN"],
  ]
  it.each(handshakes)("as a WebSocket with %j", async (headers, status, code) => {
    const answer = await handshake({ authorization: `Bearer ${await server.key(["audit"])}`, ...headers })
    expect(answer).toMatchObject({ status, json: { error: { code } } })
  })

  it("but not as a WebSocket of the page itself", async () => {
    const token = await server.key(["audit"])
    const socket = await eventSocket(server.port, "", { token, headers: { origin: "http://localhost", "sec-fetch-site": "same-origin" } })
    socket.ws.terminate()
  })
})

describe("who may have which events", () => {
  const all = [
    "",
    "?site=shop",
    "?stream=logs",
    "?stream=site/shop",
    "?type=LogsWritten",
    "?stream=logs/shop/x",
    "?site=shop&type=LogsWritten",
  ]
  it.each<readonly [scopes: Parameters<EventStreams["key"]>[0], everything: boolean, logs: boolean]>([
    [["admin"], true, true],
    [["audit"], true, true],
    [["logs"], false, true],
    [["deploy"], false, true],
    [["read"], false, false],
    [["kv", "env", "metrics"], false, false],
  ])("a key with the scopes %j: everything %j, the log of a site %j", async (scopes, everything, logs) => {
    const token = await server.key(scopes)
    for (const query of all) expect(await isAllowed(query, { token }), query).toBe(everything)
    expect(await isAllowed("?stream=logs/shop", { token })).toBe(logs)
    if (!everything) expect(await refusal("", { token })).toEqual([403, "FORBIDDEN"])
    if (!logs) expect(await refusal("?stream=logs/shop", { token })).toEqual([403, "FORBIDDEN"])
  })

  it("a key that is limited to sites: the logs of these", async () => {
    const token = await server.key(["admin"], { sites: ["shop"] })
    const stream = await open("?stream=logs/shop&after=0", { token })
    await stream.until(() => stream.seqs().length === 1)
    stream.close()
    for (const query of [...all, "?stream=logs/blog"]) expect(await refusal(query, { token }), query).toEqual([403, "FORBIDDEN"])
    // Two readers of it could mean two different sites.
    for (const query of ["?stream=logs/shop&stream=logs/blog", "?stream=logs/blog&stream=logs/shop"])
      expect((await refusal(query, { token }))[0]).toBe(403)
  })
})

describe("a stream ends as soon as the caller may not have it any more", () => {
  const both = async (query: string, request: StreamRequest) => {
    const [stream, socket] = await Promise.all([open(query, request), eventSocket(server.port, query, request)])
    await stream.until(() => stream.events.some(({ event }) => event === "caught_up"))
    await socket.until(() => socket.messages.some(({ type }) => type === "caught_up"))
    return { stream, socket }
  }

  /** What both say at their end, which is the same. */
  const ended = async ({ stream, socket }: Awaited<ReturnType<typeof both>>) => {
    const { code, reason } = await socket.closed
    await stream.until(stream.isClosed)
    const { event, data } = stream.events.at(-1)!
    expect(event).toBe("end")
    expect(socket.messages.at(-1)).toEqual({ type: "end", ...data })
    expect([code, reason]).toEqual([1008, data.error.code])
    return [data.status, data.error.code] as const
  }

  it("when their key is revoked", async () => {
    const [token, other] = [await server.key(["audit"]), await server.key(["audit"])]
    const [streams, others] = [await both("", { token }), await both("", { token: other })]
    await server.command({ _tag: "RevokeKey", key: idOf(token) })
    expect(await ended(streams)).toEqual([401, "INVALID_API_KEY"])
    await server.set("after it")
    await others.stream.until(() => others.stream.events.at(-1)!.data.data?.value === "after it")
    expect(JSON.stringify(streams.stream.events)).not.toContain("after it")
    others.stream.close()
    others.socket.ws.terminate()
  })

  it("when their key expires", async () => {
    const token = await server.key(["audit"], { expires: Date.now() + 400 })
    expect(await ended(await both("", { token }))).toEqual([401, "INVALID_API_KEY"])
  })

  const login = async (user = "owner", idle = 3_600_000) => {
    const [session, token] = [randomBytes(6).toString("hex"), randomBytes(32).toString("base64url")]
    const expires = Date.now() + 3_600_000
    await server.command({ _tag: "StartSession", session, user, secretHash: secretHash(token), method: "password", expires, idle })
    return { session, ...cookie(token) }
  }
  const cookie = (token: string): StreamRequest => ({ headers: { cookie: `fazt_session=${token}` } })

  it("when their session ends", async () => {
    const [first, second] = [await login(), await login()]
    const [streams, others] = [await both("", first), await both("", second)]
    await server.command({ _tag: "EndSession", session: first.session, reason: "logout" })
    expect(await ended(streams)).toEqual([401, "SESSION_EXPIRED"])
    expect(others.stream.isClosed()).toBe(false)
    others.stream.close()
    others.socket.ws.terminate()
  })

  it("when their session has not been used for too long, which an open stream does not count as", async () => {
    const started = performance.now()
    expect(await ended(await both("", await login("owner", 500)))).toEqual([401, "SESSION_EXPIRED"])
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it("when they have another role, other sites, or are gone, and so do those of their keys", async () => {
    const join = {
      user: "u1",
      invitation: "i1",
      username: "dora",
      role: "deployer",
      sites: ["shop", "blog"],
      password: "u1/password",
    } as const
    await server.append("owner", [{ type: "v1.UserJoined", data: join }])
    const token = await server.key(["logs"], { user: "u1" })
    const query = "?stream=logs/shop"
    const change = (role: "deployer" | "viewer", sites: ReadonlyArray<string>) =>
      server.append("owner", [{ type: "v1.UserRoleChanged", data: { user: "u1", role, sites } }])

    const first = await both(query, { token })
    await change("deployer", ["shop"])
    expect(first.stream.isClosed()).toBe(false)
    await change("deployer", ["blog"])
    expect(await ended(first)).toEqual([403, "FORBIDDEN"])

    await change("viewer", [])
    const [second, owners] = [await both(query, { token }), await both(query, await login())]
    const session = await both(query, await login("u1"))
    await server.append("owner", [{ type: "v1.UserRemoved", data: { user: "u1", refs: [] } }])
    expect(await ended(second)).toEqual([401, "INVALID_API_KEY"])
    expect(await ended(session)).toEqual([401, "SESSION_EXPIRED"])
    expect(owners.stream.isClosed()).toBe(false)
    owners.stream.close()
    owners.socket.ws.terminate()
  })

  it("but not because others come, log in, and use their keys", async () => {
    const streams = await both("", await login())
    await server.key(["read"])
    await login()
    await server.append("owner", [{ type: "v1.TotpUsed", data: { user: "owner", step: 1 } }])
    await server.set("still there")
    await streams.stream.until(() => streams.stream.events.at(-1)!.data.data?.value === "still there")
    streams.stream.close()
    streams.socket.ws.terminate()
  })
})
