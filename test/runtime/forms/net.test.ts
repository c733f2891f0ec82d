import { beforeEach, describe, expect, it } from "vitest"
import { consoleBinding } from "../../../src/runtime/bindings/console.ts"
import { timersBinding } from "../../../src/runtime/bindings/timers.ts"
import { webBinding } from "../../../src/runtime/bindings/web.ts"
import type { Binding } from "../../../src/runtime/host.ts"
import { installHost } from "../../support/guest.ts"

/** What was asked of the host, and what it says. */
const asked: Array<readonly [request: Record<string, unknown>, body: string]> = []
let answer: unknown

const engine: Binding = () => ({
  "engine.fetchNow": {
    kind: "sync",
    takes: "ss",
    run: (request: string, body: string): string => {
      asked.push([JSON.parse(request), body])
      return JSON.stringify(answer)
    },
  },
  ...Object.fromEntries(
    ["answerText", "answerBytes", "failed", "uncaught", "finished"].map((name) => [
      `engine.${name}`,
      { kind: "sync" as const, takes: "", run: (): undefined => undefined },
    ]),
  ),
  fetch: { kind: "async", takes: "sb", start: () => new Promise(() => {}) },
})

installHost(webBinding, consoleBinding, timersBinding, engine)
const { fetchAndWait, makeNet } = await import("../../../src/runtime/prelude/net.ts")
const { fetch } = makeNet()

beforeEach(() => {
  asked.length = 0
  answer = { status: 200, headers: { "content-type": "application/json", "x-request-id": "5" }, body: '{"a":1}' }
})

describe("a fetch that waits", () => {
  it("gives status, headers by their usual names, and body", () => {
    expect(fetchAndWait("https://a.b/c", undefined)).toEqual({
      status: 200,
      headers: { "Content-Type": "application/json", "X-Request-Id": "5" },
      body: '{"a":1}',
    })
    expect(asked).toEqual([[{ url: "https://a.b/c", method: "GET", headers: [], redirect: "follow", hasBody: false }, ""]])
  })

  it.each<[string, object | null, object, string]>([
    ["nothing", null, { method: "GET", headers: [], hasBody: false }, ""],
    ["a method and headers", { method: "PUT", headers: { "X-A": 1 } }, { method: "PUT", headers: ["X-A", "1"], hasBody: false }, ""],
    ["text", { method: "POST", body: "ä" }, { headers: [], hasBody: true }, "ä"],
    ["an empty text", { method: "POST", body: "" }, { hasBody: true }, ""],
    ["an object", { method: "POST", body: { a: [1] } }, { headers: ["content-type", "application/json"], hasBody: true }, '{"a":[1]}'],
    [
      "an object with its own type",
      { method: "POST", body: {}, headers: { "Content-Type": "x/y" } },
      { headers: ["Content-Type", "x/y"], hasBody: true },
      "{}",
    ],
    ["a number", { method: "POST", body: 5 }, { headers: [], hasBody: true }, "5"],
  ])("sends %s", (_, options, request, body) => {
    fetchAndWait("https://a.b", options)
    expect(asked[0]![0]).toMatchObject(request)
    expect(asked[0]![1]).toBe(body)
  })

  it("refuses what cannot cross as text", () => {
    expect(() => fetchAndWait("https://a.b", { body: "a\0b" })).toThrow(TypeError)
  })
})

describe("fazt.net.fetch", () => {
  it("gives what Fazt has given", () => {
    const found = fetch("https://a.b")
    expect([found.status, found.ok, found.headers["Content-Type"], found.text(), found.json()]).toEqual([
      200,
      true,
      "application/json",
      '{"a":1}',
      { a: 1 },
    ])
  })

  it("is not ok beyond 299", () => {
    answer = { status: 301, headers: {}, body: "" }
    expect(fetch("https://a.b").ok).toBe(false)
  })

  it("throws what went wrong, with its code", () => {
    answer = { error: "It may not be called.", code: "NET_BLOCKED" }
    expect(() => fetch("https://a.b")).toThrow(expect.objectContaining({ message: "It may not be called.", code: "NET_BLOCKED" }))
  })

  it("is refused once the other fetch has been used: that call would be made again", async () => {
    const { installFetch } = await import("../../../src/runtime/prelude/fetch.ts")
    const global = {} as { fetch: (url: string) => Promise<unknown> }
    installFetch(global)
    void global.fetch("https://a.b").catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(() => fetch("https://a.b")).toThrow(/before any other fetch/)
  })
})
