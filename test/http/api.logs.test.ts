import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CartridgeWriter } from "../../src/commands/CartridgeWriter.ts"
import type { LogLine } from "../../src/events/logs.ts"
import { type Api, apiOf, refusal } from "../support/api.ts"
import { checkError, checkSuccess } from "../support/checks.ts"
import { join } from "../support/people.ts"
import { startServer, type TestServer } from "../support/server.ts"

interface Entry {
  readonly id: number
  readonly at: string
  readonly level: string
  readonly message: string
  readonly request: string | null
  readonly deploy: string | null
}

let server: TestServer
let api: Api
const now = Date.now()

let events = 0
const write = (site: string, ...lines: ReadonlyArray<Partial<LogLine>>) =>
  server.run(
    Effect.flatMap(CartridgeWriter, (writer) => {
      const complete = lines.map((line) => ({ at: now, level: "log" as const, message: "x", ...line }))
      const event = { id: `log-${events++}`, type: "v1.LogsWritten" as const, data: { site, lines: complete } }
      const streams = [{ stream: `logs/${site}`, expected: "any" as const, events: [event] }]
      return writer.request({ kind: "append", request: { actor: `fn:${site}`, cause: "test", streams } })
    }),
  )

const logs = async (site: string, parameters = ""): Promise<ReadonlyArray<Entry>> =>
  (await api.get(`/sites/${site}/logs?limit=1000${parameters}`)).json.data
const messages = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> => entries.map(({ message }) => message)

beforeAll(async () => {
  server = await startServer()
  api = apiOf(server, await server.key("deploy"))
  for (const site of ["shop", "blog", "quiet", "many", "live"]) await api.post("/sites", { site })
  await write("shop", { at: now - 7_200_000, level: "debug", message: "old" })
  await write(
    "shop",
    { level: "info", message: "Order 17 paid", request: "req_a", deploy: "abcdefghij" },
    { level: "warn", message: "slow: 100% of\ntime", request: "req_b" },
    { level: "error", message: "boom \x1b[31m", request: "req_b" },
  )
  await write("blog", { message: "of another site" })
})
afterAll(() => server.stop())

describe("a site's log", () => {
  it("is shown newest first, each line with when, how bad, in which request and of which deploy", async () => {
    const entries = await logs("shop")
    expect(messages(entries)).toEqual(["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid", "old"])
    expect(entries[2]).toEqual({
      id: expect.any(Number),
      at: new Date(now).toISOString(),
      level: "info",
      message: "Order 17 paid",
      request: "req_a",
      deploy: "abcdefghij",
    })
    expect((await api.get("/sites/quiet/logs")).json).toEqual({ data: [], meta: { limit: 50, next: null } })
  })

  const filters: ReadonlyArray<readonly [parameters: string, expected: ReadonlyArray<string>]> = [
    ["level=debug", ["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid", "old"]],
    ["level=info", ["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid"]],
    ["level=log", ["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid"]],
    ["level=warn", ["boom \x1b[31m", "slow: 100% of\ntime"]],
    ["level=error", ["boom \x1b[31m"]],
    ["search=ORDER", ["Order 17 paid"]],
    ["search=100%25", ["slow: 100% of\ntime"]],
    ["search=_", []],
    ["search=", ["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid", "old"]],
    ["request=req_b", ["boom \x1b[31m", "slow: 100% of\ntime"]],
    ["request=req_", []],
    ["since=1h", ["boom \x1b[31m", "slow: 100% of\ntime", "Order 17 paid"]],
    ["level=warn&request=req_b&search=slow", ["slow: 100% of\ntime"]],
  ]
  it.each(filters)("can be narrowed by %s", async (parameters, expected) => {
    expect(messages(await logs("shop", `&${parameters}`))).toEqual(expected)
  })

  it.each([
    "level=loud",
    "level=",
    "since=yesterday",
    "limit=0",
    "limit=1001",
    "before=x",
    "after=-1",
    "wait=31",
    `search=${"x".repeat(1001)}`,
  ])("refuses %s", async (parameter) => {
    expect(refusal(await api.get(`/sites/shop/logs?${parameter}`))).toEqual([400, "VALIDATION_FAILED"])
  })

  it("of a site that never was is not found", async () => {
    expect(refusal(await api.get("/sites/nowhere/logs"))).toEqual([404, "SITE_NOT_FOUND"])
    expect(refusal(await api.get("/sites/nowhere/logs?after=0&wait=30"))).toEqual([404, "SITE_NOT_FOUND"])
  })

  it("is paged without a line twice or missing, from the newest back and from the oldest on", async () => {
    await write("many", ...Array.from({ length: 25 }, (_, i) => ({ message: String(i) })))
    await write("many", ...Array.from({ length: 20 }, (_, i) => ({ message: String(25 + i) })))
    const walk = async (cursor: "before" | "after", from: string) => {
      const seen: Array<string> = []
      for (let next: string | null = from; next !== null; ) {
        const { json } = await api.get(`/sites/many/logs?limit=7${next === "" ? "" : `&${cursor}=${next}`}`)
        seen.push(...messages(json.data))
        next = json.meta.next
      }
      return seen
    }
    const all = Array.from({ length: 45 }, (_, i) => String(i))
    expect(await walk("after", "0")).toEqual(all)
    expect(await walk("before", "")).toEqual(all.toReversed())
  })
})

describe("whoever follows a site's log", () => {
  it("gets a line as soon as it is written, and is not woken up for other sites", async () => {
    const from = (await logs("live")).at(0)?.id ?? 0
    const waiting = api.get(`/sites/live/logs?after=${from}&wait=20`)
    let isAnswered = false
    void waiting.then(() => {
      isAnswered = true
    })
    await sleep(100)
    await write("blog", { message: "elsewhere" })
    await sleep(100)
    expect(isAnswered).toBe(false)
    await write("live", { message: "news" })
    expect(messages((await waiting).json.data)).toEqual(["news"])
  })

  it("gets only what matches, and nothing when the time is up", async () => {
    const from = (await logs("live")).at(0)?.id ?? 0
    const waiting = api.get(`/sites/live/logs?after=${from}&wait=20&level=error`)
    await sleep(50)
    await write("live", { level: "warn", message: "not this" })
    await write("live", { level: "error", message: "this" })
    expect(messages((await waiting).json.data)).toEqual(["this"])
    const after = (await logs("live"))[0]!.id
    expect((await api.get(`/sites/live/logs?after=${after}&wait=0.2`)).json).toEqual({ data: [], meta: { limit: 50, next: null } })
  })

  it("goes on from any line without losing one while many are written", async () => {
    const seen: Array<string> = []
    let after = (await logs("live"))[0]!.id
    const writing = (async () => {
      for (let i = 0; i < 40; i++) await write("live", { message: `n${i}` }, { message: `m${i}` })
    })()
    while (seen.length < 80) {
      const { json } = await api.get(`/sites/live/logs?after=${after}&wait=5`)
      seen.push(...messages(json.data))
      after = json.data.at(-1)?.id ?? after
    }
    await writing
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => [`n${i}`, `m${i}`]).flat())
  })
})

describe("the log in the form of Fazt 0.9", () => {
  it("gives id, level, message and time, newest first", async () => {
    const { status, json } = await api.get("/logs?site_id=shop&limit=2")
    expect([status, json]).toEqual([
      200,
      {
        data: {
          logs: [
            { id: expect.any(Number), level: "error", message: "boom \x1b[31m", created_at: new Date(now).toISOString() },
            { id: expect.any(Number), level: "warn", message: "slow: 100% of\ntime", created_at: new Date(now).toISOString() },
          ],
        },
      },
    ])
    expect((await api.get("/logs?site_id=quiet")).json).toEqual({ data: { logs: [] } })
    await write("many", ...Array.from({ length: 60 }, () => ({ message: "x" })))
    expect((await api.get("/logs?site_id=many")).json.data.logs).toHaveLength(50)
  })

  it.each([
    ["", 400, "VALIDATION_FAILED"],
    ["?site_id=shop&limit=0", 400, "VALIDATION_FAILED"],
    ["?site_id=shop&limit=1001", 400, "VALIDATION_FAILED"],
    ["?site_id=nowhere", 404, "SITE_NOT_FOUND"],
  ])("refuses %j", async (parameters, status, code) => {
    expect(refusal(await api.get(`/logs${parameters}`))).toEqual([status, code])
  })
})

it("logs are for those who may deploy, not for those who may only read", async () => {
  const reader = apiOf(server, await server.key("read"))
  for (const path of ["/sites/shop/logs", "/logs?site_id=shop"]) {
    expect(refusal(await reader.get(path))).toEqual([403, "FORBIDDEN"])
    expect(refusal(await apiOf(server, undefined).get(path))).toEqual([401, "UNAUTHORIZED"])
  }
})

describe("a site's log", () => {
  it("is shown to those who reach the site, in both forms and in any case of its name", async () => {
    await api.post("/sites", { site: "ours" })
    const deployer = await join(server, "deployer", ["ours"])
    const viewer = await join(server, "viewer")
    for (const path of ["/api/sites/OURS/logs", "/api/logs?site_id=OURS"]) {
      checkSuccess(await deployer.get(path))
      checkSuccess(await viewer.get(path))
    }
    for (const path of ["/api/sites/shop/logs", "/api/logs?site_id=shop", "/api/logs?site_id=SHOP"])
      checkError(await deployer.get(path), "FORBIDDEN")
    const env = apiOf(server, await server.key("env"))
    checkError(await env.get("/logs?site_id=ours"), "FORBIDDEN")
  })
})
